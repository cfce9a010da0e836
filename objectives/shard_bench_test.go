//go:build unix

package objectives_test

import (
	"math/rand/v2"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-cloze/cloze/corpus/shard"
	"github.com/go-cloze/cloze/objectives"
)

// BenchmarkShuffledBlock reads blocks of 1,024 ids of a set of 200 million (400 MB), 5 % of it held out, in their shuffled order.
func BenchmarkShuffledBlock(b *testing.B) {
	for _, c := range []struct {
		name   string
		length int
	}{{"documents of 20", 20}, {"documents of 1000", 1000}} {
		b.Run(c.name, func(b *testing.B) {
			set := largeSet(b, 200_000_000, c.length)
			train, _, _ := objectives.Split(set, objectives.SplitConfig{ValidFraction: 0.05, ValidMaxTokens: 200_000}, nil)
			blocks := train.Cut(1024)
			order := objectives.Shuffled{N: blocks.Len(), Seed: 1}
			var seqs []objectives.Sequence
			n := uint64(0)
			b.ReportAllocs()
			start := coreTime(b)
			for b.Loop() {
				block, _ := order.At(n)
				seqs = blocks.Sequences(block, seqs[:0])
				n++
			}
			b.ReportMetric(float64(coreTime(b)-start)/float64(b.N), "core-ns/op")
		})
	}
}

// coreTime is the processor time that this process has taken, which other programs on the machine do not change.
func coreTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// largeSet writes documents of length ids on average.
func largeSet(b *testing.B, tokens, length int) *shard.Set {
	b.Helper()
	path := filepath.Join(b.TempDir(), "tokens")
	w, err := shard.Create(path, shard.Config{Tokenizer: strings.Repeat("0", 64), VocabSize: 50_000, Words: true, FileBytes: 100 << 20})
	if err != nil {
		b.Fatal(err)
	}
	defer w.Close()
	rng := rand.New(rand.NewPCG(1, 2))
	ids, words := make([]int32, 2*length), make([]uint64, 2*length/64+1)
	for n := 0; n < tokens; {
		d := shard.Document{IDs: ids[:1+rng.IntN(len(ids))], Words: words, Hash: rng.Uint64()}
		if err := w.Add(d); err != nil {
			b.Fatal(err)
		}
		n += len(d.IDs) + 1
	}
	if err := w.Finish(); err != nil {
		b.Fatal(err)
	}
	s, err := shard.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	return s
}
