package train

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-cloze/cloze/tokenize"
)

// modelFile is what the tests read of a tokenizer.json.
type modelFile struct {
	Added []struct{ ID int } `json:"added_tokens"`
	Model struct {
		Type  string
		UnkID *int   `json:"unk_id"`
		Unk   string `json:"unk_token"`
		Vocab json.RawMessage
	}
}

func readModel(t *testing.T, file []byte) (m modelFile) {
	t.Helper()
	if err := json.Unmarshal(file, &m); err != nil {
		t.Fatalf("%v in %.200s", err, file)
	}
	return m
}

// piecesOf lists the pieces of a file by id.
func piecesOf(t *testing.T, file []byte) []string {
	t.Helper()
	m := readModel(t, file)
	if m.Model.Type == "Unigram" {
		var list [][2]any
		if err := json.Unmarshal(m.Model.Vocab, &list); err != nil {
			t.Fatal(err)
		}
		out := make([]string, len(list))
		for i, p := range list {
			out[i] = p[0].(string)
		}
		return out
	}
	var ids map[string]int
	if err := json.Unmarshal(m.Model.Vocab, &ids); err != nil {
		t.Fatal(err)
	}
	out := make([]string, len(ids))
	for p, id := range ids {
		out[id] = p
	}
	return out
}

func wordPiece(vocab int) WordPieceConfig {
	c := DefaultWordPiece()
	c.VocabSize = vocab
	return c
}

func unigramConfig(vocab int) UnigramConfig {
	c := DefaultUnigram()
	c.VocabSize, c.ByteFallback = vocab, false
	return c
}

// golden is testdata/tokenize/train_models.json.
type golden struct {
	Texts     []string
	WordPiece []struct {
		VocabSize     int  `json:"vocab_size"`
		Lowercase     bool `json:"lowercase"`
		LimitAlphabet int  `json:"limit_alphabet"`
		Pieces        []string
	}
	WordLevel []struct {
		VocabSize    int   `json:"vocab_size"`
		MinFrequency int64 `json:"min_frequency"`
		Pieces       []string
	}
	Unigram struct {
		VocabSize int `json:"vocab_size"`
		Tokens    int
	}
}

func readGolden(t *testing.T) (g golden) {
	t.Helper()
	raw, err := os.ReadFile("../../testdata/tokenize/train_models.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &g); err != nil {
		t.Fatal(err)
	}
	return g
}

func TestWordPieceEqualsTheReference(t *testing.T) {
	g := readGolden(t)
	if len(g.WordPiece) < 9 {
		t.Fatalf("%d cases", len(g.WordPiece))
	}
	for _, x := range g.WordPiece {
		c := wordPiece(x.VocabSize)
		c.Lowercase, c.LimitAlphabet = x.Lowercase, x.LimitAlphabet
		file, report, err := WordPiece(c, docs(g.Texts...))
		if err != nil {
			t.Fatal(err)
		}
		got := piecesOf(t, file)
		slices.Sort(got)
		if !slices.Equal(got, x.Pieces) {
			t.Errorf("%d pieces, lower-case %t, alphabet %d: not in the reference %q, only there %q", x.VocabSize, x.Lowercase, x.LimitAlphabet, without(got, x.Pieces), without(x.Pieces, got))
		}
		if lost := x.LimitAlphabet < 1000; lost != (report.LostChars > 0) || lost != strings.Contains(report.String(), "rare characters") {
			t.Errorf("%d characters lost: %s", report.LostChars, report)
		}
	}
}

// without lists what is in a and not in b.
func without(a, b []string) (out []string) {
	for _, x := range a {
		if !slices.Contains(b, x) {
			out = append(out, x)
		}
	}
	return out
}

func TestWordLevelEqualsTheReference(t *testing.T) {
	g := readGolden(t)
	for _, x := range g.WordLevel {
		c := DefaultWordLevel()
		c.VocabSize, c.MinFrequency = x.VocabSize, x.MinFrequency
		file, report, err := WordLevel(c, docs(g.Texts...))
		if err != nil {
			t.Fatal(err)
		}
		if got := piecesOf(t, file); !slices.Equal(got, x.Pieces) || report.VocabSize != len(got) {
			t.Errorf("%d words from %d on: not in the reference %q, only there %q", x.VocabSize, x.MinFrequency, without(got, x.Pieces), without(x.Pieces, got))
		}
	}
}

// trainAll trains all three models on texts with a number of threads.
func trainAll(t *testing.T, vocab, threads int, texts ...string) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	w, u, l := wordPiece(vocab), unigramConfig(vocab), DefaultWordLevel()
	l.VocabSize = vocab
	w.Threads, u.Threads, l.Threads = threads, threads, threads
	for name, train := range map[string]func() ([]byte, Report, error){
		"wordpiece": func() ([]byte, Report, error) { return WordPiece(w, docs(texts...)) },
		"unigram":   func() ([]byte, Report, error) { return Unigram(u, docs(texts...)) },
		"word":      func() ([]byte, Report, error) { return WordLevel(l, docs(texts...)) },
	} {
		file, _, err := train()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		out[name] = file
	}
	return out
}

func TestC24TrainingIsRepeatable(t *testing.T) {
	small, large := []string{"der lind wurm schlief am see und der wind sang leise ✓"}, corpus(300)
	wantSmall, wantLarge := trainAll(t, 60, 1, small...), trainAll(t, 900, 1, large...)
	for i := range 20 {
		for name, file := range trainAll(t, 60, []int{1, 2, 8}[i%3], small...) {
			if !bytes.Equal(file, wantSmall[name]) {
				t.Errorf("%s: run %d gave another file", name, i)
			}
		}
	}
	for _, threads := range []int{2, 8} {
		slices.Reverse(large)
		for name, file := range trainAll(t, 900, threads, large...) {
			if !bytes.Equal(file, wantLarge[name]) {
				t.Errorf("%s: %d threads and another order gave another file", name, threads)
			}
		}
	}
}

func TestC28ModelsThatTheTextCannotFill(t *testing.T) {
	files := trainAll(t, 500, 2, "ab ab ba")
	for name, want := range map[string][]string{
		"wordpiece": {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "b", "##a", "##b", "ab", "ba"},
		"unigram":   {"<unk>", "<s>", "</s>", "▁ab", "▁", "a", "b", "ab"},
		"word":      {"[UNK]", "ab", "ba"},
	} {
		got := piecesOf(t, files[name])
		if name == "unigram" { // the order is that of probabilities
			slices.Sort(got)
			slices.Sort(want)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	_, report, err := Unigram(unigramConfig(500), docs("ab ab ba"))
	if err != nil || report.VocabSize != 8 || !strings.Contains(report.String(), "the text allows 8 pieces, 500 were asked for") {
		t.Errorf("%v %s", err, report)
	}
}

func TestC29LongLinesAreNotSkippedByAnyModel(t *testing.T) {
	line := strings.Repeat("some words in one line ", 50_000/23)
	_, w, err1 := WordPiece(wordPiece(60), docs(line))
	_, u, err2 := Unigram(unigramConfig(60), docs(line))
	if want := 5 * int64(50_000/23); err1 != nil || err2 != nil || w.Words != want || u.Words != want || w.KeptShare != 1 || u.KeptShare != 1 {
		t.Errorf("%v %v\n%+v\n%+v", err1, err2, w, u)
	}
}

func TestMemoryBoundOfModelsIsKeptAndSaid(t *testing.T) {
	var texts []string
	for i := range 30_000 {
		texts = append(texts, fmt.Sprintf("q%dz%xwq%dz%xw the same words", i*7919%1_000_003, i*104_729, i, 7*i))
	}
	w, u := wordPiece(300), unigramConfig(300)
	w.MemoryBytes, u.MemoryBytes = minMemory, minMemory
	w.TempDir = t.TempDir()
	u.TempDir = w.TempDir
	for name, train := range map[string]func() ([]byte, Report, error){
		"wordpiece": func() ([]byte, Report, error) { return WordPiece(w, docs(texts...)) },
		"unigram":   func() ([]byte, Report, error) { return Unigram(u, docs(texts...)) },
	} {
		a, report, err := train()
		if err != nil || report.KeptWords >= report.DistinctWords || report.KeptShare < 0.5 || !strings.Contains(report.String(), "% of the text") {
			t.Errorf("%s: %v %+v", name, err, report)
		}
		w.Threads, u.Threads = 5, 5
		slices.Reverse(texts)
		if b, _, _ := train(); !bytes.Equal(a, b) {
			t.Errorf("%s: another file with other threads and order", name)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(w.TempDir, "*")); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestWrongModelConfigurations(t *testing.T) {
	good := docs("some text of words")
	for want, err := range map[string]error{
		`unk_token "[UNK]" is not among them`:  third(WordPiece(WordPieceConfig{Config: Config{VocabSize: 100, MemoryBytes: 1 << 30, SpecialTokens: []string{"<s>"}}, LimitAlphabet: 9, UnkToken: "[UNK]"}, good)),
		"vocab_size 20 is less than the":       third(WordPiece(wordPiece(20), docs("the quick brown fox jumps over the lazy dog"))),
		"limit_alphabet 0 is less than 1":      third(WordPiece(WordPieceConfig{Config: wordPiece(100).Config, UnkToken: "[UNK]"}, good)),
		"the corpus holds no text":             third(Unigram(unigramConfig(100), docs("", ""))),
		"raise it or lower character_coverage": third(Unigram(unigramConfig(9), good)),
		"vocab_size 3 is less than":            third(Unigram(unigramConfig(3), good)),
		`"a" is a single character`:            third(WordLevel(WordLevelConfig{Config{VocabSize: 100, MemoryBytes: 1 << 30, SpecialTokens: []string{"[UNK]", "a"}}, "[UNK]"}, good)),
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

func third(_ []byte, _ Report, err error) error { return err }

// lines are the texts as sentencepiece was given them.
func (g golden) lines() (out []string) {
	for _, text := range g.Texts {
		for line := range strings.SplitSeq(strings.ReplaceAll(text, "\x00", ""), "\n") {
			if strings.TrimSpace(line) != "" {
				out = append(out, line)
			}
		}
	}
	return out
}

func TestUnigramNeedsNoMoreTokensThanSentencePiece(t *testing.T) {
	g := readGolden(t)
	file, _, err := Unigram(unigramConfig(g.Unigram.VocabSize), docs(g.Texts...))
	if err != nil {
		t.Fatal(err)
	}
	tok, err := tokenize.Parse(file)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, line := range g.lines() {
		n += len(tok.Encode(line).IDs)
	}
	if n > g.Unigram.Tokens || n < g.Unigram.Tokens/2 {
		t.Errorf("%d tokens, sentencepiece needs %d", n, g.Unigram.Tokens)
	}
}

func TestC27UnknownPiecesStayKnown(t *testing.T) {
	text := strings.Repeat("wir sind hier ", 20)
	for _, fallback := range []bool{false, true} {
		c := unigramConfig(300)
		c.ByteFallback = fallback
		file, _, err := Unigram(c, docs(text))
		if err != nil {
			t.Fatal(err)
		}
		if m := readModel(t, file); m.Model.UnkID == nil || *m.Model.UnkID != 0 {
			t.Errorf("unk_id %v", m.Model.UnkID)
		}
		tok, err := tokenize.Parse(file)
		if err != nil {
			t.Fatal(err)
		}
		e := tok.Encode("wir 🤗")
		if last := e.IDs[len(e.IDs)-1]; !fallback && last != 0 || fallback && tok.Decode(e.IDs, false) != "wir 🤗" {
			t.Errorf("bytes %t: ids %v", fallback, e.IDs)
		}
	}
}

// TestPythonOpensTheFiles needs the packages tokenizers and sentencepiece: make parity.
func TestPythonOpensTheFiles(t *testing.T) {
	python := os.Getenv("CLOZE_PYTHON")
	if python == "" {
		t.Skip("CLOZE_PYTHON is not set")
	}
	g := readGolden(t)
	dir := t.TempDir()
	files := trainAll(t, 400, 2, g.Texts...)
	bytesToo := unigramConfig(700)
	bytesToo.ByteFallback = true
	files["bytes"], _, _ = Unigram(bytesToo, docs(g.Texts...))
	for name, file := range files {
		if err := os.WriteFile(filepath.Join(dir, name+".json"), file, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	script := `
import json, sys
from tokenizers import Tokenizer
out = {}
for name in ("wordpiece", "unigram", "word", "bytes"):
    t = Tokenizer.from_file(f"{sys.argv[1]}/{name}.json")
    e = t.encode("Der Lo miran, wir 🤗")
    out[name] = [e.ids[-1], e.tokens, t.decode(e.ids, skip_special_tokens=False)]
t = Tokenizer.from_file(sys.argv[1] + "/unigram.json")
out["tokens"] = sum(len(t.encode(line).ids) for x in json.load(open("../../testdata/tokenize/train_models.json"))["texts"] for line in x.replace("\0", "").split("\n") if line.strip())
print(json.dumps(out))`
	raw, err := exec.Command(python, "-c", script, dir).Output()
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s", raw)
	var out struct {
		Tokens             int
		Bytes              []any
		Wordpiece, Unigram []any
	}
	if err := json.Unmarshal(raw, &out); err != nil {
		t.Fatal(err)
	}
	if out.Tokens > g.Unigram.Tokens {
		t.Errorf("Unigram needs %d tokens, sentencepiece %d", out.Tokens, g.Unigram.Tokens)
	}
	if got := out.Bytes[2]; got != "Der Lo miran, wir 🤗" {
		t.Errorf("with bytes the text comes back as %q", got)
	}
	if out.Unigram[0] != 0.0 { // C27: the emoji is <unk>, which the file has not forgotten
		t.Errorf("the last of %v has id %v", out.Unigram[1], out.Unigram[0])
	}
	if s := fmt.Sprint(out.Wordpiece[1]); !strings.HasPrefix(s, "[[CLS]") || !strings.HasSuffix(s, "[SEP]]") {
		t.Errorf("pieces %s", s)
	}
}
