package train

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/go-cloze/cloze/objectives"
)

// drawing is an objective that shows which block it saw, and what it drew.
type drawing struct{}

func (drawing) Examples(dst *objectives.Batch, seqs []objectives.Sequence, rng *rand.Rand) {
	for _, q := range seqs {
		dst.IDs = append(dst.IDs, q.IDs...)
	}
	dst.Targets = append(dst.Targets, int32(rng.IntN(1<<30)))
}

// numbered is blocks that hold their own number.
type numbered struct{ n int }

func (b numbered) Len() int { return b.n }

func (b numbered) Sequences(i int, dst []objectives.Sequence) []objectives.Sequence {
	return append(dst, objectives.Sequence{IDs: []int32{int32(i)}})
}

func read(r *reader, first, last, ahead int) (ids, draws []int32) {
	next, stop := r.start(first, last, ahead)
	defer stop()
	for step := first; step <= last; step++ {
		for _, b := range next().micro {
			ids, draws = append(ids, b.IDs...), append(draws, b.Targets...)
		}
	}
	return ids, draws
}

func TestReadingAheadChangesNothing(t *testing.T) {
	r := &reader{blocks: numbered{37}, objective: drawing{}, batchSize: 3, accumulation: 2, seed: 9}
	ids, draws := read(r, 1, 30, 0)
	for _, ahead := range []int{1, 2, 7} {
		gotIDs, gotDraws := read(r, 1, 30, ahead)
		if !slices.Equal(gotIDs, ids) || !slices.Equal(gotDraws, draws) {
			t.Errorf("%d steps ahead read other blocks or drew other numbers", ahead)
		}
	}
}

// What resume rests on: starting at step 12 reads what step 12 of one long run reads.
func TestStartingInTheMiddleIsASeek(t *testing.T) {
	r := &reader{blocks: numbered{37}, objective: drawing{}, batchSize: 3, accumulation: 2, seed: 9}
	ids, draws := read(r, 1, 30, 0)
	lateIDs, lateDraws := read(r, 12, 30, 2)
	if !slices.Equal(lateIDs, ids[11*6:]) || !slices.Equal(lateDraws, draws[11*6:]) {
		t.Error("a late start read other blocks or drew other numbers")
	}
	if got, want := r.at(12), (position{Epoch: 1, Block: 66 - 37}); got != want {
		t.Errorf("step 12 starts at %+v, want %+v", got, want)
	}
}

func TestEveryEpochReadsEachBlockOnceInItsOwnOrder(t *testing.T) {
	r := &reader{blocks: numbered{12}, objective: drawing{}, batchSize: 2, accumulation: 2, seed: 9}
	ids, _ := read(r, 1, 6, 0)
	first, second := slices.Clone(ids[:12]), slices.Clone(ids[12:])
	if slices.Equal(first, second) {
		t.Error("two epochs have one order")
	}
	slices.Sort(first)
	slices.Sort(second)
	if !slices.Equal(first, second) || first[0] != 0 || first[11] != 11 {
		t.Errorf("epochs read %v and %v", first, second)
	}
}

// Case C72: fewer blocks than a step reads.
func TestTinyCorpusIsReadAgainAndAgain(t *testing.T) {
	r := &reader{blocks: numbered{1}, objective: drawing{}, batchSize: 3, accumulation: 1, seed: 9}
	ids, draws := read(r, 1, 2, 1)
	if !slices.Equal(ids, make([]int32, 6)) {
		t.Errorf("read blocks %v", ids)
	}
	slices.Sort(draws)
	if len(slices.Compact(draws)) != 6 {
		t.Error("two epochs drew the same numbers")
	}
}

func TestStoppingEarlyEndsTheGoroutine(t *testing.T) {
	r := &reader{blocks: numbered{5}, objective: drawing{}, batchSize: 1, accumulation: 1}
	for reads := range 4 {
		next, stop := r.start(1, 1000, 2)
		for range reads {
			next()
		}
		stop() // waits for it
	}
}

// A mix of corpora is one more order: ahead or not, from the start or not, a step reads the same.
func TestAMixIsReadByTheNumberOfTheSample(t *testing.T) {
	mix, err := objectives.NewMix(4, objectives.Source{Name: "a", Blocks: numbered{37}, Weight: 1}, objectives.Source{Name: "b", Blocks: numbered{5}, Weight: 2})
	if err != nil {
		t.Fatal(err)
	}
	r := &reader{blocks: mix, order: mix, objective: drawing{}, batchSize: 3, accumulation: 2, seed: 9}
	ids, draws := read(r, 1, 30, 0)
	lateIDs, lateDraws := read(r, 12, 30, 2)
	if !slices.Equal(lateIDs, ids[11*6:]) || !slices.Equal(lateDraws, draws[11*6:]) {
		t.Error("a late start read other blocks or drew other numbers")
	}
}
