package objectives

import "math/rand/v2"

// IgnoreIndex marks a target that is not counted, as in PyTorch's cross entropy.
const IgnoreIndex = -100

// Label is what a labelled text is to be told apart by; the zero value is none.
type Label struct {
	Class   int32   // index of the class, from 0
	Classes []int32 // indexes of all classes, where there may be any number; they belong to whoever made the label
	Value   float32 // target of a regression
	Record  int32   // number of the text in its set, for who keeps something of each
}

// Sequence is a run of tokens of one document, the unit an Objective works on.
type Sequence struct {
	IDs        []int32  // token ids; owned by whoever filled the Sequence
	Next       int32    // the id that follows the last one in the text, IgnoreIndex where there is none
	WordStarts []uint64 // bit i is set where token i starts a word; nil when unknown
	Segments   []int8   // segment (sentence A or B) of each token; nil when all are 0
	Language   int16    // language index, 0 when there is only one
	Label      Label
}

// Batch is what one forward pass reads: rows of different lengths packed end to end, without padding. N is len(IDs).
// A Batch is reused: Reset keeps its memory, and Examples appends to it.
type Batch struct {
	IDs        []int32 // [N] token ids
	Positions  []int32 // [N] position of each token in its row, from 0
	Targets    []int32 // [N] the id the model is asked for, IgnoreIndex where it is asked nothing
	Segments   []int32 // [N] segment (sentence A or B) of each token; empty when all are 0
	Languages  []int32 // [N] language of each token; empty when all are 0
	RowOffsets []int32 // [rows+1] row i is [RowOffsets[i], RowOffsets[i+1]); attention stays inside a row
	Labels     []Label // [rows] what each row as a whole is asked for; empty when that is nothing
	Counted    int     // targets that are not IgnoreIndex
	Eligible   int     // tokens that chance could have made targets; 0 where no chance is in it
	Train      bool    // the batch is learnt from: dropout is on
}

// Reset empties the batch and keeps its memory.
func (b *Batch) Reset() {
	b.IDs, b.Positions, b.Targets = b.IDs[:0], b.Positions[:0], b.Targets[:0]
	b.Segments, b.Languages, b.Labels = b.Segments[:0], b.Languages[:0], b.Labels[:0]
	b.RowOffsets = append(b.RowOffsets[:0], 0)
	b.Counted, b.Eligible = 0, 0
}

// Rows is the number of rows.
func (b *Batch) Rows() int { return max(len(b.RowOffsets)-1, 0) }

// endRow closes the row that the ids appended since the last offset form. Those without a position get theirs, counted from the row's start.
func (b *Batch) endRow() {
	if len(b.RowOffsets) == 0 {
		b.RowOffsets = append(b.RowOffsets, 0)
	}
	start := int(b.RowOffsets[len(b.RowOffsets)-1])
	for p := len(b.Positions); p < len(b.IDs); p++ {
		b.Positions = append(b.Positions, int32(p-start))
	}
	b.RowOffsets = append(b.RowOffsets, int32(len(b.IDs)))
}

// Asks says whether there is anything to learn from the batch.
func (b *Batch) Asks() bool { return b.Counted > 0 || len(b.Labels) > 0 }

// Objective turns sequences into examples. It appends to dst and keeps no state: the same sequences and the same rng give the same examples.
// rng is seeded for one sample (SeedSample), so neither the order of the samples nor who makes them changes a draw.
type Objective interface {
	Examples(dst *Batch, seqs []Sequence, rng *rand.Rand)
}

// NextToken asks at every token for the one that follows it (Radford et al. 2018, equation 1). Each sequence becomes a row with
// positions from 0, so documents in one block neither attend to each other nor are asked for each other's first word.
type NextToken struct{}

// Examples appends a row for each sequence that has tokens. It draws nothing from rng, which may be nil.
func (NextToken) Examples(dst *Batch, seqs []Sequence, _ *rand.Rand) {
	for i := range seqs {
		ids := seqs[i].IDs
		if len(ids) == 0 {
			continue
		}
		dst.IDs = append(dst.IDs, ids...)
		dst.Targets = append(dst.Targets, ids[1:]...)
		dst.Targets = append(dst.Targets, seqs[i].Next)
		dst.Counted += len(ids) - 1
		if seqs[i].Next != IgnoreIndex {
			dst.Counted++
		}
		dst.endRow()
	}
}
