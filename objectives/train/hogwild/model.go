package hogwild

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"slices"
	"sync"
	"unsafe"

	"github.com/go-cloze/cloze/embeddings/fasttext"
	"github.com/go-cloze/cloze/models/safetensors"
	"github.com/go-cloze/cloze/models/torch"
	"github.com/go-cloze/cloze/objectives/wordvec"
)

// Names of the tensors of a checkpoint. With embeddings, words and word_offsets it is a vector file that package embeddings opens.
const (
	EmbeddingsTensor = "embeddings"       // [V,D] float32: the vectors of the words, with sub-words the means of their rows
	WordsTensor      = "words"            // U8: all words' bytes joined
	OffsetsTensor    = "word_offsets"     // I64 [V+1]: where each word begins and ends
	CountsTensor     = "counts"           // I64 [V]
	OutputTensor     = "output"           // [V,S] float32, [V-1,S] of hierarchical softmax; S is D rounded up to 16, the rest is 0
	InputTensor      = "input"            // [V+U,S] float32, with sub-words alone: a row a word, then a row a bucket that some word's n-grams have
	BucketsTensor    = "bucket_rows"      // I32 [buckets], with sub-words alone: which row of the input is a bucket's; -1 for one that no word has
	SubwordsTensor   = "subwords"         // I64 [3], with sub-words alone: the shortest and longest n-gram in characters, and the buckets
	PositionsTensor  = "position_weights" // [2*window,S] float32, of position-weighted CBOW
)

// Model is word vectors in training. Free it.
type Model struct {
	*torch.WordVectors
	Vocabulary *wordvec.Vocabulary

	input, output, positions []float32 // the memory of the tables, row by row; positions is nil without them
	subwords                 [3]int    // shortest and longest n-gram, buckets
	bucketRows               []int32   // [buckets] the input row of each, -1 for one that no word has; nil without sub-words
}

// NewModel makes the tables for a vocabulary: inputs drawn evenly from -0.5/dim to 0.5/dim as word2vec does, with sub-words from -1/dim to 1/dim as
// fastText does, a function of (seed, word or bucket); outputs of zeros. Buckets that no word's n-grams fall into are never trained and have no row:
// of fastText's 2,000,000, the words of a small corpus have a tenth.
func NewModel(c Config, v *wordvec.Vocabulary) (*Model, error) {
	m := &Model{Vocabulary: v, WordVectors: &torch.WordVectors{
		Dim: c.Dim, Stride: torch.WordStride(c.Dim), Window: c.Window, Negative: c.Negative, CBOW: !bool(c.SG), Hierarchical: bool(c.HS),
		Keep: v.Keep(c.Sample),
	}}
	inputs, outputs, spread := v.Len(), v.Len(), 0.5/float64(c.Dim)
	if c.Subwords() {
		inputs, spread = m.listSubwords(c), 1/float64(c.Dim)
	}
	if c.HS {
		tree := wordvec.NewHuffman(v.Counts)
		m.CodeOffsets, m.Codes, m.Points = tree.Offsets, tree.Codes, tree.Points
		outputs = max(outputs-1, 1)
	} else {
		m.Noise = wordvec.Noise(v.Counts, c.NoiseExponent)
	}
	err := torch.Do(func() error {
		table := func(rows int) (*torch.Tensor, []float32) {
			t := torch.Zeros(torch.Float32, torch.CPU, int64(rows), int64(m.Stride)).Keep()
			return t, unsafe.Slice((*float32)(t.DataPointer()), rows*m.Stride)
		}
		m.Input, m.input = table(inputs)
		m.Output, m.output = table(outputs)
		if c.PositionWeights {
			m.PositionWeights, m.positions = table(2 * c.Window)
			for i := range m.positions {
				if i%m.Stride < m.Dim {
					m.positions[i] = 1
				}
			}
		}
		return m.Check()
	})
	if err != nil {
		return nil, err
	}
	m.draw(c.Seed, spread)
	return m, nil
}

// listSubwords lists, for each word, its own row and those of its n-grams' buckets, which get rows as they come: the words are sorted by frequency, so
// that what is used together lies together. It returns the number of rows.
func (m *Model) listSubwords(c Config) int {
	v := m.Vocabulary
	m.subwords = [3]int{c.MinN, c.MaxN, c.Buckets}
	m.bucketRows = slices.Repeat([]int32{-1}, c.Buckets)
	m.RowOffsets = make([]int64, v.Len()+1)
	next := int32(v.Len())
	for w, word := range v.Words {
		m.RowIDs = append(m.RowIDs, int32(w))
		from := len(m.RowIDs)
		m.RowIDs = fasttext.AppendSubwords(m.RowIDs, word, c.MinN, c.MaxN, c.Buckets)
		for i, bucket := range m.RowIDs[from:] {
			if m.bucketRows[bucket] < 0 {
				m.bucketRows[bucket] = next
				next++
			}
			m.RowIDs[from+i] = m.bucketRows[bucket]
		}
		m.RowOffsets[w+1] = int64(len(m.RowIDs))
	}
	return int(next)
}

// draw fills the input rows, a share of them a goroutine.
func (m *Model) draw(seed uint64, spread float64) {
	n, words := len(m.input)/m.Stride, m.Vocabulary.Len()
	buckets := make([]int, n-words) // of the rows behind the words
	for bucket, row := range m.bucketRows {
		if row >= 0 {
			buckets[int(row)-words] = bucket
		}
	}
	const shares = 16
	var done sync.WaitGroup
	for s := range shares {
		done.Go(func() {
			for row := n * s / shares; row < n*(s+1)/shares; row++ {
				drawn := row
				if row >= words {
					drawn = words + buckets[row-words]
				}
				state := mix(seed ^ mix(uint64(drawn)+1))
				for j := range m.Dim {
					state += golden
					u := float64(mix(state)>>11) / (1 << 53)
					m.input[row*m.Stride+j] = float32((2*u - 1) * spread)
				}
			}
		})
	}
	done.Wait()
}

const golden = 0x9E3779B97F4A7C15

// mix is the finaliser of SplitMix64 (Steele et al., "Fast Splittable Pseudorandom Number Generators", 2014).
func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z ^ z>>31
}

// Free frees the tables.
func (m *Model) Free() {
	_ = torch.Do(func() error {
		torch.Free(m.Input, m.Output)
		if m.PositionWeights != nil {
			torch.Free(m.PositionWeights)
		}
		return nil
	})
}

// vector is the vector of a word: its row, with sub-words the mean of its rows.
func (m *Model) vector(to []float32, word int) {
	if m.RowOffsets == nil {
		copy(to, m.InputRow(word))
		return
	}
	clear(to)
	ids := m.RowIDs[m.RowOffsets[word]:m.RowOffsets[word+1]]
	for _, id := range ids {
		for j, x := range m.InputRow(int(id)) {
			to[j] += x
		}
	}
	scale := float32(1 / float64(len(ids)))
	for j := range to {
		to[j] *= scale
	}
}

// writeVectors writes the vectors of all words, [V,D], word by word: a copy of all would be a third of the memory that training takes.
func (m *Model) writeVectors(w io.Writer) error {
	row, data := make([]float32, m.Dim), make([]byte, 0, 4*m.Dim)
	for word := range m.Vocabulary.Len() {
		m.vector(row, word)
		data = data[:0]
		for _, x := range row {
			data = binary.LittleEndian.AppendUint32(data, math.Float32bits(x))
		}
		if _, err := w.Write(data); err != nil {
			return err
		}
	}
	return nil
}

// sources is the model as a checkpoint holds it; large tables are not copied, so that nothing may train until they are written.
func (m *Model) sources() []safetensors.Source {
	v := m.Vocabulary
	offsets, counts := make([]byte, 0, 8*(v.Len()+1)), make([]byte, 0, 8*v.Len())
	joined := []byte{}
	offsets = binary.LittleEndian.AppendUint64(offsets, 0)
	for i, word := range v.Words {
		joined = append(joined, word...)
		offsets = binary.LittleEndian.AppendUint64(offsets, uint64(len(joined)))
		counts = binary.LittleEndian.AppendUint64(counts, uint64(v.Counts[i]))
	}
	table := func(name string, rows []float32) safetensors.Source {
		return safetensors.Float32Source(name, rows, int64(len(rows)/m.Stride), int64(m.Stride))
	}
	out := []safetensors.Source{
		{Name: EmbeddingsTensor, DType: safetensors.F32, Shape: []int64{int64(v.Len()), int64(m.Dim)}, Stream: m.writeVectors},
		{Name: WordsTensor, DType: safetensors.U8, Shape: []int64{int64(len(joined))}, Data: joined},
		{Name: OffsetsTensor, DType: safetensors.I64, Shape: []int64{int64(v.Len() + 1)}, Data: offsets},
		{Name: CountsTensor, DType: safetensors.I64, Shape: []int64{int64(v.Len())}, Data: counts},
		table(OutputTensor, m.output),
	}
	if m.RowOffsets != nil {
		var numbers []byte
		for _, n := range m.subwords {
			numbers = binary.LittleEndian.AppendUint64(numbers, uint64(n))
		}
		rows := make([]byte, 0, 4*len(m.bucketRows))
		for _, row := range m.bucketRows {
			rows = binary.LittleEndian.AppendUint32(rows, uint32(row))
		}
		out = append(out, table(InputTensor, m.input),
			safetensors.Source{Name: BucketsTensor, DType: safetensors.I32, Shape: []int64{int64(len(m.bucketRows))}, Data: rows},
			safetensors.Source{Name: SubwordsTensor, DType: safetensors.I64, Shape: []int64{3}, Data: numbers})
	}
	if m.PositionWeights != nil {
		out = append(out, table(PositionsTensor, m.positions))
	}
	return out
}

// restore reads the tables of a checkpoint of this model.
func (m *Model) restore(path string) error {
	f, err := safetensors.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	for name, rows := range map[string][]float32{OutputTensor: m.output, InputTensor: m.input, PositionsTensor: m.positions} {
		if rows == nil || name == InputTensor && m.RowOffsets == nil {
			continue
		}
		if err := fill(f, name, rows); err != nil {
			return err
		}
	}
	if m.RowOffsets != nil {
		return nil
	}
	dense := make([]float32, m.Vocabulary.Len()*m.Dim)
	if err := fill(f, EmbeddingsTensor, dense); err != nil {
		return err
	}
	for w := range m.Vocabulary.Len() {
		copy(m.input[w*m.Stride:], dense[w*m.Dim:][:m.Dim])
	}
	return nil
}

// fill copies a tensor out of a file.
func fill(f *safetensors.File, name string, to []float32) error {
	t, ok := f.Tensor(name)
	if !ok || t.DType != safetensors.F32 || t.NumEl() != int64(len(to)) {
		return fmt.Errorf("%s: the tensor %s is missing or not of this run; start a new run", f.Path(), name)
	}
	copy(unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(to))), 4*len(to)), t.Data)
	return nil
}
