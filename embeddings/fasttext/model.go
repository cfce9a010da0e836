package fasttext

import (
	"fmt"
	"sync"
)

// Model is a fastText model. It may be asked by any number of goroutines at once
// as long as nobody changes it.
type Model struct {
	Args       Args
	Dictionary *Dictionary
	Input      *Matrix // [V+B,D]; fewer buckets where the dictionary is pruned
	// Output is [C,D]: C labels of a classifier, else V words (V-1 inner nodes of
	// the tree in the first rows with hierarchical softmax). Nil after [ReadInput].
	Output *Matrix

	treeOnce sync.Once
	tree     []node // of hierarchical softmax, made when first asked
}

// Found says where a word's vector comes from.
type Found int

const (
	// NotFound: the word is unknown and has no sub-words in the model; its vector is zero.
	NotFound Found = iota
	// Composed: the word is unknown, its vector is the mean of its sub-words'.
	Composed
	// Own: a word of the model, its vector is the mean of its own row and its sub-words'.
	Own
)

// Vector sets dst [D] to the vector of a word: the mean of its rows (Bojanowski
// et al., section 3.2).
func (m *Model) Vector(dst []float32, word string) Found {
	rows := m.Dictionary.appendRows(make([]int32, 0, 64), word, &m.Args)
	m.Input.mean(dst, rows)
	if _, own := m.Dictionary.Index(word); own {
		return Own
	}
	if len(rows) > 0 {
		return Composed
	}
	return NotFound
}

// RowVector is Vector for word i of the dictionary.
func (m *Model) RowVector(dst []float32, i int) {
	rows := append(make([]int32, 0, 64), int32(i))
	m.Input.mean(dst, append(rows, m.subwordRows(m.Dictionary.Words[i].Word)...))
}

// Compose sets dst [D] to the mean of the word's sub-words alone, whether the word
// is known or not. It says false, and leaves dst zero, where the model has none.
func (m *Model) Compose(dst []float32, word string) bool {
	rows := m.subwordRows(word)
	m.Input.mean(dst, rows)
	return len(rows) > 0
}

// CanCompose says whether a word, known or not, has sub-words in the model.
func (m *Model) CanCompose(word string) bool { return len(m.subwordRows(word)) > 0 }

func (m *Model) subwordRows(word string) []int32 {
	rows := AppendSubwords(make([]int32, 0, 64), word, int(m.Args.MinN), int(m.Args.MaxN), int(m.Args.Bucket))
	return m.Dictionary.bucketRows(rows, 0)
}

// outputs is how many rows the output matrix has.
func (m *Model) outputs() int {
	if m.Args.Model == Supervised {
		return len(m.Dictionary.Labels)
	}
	return len(m.Dictionary.Words)
}

// check holds the parts against each other, so that no row is asked for that is
// not there.
func (m *Model) check() error {
	if err := m.Args.Validate(); err != nil {
		return err
	}
	d, buckets := int(m.Args.Dim), int(m.Args.Bucket)
	if m.Dictionary.Pruned {
		if m.Input.Codes == nil {
			return fmt.Errorf("buckets were pruned from a model that is not quantised: its rows are not known; fetch a newer version of it")
		}
		buckets = len(m.Dictionary.Buckets)
		for from, to := range m.Dictionary.Buckets {
			if to < 0 || int(to) >= buckets {
				return fmt.Errorf("bucket %d was kept as number %d of %d", from, to, buckets)
			}
		}
	}
	if want := len(m.Dictionary.Words) + buckets; m.Input.Rows < want || m.Input.Cols != d {
		return fmt.Errorf("the input matrix is %d x %d, %d words and %d buckets of dimension %d need %d x %d", m.Input.Rows, m.Input.Cols, len(m.Dictionary.Words), buckets, d, want, d)
	}
	if m.Output != nil && (m.Output.Rows < m.outputs() || m.Output.Cols != d) {
		return fmt.Errorf("the output matrix is %d x %d, %d outputs of dimension %d are wanted", m.Output.Rows, m.Output.Cols, m.outputs(), d)
	}
	for _, x := range []*Matrix{m.Input, m.Output} {
		if x != nil {
			if err := x.check(); err != nil {
				return err
			}
		}
	}
	return nil
}
