package objectives_test

import (
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/go-cloze/cloze/corpus/shard"
	"github.com/go-cloze/cloze/objectives"
)

var (
	_ objectives.Corpus = (*shard.Set)(nil)
	_ objectives.Corpus = (*objectives.Builder)(nil)
	_ objectives.Row    = (*objectives.Stream)(nil)
	_ objectives.Order  = (*objectives.Mix)(nil)
)

// onDiskAndInMemory gives the same random documents both ways. Every third text is one that came before.
func onDiskAndInMemory(t *testing.T, documents int, eot int32) (*shard.Set, *objectives.Builder) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tokens")
	w, err := shard.Create(path, shard.Config{Tokenizer: strings.Repeat("0", 64),
		VocabSize: 300, EndOfText: eot, Words: true, FileBytes: 4000})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	b := objectives.NewBuilder(300, eot)
	rng := rand.New(rand.NewPCG(3, 4))
	var texts [][]byte
	for i := range documents {
		text := make([]byte, 1+rng.IntN(60))
		for j := range text {
			text[j] = byte(rng.IntN(256))
		}
		if i%3 == 2 {
			text = texts[rng.IntN(i)]
		}
		texts = append(texts, text)
		ids, words := make([]int32, len(text)), make([]uint64, (len(text)+63)/64)
		for j, c := range text {
			if ids[j] = int32(c) + 1; c%3 == 0 {
				words[j>>6] |= 1 << (j & 63)
			}
		}
		if err := w.Add(shard.Document{IDs: ids, Words: words, TextBytes: len(text), Hash: shard.HashText(text)}); err != nil {
			t.Fatal(err)
		}
		if err := b.Add(text, ids); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Finish(); err != nil {
		t.Fatal(err)
	}
	s, err := shard.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s, b
}

// A run must not depend on where its ids are kept.
func TestShardsAndMemoryGiveTheSameBlocks(t *testing.T) {
	bytes := func(ids []int32) int64 { return int64(len(ids)) }
	for _, c := range []struct {
		documents int
		eot       int32
		fraction  float64
	}{{400, 0, 0.1}, {400, objectives.IgnoreIndex, 0.1}, {400, 0, 0}, {1, 0, 0.3}, {2, objectives.IgnoreIndex, 0.5}} {
		s, b := onDiskAndInMemory(t, c.documents, c.eot)
		if got, want := objectives.Repeats(s), b.Repeats(); got != want {
			t.Errorf("%d repeats on disk, %d in memory", got, want)
		}
		cfg := objectives.SplitConfig{ValidFraction: c.fraction}
		train1, valid1, how1 := objectives.Split(s, cfg, bytes)
		train2, valid2, how2 := b.Split(cfg, bytes)
		if how1 != how2 || train1.Tokens()+valid1.Tokens() != s.Tokens() {
			t.Errorf("%s; in memory: %s", how1, how2)
		}
		for _, pair := range [][2]*objectives.Stream{{train1, train2}, {valid1, valid2}} {
			disk, memory := pair[0], pair[1]
			if disk.Fingerprint() != memory.Fingerprint() || disk.Bytes() != memory.Bytes() || disk.Documents() != memory.Documents() {
				t.Errorf("another stream: %d documents of %d bytes, in memory %d of %d", disk.Documents(), disk.Bytes(), memory.Documents(), memory.Bytes())
			}
			for _, size := range []int{1, 7, 64, 1000} {
				sameBlocks(t, disk.Cut(size), memory.Cut(size))
			}
		}
	}
}

func sameBlocks(t *testing.T, disk, memory objectives.Blocks) {
	t.Helper()
	if disk.Len() != memory.Len() {
		t.Fatalf("%d blocks, in memory %d", disk.Len(), memory.Len())
	}
	var got, want []objectives.Sequence
	for i := range disk.Len() {
		got, want = disk.Sequences(i, got[:0]), memory.Sequences(i, want[:0])
		for j := range got {
			checkWords(t, got[j])
			got[j].WordStarts = nil // memory has none
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("block %d: %v, in memory %v", i, got, want)
		}
	}
}

// checkWords holds the bits to the rule that the documents were made by.
func checkWords(t *testing.T, q objectives.Sequence) {
	t.Helper()
	if len(q.WordStarts) != (len(q.IDs)+63)/64 {
		t.Fatalf("%d elements of word starts for %d ids", len(q.WordStarts), len(q.IDs))
	}
	for i := range len(q.WordStarts) * 64 {
		want := i < len(q.IDs) && (q.IDs[i] == 0 || (q.IDs[i]-1)%3 == 0)
		if got := q.WordStarts[i>>6]>>(i&63)&1 == 1; got != want {
			t.Fatalf("id %d of %v starts a word: %v", i, q.IDs, got)
		}
	}
}

func TestShardBlocksAllocateNothing(t *testing.T) {
	s, _ := onDiskAndInMemory(t, 400, 0)
	train, _, _ := objectives.Split(s, objectives.SplitConfig{ValidFraction: 0.1}, nil)
	blocks := train.Cut(64)
	var seqs []objectives.Sequence
	read := func() {
		for i := range blocks.Len() {
			seqs = blocks.Sequences(i, seqs[:0])
		}
	}
	if n := testing.AllocsPerRun(10, read); n != 0 {
		t.Errorf("%v allocations a pass, want 0", n)
	}
}
