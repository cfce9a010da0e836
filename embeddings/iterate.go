package embeddings

import "iter"

// All gives the words with their vectors, [D] float32, row by row. The vector of a
// Float32 store is the store's own memory: read only. Other stores decode each into
// the same buffer: it holds until the next step.
func (v *Vectors) All() iter.Seq2[string, []float32] {
	return func(yield func(string, []float32) bool) {
		var buf []float32
		for i := range v.Len() {
			row := buf
			if v.DType() == Float32 {
				row = v.Row(i)
			} else {
				row = v.AppendRow(buf[:0], i)
				buf = row
			}
			if !yield(v.Word(i), row) {
				return
			}
		}
	}
}
