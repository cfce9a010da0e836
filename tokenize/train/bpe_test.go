package train

import (
	"bytes"
	"encoding/json"
	"errors"
	"iter"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-cloze/cloze/tokenize"
)

// docs gives texts, overwriting each once the next is asked for, as readers do.
func docs(texts ...string) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		var buf []byte
		for _, s := range texts {
			buf = append(buf[:0], s...)
			if !yield(buf, nil) {
				return
			}
			for i := range buf {
				buf[i] = '#'
			}
		}
	}
}

func config(vocab int, special ...string) BPEConfig {
	c := DefaultBPE()
	c.VocabSize, c.SpecialTokens = vocab, special
	return c
}

// mergesOf reads the merges out of the saved file.
func mergesOf(t *testing.T, tok *tokenize.Tokenizer) []string {
	t.Helper()
	var f struct{ Model struct{ Merges []string } }
	if err := json.Unmarshal(tok.Bytes(), &f); err != nil {
		t.Fatal(err)
	}
	return f.Model.Merges
}

func mustTrain(t *testing.T, c BPEConfig, texts ...string) (*tokenize.Tokenizer, Report) {
	t.Helper()
	tok, r, err := BPE(c, docs(texts...))
	if err != nil {
		t.Fatal(err)
	}
	return tok, r
}

func TestMergesEqualTheReference(t *testing.T) {
	raw, err := os.ReadFile("../../testdata/tokenize/train.json")
	if err != nil {
		t.Fatal(err)
	}
	var g struct {
		Texts []string
		Runs  []struct {
			VocabSize int      `json:"vocab_size"`
			MinFreq   int64    `json:"min_frequency"`
			Merges    []string `json:"merges"`
			Reached   int      `json:"reached"`
		}
	}
	if err := json.Unmarshal(raw, &g); err != nil {
		t.Fatal(err)
	}
	for _, run := range g.Runs {
		c := DefaultBPE()
		c.VocabSize, c.MinFrequency = run.VocabSize, run.MinFreq
		tok, r := mustTrain(t, c, g.Texts...)
		if got := mergesOf(t, tok); !slices.Equal(got, run.Merges) {
			t.Errorf("vocabulary %d, from %d on: %d merges, want %d", run.VocabSize, run.MinFreq, len(got), len(run.Merges))
			for i := range min(len(got), len(run.Merges)) {
				if got[i] != run.Merges[i] {
					t.Errorf("merge %d: %q, want %q", i, got[i], run.Merges[i])
					break
				}
			}
		}
		if r.VocabSize != run.Reached {
			t.Errorf("reached %d, want %d", r.VocabSize, run.Reached)
		}
	}
}

func TestC25TiesDoNotDependOnTheOrderOfText(t *testing.T) {
	for _, text := range []string{"zyzyxwxw", "xwxwzyzy"} {
		tok, _ := mustTrain(t, config(258), text)
		if got := mergesOf(t, tok); !slices.Equal(got, []string{"x w", "z y"}) {
			t.Errorf("%s: %q", text, got)
		}
	}
}

func TestC26MergesFollowTheCounts(t *testing.T) {
	var texts []string
	for word, n := range map[string]int{"tar": 8, "star": 6, "stab": 5, "tab": 4} {
		for range n {
			texts = append(texts, word)
		}
	}
	tok, _ := mustTrain(t, config(259), texts...)
	if got := mergesOf(t, tok); !slices.Equal(got, []string{"t a", "ta r", "ta b"}) {
		t.Errorf("%q", got)
	}
	if e := tok.Encode("stars"); !slices.Equal(e.Pieces, []string{"s", "tar", "s"}) {
		t.Errorf("%q", e.Pieces)
	}
	if e := tok.Encode("cart"); !slices.Equal(e.Pieces, []string{"c", "a", "r", "t"}) {
		t.Errorf("%q", e.Pieces) // bytes: nothing is unknown
	}
}

func TestC28VocabularyThatTheTextCannotFill(t *testing.T) {
	tok, r := mustTrain(t, config(500, "<|endoftext|>"), "ab ab ba")
	if got := mergesOf(t, tok); !slices.Equal(got, []string{"a b", "b a", "Ġ ab", "Ġ ba"}) {
		t.Errorf("%q", got)
	}
	if r.VocabSize != 261 || tok.VocabSize() != 261 || !strings.Contains(r.String(), "the text allows 261 pieces, 500 were asked for") {
		t.Errorf("%d pieces: %s", tok.VocabSize(), r)
	}
}

func TestC29LongLinesAreNotSkipped(t *testing.T) {
	line := strings.Repeat("some words in one line ", 50_000/23)
	_, r := mustTrain(t, config(300), line)
	if r.Bytes != int64(len(line)) || r.Words != 5*int64(50_000/23)+1 || r.KeptWords != r.DistinctWords {
		t.Errorf("%+v", r)
	}
}

func TestC30TextWithoutBlanks(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	text := make([]byte, 1<<20)
	for i := range text {
		text[i] = "ACDEFGHIKLMNPQRSTVWY"[r.IntN(20)]
	}
	c := config(1000)
	a, report := mustTrain(t, c, string(text))
	if report.LongWords != 1 || report.VocabSize != 1000 || !strings.Contains(report.String(), "chunks") {
		t.Errorf("%+v", report)
	}
	c.Threads = 1
	if b, _ := mustTrain(t, c, string(text)); a.Hash() != b.Hash() {
		t.Error("the result depends on threads")
	}
}

func TestBytesAloneMakeATokenizer(t *testing.T) {
	tok, r := mustTrain(t, config(257, "<|endoftext|>"), "any text")
	if tok.VocabSize() != 257 || r.VocabSize != 257 || len(tok.Encode("é").IDs) != 2 {
		t.Errorf("%d", tok.VocabSize())
	}
	if id, ok := tok.EndOfText(); !ok || id != 0 {
		t.Errorf("end of text %d", id)
	}
}

// corpus makes documents of words whose frequencies fall as those of language do.
func corpus(n int) []string {
	r := rand.New(rand.NewPCG(9, 9))
	words := make([]string, 4000)
	for i := range words {
		var b []byte
		for range 2 + r.IntN(9) {
			b = append(b, "etaoinshrdlucmfw"[min(r.IntN(16), r.IntN(16))])
		}
		words[i] = string(b)
	}
	out := make([]string, n)
	for i := range out {
		var b strings.Builder
		for range r.IntN(200) {
			b.WriteString(words[int(float64(len(words))*r.Float64()*r.Float64()*r.Float64())])
			b.WriteString([]string{" ", " ", " ", ", ", ".\n", "  "}[r.IntN(6)])
		}
		out[i] = b.String()
	}
	return out
}

func TestThreadsOrderAndLongDocumentsChangeNothing(t *testing.T) {
	texts := corpus(600)
	want, _ := mustTrain(t, config(900, "<|endoftext|>"), texts...)
	for _, threads := range []int{1, 2, 8} {
		c := config(900, "<|endoftext|>")
		c.Threads = threads
		slices.Reverse(texts)
		if got, _ := mustTrain(t, c, texts...); !bytes.Equal(got.Bytes(), want.Bytes()) {
			t.Errorf("%d threads: another tokenizer", threads)
		}
	}
	// A long document is cut for the workers where it does not matter.
	long := strings.Repeat(strings.Join(texts, "end "), 5)
	one := config(320)
	one.Threads = 1
	a, ra := mustTrain(t, one, long)
	b, err := naive(320, []byte(long))
	if err != nil {
		t.Fatal(err)
	}
	if got := mergesOf(t, a); !slices.Equal(got, b) || ra.Bytes < cutBytes {
		t.Errorf("%d bytes: cutting changes the merges", ra.Bytes)
	}
}

func TestMemoryBoundIsKeptAndSaid(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	var texts []string
	for range 200 {
		var b strings.Builder
		for range 2000 {
			for range 6 + r.IntN(5) {
				b.WriteByte(byte('a' + r.IntN(26)))
			}
			b.WriteString(" the same words ")
		}
		texts = append(texts, b.String())
	}
	c := config(400)
	c.MemoryBytes, c.TempDir = minMemory, t.TempDir()
	a, report := mustTrain(t, c, texts...)
	if report.SpilledBytes == 0 || report.KeptWords >= report.DistinctWords || report.KeptShare < 0.7 || report.KeptShare >= 1 {
		t.Errorf("%+v", report)
	}
	if s := report.String(); !strings.Contains(s, "temporary files") || !strings.Contains(s, "% of the text") {
		t.Error(s)
	}
	if report.DistinctWords < 390_000 || report.Words != 200*2000*4+200 {
		t.Errorf("words were lost: %+v", report)
	}
	if left, _ := filepath.Glob(filepath.Join(c.TempDir, "*")); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
	c.Threads = 3 // other runs on disk, the same result
	slices.Reverse(texts)
	if b, again := mustTrain(t, c, texts...); !bytes.Equal(a.Bytes(), b.Bytes()) || again.KeptWords != report.KeptWords {
		t.Error("the result depends on how the tables were spilled")
	}
}

func TestDataCannotSpellASpecialToken(t *testing.T) {
	tok, _ := mustTrain(t, config(300, "abc", "Ġxy"), strings.Repeat("abc xy abcd ", 50))
	for _, id := range tok.AppendIDs(nil, []byte("abc xy abcd")) {
		if tok.IsSpecial(id) {
			t.Errorf("data gave special id %d", id)
		}
	}
}

func TestWrongConfigurationsAndCorpora(t *testing.T) {
	bad := errors.New("file x: broken")
	failing := func(yield func([]byte, error) bool) { _ = yield([]byte("some text"), nil) && yield(nil, bad) }
	if _, _, err := BPE(config(300), failing); !errors.Is(err, bad) {
		t.Errorf("error %v", err)
	}
	for want, c := range map[string]BPEConfig{
		"vocab_size 256 is less than the 257":   config(256, "<e>"),
		`piece "<e>" appears twice`:             config(300, "<e>", "<e>"),
		"is empty":                              config(300, ""),
		"choose one of more than one character": config(300, "a"),
		"memory 5 bytes is less than":           {Config{VocabSize: 300, MemoryBytes: 5}},
		"min_frequency -1 is negative":          {Config{VocabSize: 300, MemoryBytes: 1 << 30, MinFrequency: -1}},
		"vocab_size 99999999 is more than":      {Config{VocabSize: 99999999, MemoryBytes: 1 << 30}},
		"the corpus holds no text":              config(300),
	} {
		if _, _, err := BPE(c, docs("", "")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

func TestProgressReachesItsEnd(t *testing.T) {
	last := map[string][2]int64{}
	c := config(300)
	c.Progress = func(stage string, done, total int64) { last[stage] = [2]int64{done, total} }
	text := strings.Join(corpus(100), "\n")
	mustTrain(t, c, text)
	if last["count"] != [2]int64{int64(len(text)), 0} || last["merge"] != [2]int64{44, 44} {
		t.Errorf("%v", last)
	}
}
