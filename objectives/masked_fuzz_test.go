package objectives

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func wantError(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Errorf("no error, want one about %v", parts)
		return
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error %q does not say %q", err, part)
		}
	}
}

// Whatever the text: only ordinary tokens are asked for, each for itself, what is not asked for stays, and the same seed gives the same batch.
func FuzzMaskedToken(f *testing.F) {
	f.Add([]byte("\x02some text\x02\x00\x03more"), uint64(1), uint64(0xf0f0), 0.15, uint8(0))
	f.Add([]byte{2}, uint64(2), uint64(0), 1.0, uint8(2))
	f.Add([]byte(strings.Repeat("word ", 40)), uint64(3), uint64(0x84210842), 0.5, uint8(5))
	f.Fuzz(func(t *testing.T, text []byte, seed, starts uint64, share float64, kind uint8) {
		config := DefaultMask()
		config.MLMProbability = share
		config.Unit = []string{MaskTokens, MaskWords, MaskSpans}[kind%3]
		if config.Validate() != nil {
			t.Skip()
		}
		m, err := NewMaskedToken(config, testRoles())
		if err != nil {
			t.Fatal(err)
		}
		q := Sequence{}
		for i, c := range text {
			q.IDs = append(q.IDs, int32(c)%testVocab)
			if i%64 == 0 {
				q.WordStarts = append(q.WordStarts, starts)
			}
		}
		var b, again Batch
		b.Reset()
		again.Reset()
		m.Examples(&b, []Sequence{q}, rand.New(rand.NewPCG(seed, 1)))
		m.Examples(&again, []Sequence{q}, rand.New(rand.NewPCG(seed, 1)))
		if !slices.Equal(b.IDs, again.IDs) || !slices.Equal(b.Targets, again.Targets) {
			t.Fatal("the same seed gives another batch")
		}
		body := q.IDs
		if len(body) > 0 && body[0] == sepID {
			body = body[1:]
		}
		if len(body) == 0 {
			if len(b.IDs) != 0 {
				t.Fatal("a row of no text")
			}
			return
		}
		checkMasked(t, &b, [][]int32{body})
	})
}
