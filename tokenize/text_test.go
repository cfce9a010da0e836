package tokenize

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// plainWords gives ids and starts of words without blocks, windows and caches: the scanner's words, each merged.
func plainWords(t *Tokenizer, text []byte) (ids []int32, starts []bool) {
	var s scratch
	for i := 0; i < len(text); {
		end := WordEnd(text, i)
		syms, _ := t.model.symbols(&s, text[i:end])
		for j, sym := range syms {
			ids, starts = append(ids, sym.id), append(starts, j == 0)
		}
		i = end
	}
	return ids, starts
}

// checkPlain compares AppendWords and AppendIDs with the plain way, behind ids that are there already.
func checkPlain(tb testing.TB, tok *Tokenizer, before []int32, text []byte) {
	tb.Helper()
	want, wantStarts := plainWords(tok, text)
	marks := make([]uint64, (len(before)+63)/64)
	ids, starts := tok.AppendWords(before, marks, text)
	if !slices.Equal(ids[len(before):], want) || !slices.Equal(ids[:len(before)], before) {
		tb.Fatalf("%.200q: ids %v, want %v", text, ids[len(before):], want)
	}
	if len(starts) != (len(ids)+63)/64 {
		tb.Fatalf("%.200q: %d elements of starts for %d ids", text, len(starts), len(ids))
	}
	for i := range len(starts) * 64 {
		got := starts[i>>6]>>(i&63)&1 == 1
		if k := i - len(before); got != (k >= 0 && k < len(want) && wantStarts[k]) {
			tb.Fatalf("%.200q: id %d of %d starts a word: %v", text, k, len(want), got)
		}
	}
	if again := tok.AppendIDs(nil, text); !slices.Equal(again, want) {
		tb.Fatalf("%.200q: AppendIDs gives %v, want %v", text, again, want)
	}
}

func fastTokenizer(tb testing.TB) *Tokenizer {
	return tiny(tb, []string{"hello", " world", " the", "ing", "日本", "'ll", "  ", "aaaaaaaaaaaa"})
}

func TestFastWayGivesWhatThePlainOneGives(t *testing.T) {
	tok := fastTokenizer(t)
	r := rand.New(rand.NewPCG(3, 4))
	for i := range 1000 {
		var b strings.Builder
		for range r.IntN(12) {
			switch r.IntN(4) {
			case 0:
				b.WriteString(strings.Repeat(string("a 'é日"[r.IntN(5)]), r.IntN(200))) // bytes: no UTF-8 among them
			case 1:
				b.WriteString(strings.Repeat([]string{" world", "hello", " ", "日", "'ll", "\n"}[r.IntN(6)], r.IntN(700)))
			default:
				b.WriteString(randomText(r))
			}
		}
		before := make([]int32, i%130)
		checkPlain(t, tok, before, []byte(b.String()))
	}
}

// Lengths around those of blocks, chunks, windows and cached words, for a word and for what stands around it.
func TestFastWayAtEveryLength(t *testing.T) {
	tok := fastTokenizer(t)
	for _, around := range []int{0, 1, 63, 64, chunkBytes - 70, chunkBytes - 1, chunkBytes} {
		for _, n := range []int{1, 2, 14, 15, 16, 17, 63, 64, 65, 127, 128, 129, chunkBytes - 1, chunkBytes, chunkBytes + 65, 2 * windowBytes} {
			text := bytes.Repeat([]byte(" the"), around/4)
			text = append(append(text, ' '), bytes.Repeat([]byte("a"), n)...)
			checkPlain(t, tok, nil, text)
			checkPlain(t, tok, nil, append(text, " world"...))
		}
	}
}

// Words that share a set push each other out and must still come back with their own ids.
func TestCacheNeverMixesWordsUp(t *testing.T) {
	tok := tiny(t, nil)
	same := map[uint64][]string{}
	r := rand.New(rand.NewPCG(5, 6))
	for range 300_000 {
		w := make([]byte, 3+r.IntN(3))
		for i := range w {
			w[i] = byte('a' + r.IntN(26))
		}
		if h := shortHash(wordKey(w, 0, len(w))); len(same[h]) < 6 && !slices.Contains(same[h], string(w)) {
			same[h] = append(same[h], string(w))
		}
	}
	n := 0
	for _, words := range same {
		if len(words) < 4 {
			continue
		}
		if n++; n > 300 {
			break
		}
		var text []byte
		for range 40 {
			text = append(append(text, words[r.IntN(len(words))]...), '\n')
		}
		checkPlain(t, tok, nil, text)
	}
	if n < 10 {
		t.Fatalf("only %d sets with four words", n)
	}
}

// The real tokenizer on real text, where there is some.
func TestFastWayOnNovels(t *testing.T) {
	tok, text := gpt2(t), novels(t, 4<<20)
	checkPlain(t, tok, nil, text)
}

func FuzzAppendWords(f *testing.F) {
	tok := fastTokenizer(f)
	for _, s := range []string{"hello world", " 's\xff\u3000 x", strings.Repeat("the 日本\n", 300)} {
		f.Add([]byte(s), uint8(3))
	}
	f.Fuzz(func(t *testing.T, text []byte, before uint8) {
		checkPlain(t, tok, make([]int32, before), text)
	})
}
