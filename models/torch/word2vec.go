package torch

// #include "native/native.h"
import "C"

import (
	"fmt"
	"runtime"
	"unsafe"

	"github.com/sugarme/gotch/libtch"
)

// WordVectors is a word2vec or fastText model as its kernel takes it: V words, tables of rows of Stride floats, of which Dim count and the
// others stay 0. The slices and tensors belong to the caller and must stay (Keep) and keep their places while anything trains.
//
// Losses are those of Mikolov et al., "Distributed Representations of Words and Phrases and their Compositionality" (2013), equation 4
// (negative sampling) and equation 3 (hierarchical softmax). Skip-gram predicts a word from each word around it, as word2vec does; fastText predicts
// the words around from the word: the pairs are the same ones. An input that has several rows
// is their mean, and the gradient of the mean goes to each of them whole, as in both programs.
type WordVectors struct {
	Dim, Stride  int     // Stride is WordStride(Dim)
	Window       int     // words on each side at most; each place draws 1 to Window
	Negative     int     // noise words a prediction, of negative sampling
	CBOW         bool    // a word is predicted from the mean of those around it
	Hierarchical bool    // hierarchical softmax in place of negative sampling
	Threads      int     // goroutines that Train at once; of more than one, each has copies of the tree's nodes near the root for a while
	Input        *Tensor // [rows,Stride] float32, dense: the vectors wanted
	Output       *Tensor // [V,Stride], of hierarchical softmax [V-1,Stride]

	// PositionWeights [2*Window,Stride] or nil, of CBOW: the rows of the word k places before are multiplied by row Window-k, k places after by
	// row Window+k-1 (Mikolov et al., "Advances in Pre-Training Distributed Word Representations", 2018, equation 3). Ones at the start.
	PositionWeights *Tensor
	// Keep [V] is 2^32 times the probability that an occurrence of a word stays (^uint32(0): always); nil keeps all.
	Keep []uint32
	// Noise [V] is an alias table of the distribution of noise words (Vose 1991): of a random slot i, word i is drawn when a random
	// uint32 is below Noise[i]>>32, else word uint32(Noise[i]).
	Noise []uint64
	// RowOffsets [V+1], RowIDs: the rows of Input that word w is the mean of are RowIDs[RowOffsets[w]:RowOffsets[w+1]]; nil: row w alone.
	RowOffsets []int64
	RowIDs     []int32
	// CodeOffsets [V+1], Codes, Points: the Huffman path of word w, bits and rows of Output from the root, at CodeOffsets[w]:CodeOffsets[w+1].
	// Nodes near the root should be the last rows, for Threads.
	CodeOffsets []int64
	Codes       []uint8
	Points      []int32
}

// WordStride is the length of a row of dim numbers: the next multiple of 16, so that rows begin where lines of the cache do.
func WordStride(dim int) int { return (dim + 15) &^ 15 }

// Check finds what does not go together, before anything is trained; Train relies on it. It must be called inside Do.
func (w *WordVectors) Check() error {
	refuse := func(format string, args ...any) error { return fmt.Errorf("torch: word vectors: "+format, args...) }
	if w.Dim < 1 || w.Window < 1 || w.Stride != WordStride(w.Dim) {
		return refuse("dim %d, stride %d, window %d: want at least 1, a stride of %d", w.Dim, w.Stride, w.Window, WordStride(w.Dim))
	}
	words := len(w.Noise)
	if w.Hierarchical {
		words = len(w.CodeOffsets) - 1
	}
	if words < 1 || !w.Hierarchical && w.Negative < 1 {
		return refuse("%d words with a place in the noise table or a path in the tree, %d noise words a prediction: want at least 1", words, w.Negative)
	}
	outputs, inputs := words, words
	if w.Hierarchical {
		outputs = max(words-1, 1)
	}
	for _, t := range []struct {
		name  string
		table *Tensor
		rows  int
	}{{"Input", w.Input, inputs}, {"Output", w.Output, outputs}, {"PositionWeights", w.PositionWeights, 2 * w.Window}} {
		if t.table == nil && t.name == "PositionWeights" {
			continue
		}
		s := t.table.Shape()
		if len(s) != 2 || s[0] < int64(t.rows) && (t.name != "Input" || w.RowOffsets == nil) || s[1] != int64(w.Stride) || t.table.DType() != Float32 ||
			t.table.Device() != CPU || !t.table.IsContiguous() {
			return refuse("%s is %v, want [%d,%d] or more rows, float32, dense, on the CPU", t.name, s, t.rows, w.Stride)
		}
	}
	if w.Keep != nil && len(w.Keep) != words {
		return refuse("Keep has %d words of %d", len(w.Keep), words)
	}
	for i, slot := range w.Noise {
		if int(uint32(slot)) >= words {
			return refuse("slot %d of the noise table names word %d of %d", i, uint32(slot), words)
		}
	}
	if err := paths("RowOffsets", w.RowOffsets, w.RowIDs, words, w.Input.Size(0)); err != nil {
		return err
	}
	for i := 1; i < len(w.RowOffsets); i++ {
		if w.RowOffsets[i] == w.RowOffsets[i-1] {
			return refuse("word %d has no rows", i-1)
		}
	}
	if len(w.Codes) != len(w.Points) {
		return refuse("%d bits and %d points of paths", len(w.Codes), len(w.Points))
	}
	return paths("CodeOffsets", w.CodeOffsets, w.Points, words, w.Output.Size(0))
}

// paths checks that offsets [words+1] cut ids into lists, and that ids are rows of a table.
func paths(name string, offsets []int64, ids []int32, words int, rows int64) error {
	if offsets == nil {
		return nil
	}
	if len(offsets) != words+1 || offsets[0] != 0 || offsets[words] != int64(len(ids)) {
		return fmt.Errorf("torch: word vectors: %s must have %d numbers, from 0 to %d", name, words+1, len(ids))
	}
	for i := range words {
		if offsets[i] > offsets[i+1] {
			return fmt.Errorf("torch: word vectors: %s falls at word %d", name, i)
		}
	}
	for i, id := range ids {
		if id < 0 || int64(id) >= rows {
			return fmt.Errorf("torch: word vectors: %s: id %d is %d, the table has %d rows", name, i, id, rows)
		}
	}
	return nil
}

// Train makes one pass over sentences tokens[ends[i-1]:ends[i]], changing the tables as it goes. lossSum is the sum of the losses of terms predictions, a word from
// another (skip-gram) or from those around it (CBOW), each computed before its update; NaN or infinity there says that the vectors are lost.
//
// It may be called outside Do and by many goroutines at once, which then change the same tables without locks (Recht et al., "Hogwild!",
// 2011): what one adds another may overwrite, so that only one goroutine alone gives the same bits each time. Each needs an rng of its own,
// any start will do. Calls of some thousand tokens keep the cost of entering C++ below a thousandth. Ids must be below V, ends must rise.
func (w *WordVectors) Train(tokens []int32, ends []int32, lr float32, rng *uint64) (lossSum float64, terms int64) {
	return w.train(nil, tokens, ends, lr, rng)
}

func (w *WordVectors) train(delta *C.cloze_word_delta, tokens, ends []int32, lr float32, rng *uint64) (lossSum float64, terms int64) {
	from, words := int32(0), w.words()
	for _, end := range ends {
		if end < from || int(end) > len(tokens) {
			panic(&Error{Op: "Train", Msg: fmt.Sprintf("a sentence of %d tokens ends at %d, after one that ends at %d", len(tokens), end, from)})
		}
		from = end
	}
	for i, id := range tokens[:from] {
		if uint32(id) >= uint32(words) {
			panic(&Error{Op: "Train", Msg: fmt.Sprintf("token %d is word %d of %d", i, id, words)})
		}
	}
	var loss C.double
	var count C.int64_t
	nativeDone(C.cloze_word_train(w.c(), C.int(max(w.Threads, 1)), delta, int32s(tokens), int32s(ends), C.int64_t(len(ends)), C.float(lr),
		(*C.uint64_t)(rng), &loss, &count))
	runtime.KeepAlive(w)
	return float64(loss), int64(count)
}

func (w *WordVectors) words() int {
	if w.Hierarchical {
		return len(w.CodeOffsets) - 1
	}
	return len(w.Noise)
}

// c is what C++ sees. It goes there by value: a struct in Go memory must not show C pointers into Go memory.
func (w *WordVectors) c() C.cloze_word_vectors {
	rows := func(t *Tensor) C.int64_t { return C.int64_t(t.shape()[0]) }
	floats := func(t *Tensor) *C.float {
		if t == nil {
			return nil
		}
		return (*C.float)(libtch.AtDataPtr(t.c))
	}
	return C.cloze_word_vectors{
		dim: C.int64_t(w.Dim), stride: C.int64_t(w.Stride), window: C.int64_t(w.Window), negative: C.int64_t(w.Negative),
		cbow: C.int(flag(w.CBOW)), hierarchical: C.int(flag(w.Hierarchical)),
		input: floats(w.Input), output: floats(w.Output), position_weights: floats(w.PositionWeights),
		keep: (*C.uint32_t)(unsafe.SliceData(w.Keep)), noise: (*C.uint64_t)(unsafe.SliceData(w.Noise)), noise_size: C.int64_t(len(w.Noise)),
		input_rows: rows(w.Input), output_rows: rows(w.Output),
		row_offsets: (*C.int64_t)(unsafe.SliceData(w.RowOffsets)), row_ids: int32s(w.RowIDs),
		code_offsets: (*C.int64_t)(unsafe.SliceData(w.CodeOffsets)), codes: (*C.uint8_t)(unsafe.SliceData(w.Codes)), points: int32s(w.Points),
	}
}

// WordDelta is what one goroutine of a deterministic run changes: copies of the rows that it touched. The way of such a run is rounds. In each, goroutine i
// calls its delta's Train on its share; the tables are only read. When all are done one goroutine calls AddDeltas. The
// bits then depend on seed, number of goroutines and length of a round alone. A round should be short, a thousand to some thousand tokens a goroutine: a
// goroutine does not see what the others learn in it.
type WordDelta struct {
	w *WordVectors
	c *C.cloze_word_delta
}

// NewDelta returns an empty delta, to be freed by its Free.
func (w *WordVectors) NewDelta() *WordDelta {
	d := &WordDelta{w: w, c: C.cloze_word_delta_new(w.c())}
	if d.c == nil {
		nativeDone(-1)
	}
	return d
}

// Train is WordVectors.Train into the delta. A delta serves one goroutine at a time.
func (d *WordDelta) Train(tokens []int32, ends []int32, lr float32, rng *uint64) (lossSum float64, terms int64) {
	return d.w.train(d.c, tokens, ends, lr, rng)
}

// AddDeltas adds the changes of a round to the tables, in the order of the deltas, and empties them; nothing may train meanwhile. A row that several have changed is moved
// about as far as if they had come one after the other, and not by the sum of their moves, which many goroutines would
// drive apart. lr is the round's.
func AddDeltas(deltas []*WordDelta, lr float32) {
	native := make([]*C.cloze_word_delta, len(deltas))
	for i, d := range deltas {
		native[i] = d.c
	}
	C.cloze_word_deltas_add(unsafe.SliceData(native), C.int64_t(len(native)), C.float(lr))
}

// Free frees the copies.
func (d *WordDelta) Free() {
	C.cloze_word_delta_free(d.c)
	d.c = nil
}

// wordKernels says which instructions may be used, 0 the plain ones and 1 those of AVX2 too, for tests; it returns which are.
func wordKernels(most int) int { return int(C.cloze_word_kernels(C.int(most))) }
