package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-cloze/cloze/tokenize"
)

// wordPieceFile has an upper-case piece that the normalizer keeps away, one that the pre-tokenizer cuts,
// and an id for cat that the package gives up for the first free one, 8.
const wordPieceFile = `{"version": "1.0",
 "truncation": {"direction": "Right", "max_length": 16, "strategy": "LongestFirst", "stride": 0},
 "padding": {"strategy": {"Fixed": 8}, "direction": "Right", "pad_to_multiple_of": null, "pad_id": 0, "pad_type_id": 0, "pad_token": "[PAD]"},
 "added_tokens": [{"id": 0, "content": "[PAD]", "single_word": false, "lstrip": true, "rstrip": false, "normalized": false, "special": true},
  {"id": 11, "content": "cat", "single_word": true, "lstrip": false, "rstrip": false, "normalized": false, "special": false}],
 "normalizer": {"type": "Sequence", "normalizers": [{"type": "NFC"}, {"type": "Lowercase"}]},
 "pre_tokenizer": {"type": "BertPreTokenizer"},
 "post_processor": {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "[PAD]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
  "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}], "special_tokens": {"[PAD]": {"id": "[PAD]", "ids": [0], "tokens": ["[PAD]"]}}},
 "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": true},
 "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100,
  "vocab": {"[PAD]": 0, "[UNK]": 1, "a": 2, "##b": 3, "Ab": 4, "a.b": 5, "я": 6, ".": 7}}}`

// inspectedReport is a report as it is read again: the corpus' own part is written as text alone.
type inspectedReport struct {
	inspectReport
	Text *struct {
		textReport
		Corpus map[string]any `json:"corpus"`
	} `json:"text"`
}

func inspected(t *testing.T, stdin string, args ...string) (r inspectedReport) {
	t.Helper()
	out := done(t, stdin, append([]string{"tokenizer", "inspect", "--json", "--quiet"}, args...)...).stdout
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestInspectShowsPipelinePiecesAndText(t *testing.T) {
	file := write(t, t.TempDir(), "tokenizer.json", wordPieceFile)
	text := "Ab cat, ab.\nя 12\n"
	golden(t, "tokenizer-inspect", done(t, text, "tokenizer", "inspect", "--quiet", file, "-").stdout)
	r := inspected(t, text, file, "-")
	if r.VocabSize != 9 || r.Tokens != 9 || r.Text.Total.Unknown != 2 || r.Text.Unused != 2 || r.Text.Pieces != 6 {
		t.Errorf("%+v %+v", r, r.Text)
	}
	want := []unreachedPiece{{4, "Ab", false}, {5, "a.b", false}}
	if !slices.Equal(r.Unreached, want) {
		t.Errorf("never reached %v, want %v", r.Unreached, want)
	}
}

// A piece without merges is one that no text gives, since BPE makes pieces by merging alone.
func TestAPieceWithoutMergesIsNeverReached(t *testing.T) {
	dir, tokenizer := trained(t)
	data, err := os.ReadFile(tokenizer)
	if err != nil {
		t.Fatal(err)
	}
	if r := inspected(t, "", tokenizer); len(r.Unreached) != 0 || r.MissingBytes == nil || len(r.MissingBytes) != 0 {
		t.Errorf("a trained tokenizer: never reached %v, bytes without a piece %v", r.Unreached, r.MissingBytes)
	}
	file := write(t, dir, "more.json", strings.Replace(string(data), `"vocab": {`, `"vocab": {"qqq": 400,`, 1))
	if r := inspected(t, "", file); !slices.Equal(r.Unreached, []unreachedPiece{{400, "qqq", true}}) {
		t.Errorf("never reached %v, want qqq alone, by the model", r.Unreached)
	}
}

// Nothing is lost between encoding and the table: all tokens and bytes of the text stand in it, whatever the threads.
func TestFertilityCountsEveryTokenAndByte(t *testing.T) {
	_, file := trained(t)
	tok, err := tokenize.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	text := strings.Repeat(prose(40)+"Привет, мир! naïve 日本語 עברית e\u0301 😀\n", 300)
	long := write(t, dir, "one.txt", text)
	for _, threads := range []string{"1", "3"} {
		r := inspected(t, "", "--threads", threads, "--set", "corpus.unit=file", file, long)
		trimmed := int64(len(strings.TrimRight(text, "\n")))
		if r.Text.Documents != 1 || r.Text.Cuts != (trimmed-1)/partBytes || r.Text.Total.Bytes < trimmed || r.Text.Total.Bytes > trimmed+1 {
			t.Errorf("%d documents, %d cuts, %d bytes of %d", r.Text.Documents, r.Text.Cuts, r.Text.Total.Bytes, trimmed)
		}
		want := int64(len(tok.AppendIDs(nil, []byte(text))))
		if got := r.Text.Total.Tokens; got < want-2*r.Text.Cuts-1 || got > want+2*r.Text.Cuts+1 {
			t.Errorf("%d tokens, want about %d", got, want)
		}
		byName := map[string]scriptReport{}
		for _, s := range r.Text.Scripts {
			byName[s.Script] = s
		}
		if s := byName["Cyrillic"]; s.Words != 600 || s.Bytes != 600*9 || s.TokensPerByte <= 0 {
			t.Errorf("Cyrillic %+v, want 600 words of 9 bytes on average", s)
		}
		if s := byName["Han"]; s.Words != 900 || s.Bytes != 2700 || byName["Hebrew"].Words != 300 {
			t.Errorf("Han %+v, Hebrew %+v", s, byName["Hebrew"])
		}
	}
}

func TestPiecesShowOffsetsIDsAndText(t *testing.T) {
	dir, tokenizer := trained(t)
	text := "the sailor é\t<|endoftext|>\n"
	out := done(t, text, "tokenizer", "encode", "--pieces", "--tokenizer", tokenizer).stdout
	lines := strings.Split(out, "\n")
	for _, want := range []string{"[ sailor]", `[\t]`, "[<0xC3>][<0xA9>]", "[<|endoftext|>]"} {
		if !strings.Contains(lines[0], want) {
			t.Errorf("the first line lacks %s: %s", want, lines[0])
		}
	}
	if ids := done(t, text, "tokenizer", "encode", "--tokenizer", tokenizer).stdout; len(lines) != len(strings.Fields(ids))+3 {
		t.Errorf("%d lines for %d ids", len(lines), len(strings.Fields(ids)))
	}
	if strings.Contains(out, "\x1b") {
		t.Error("colours in a pipe")
	}
	file := write(t, dir, "wordpiece.json", wordPieceFile)
	if out := done(t, "ab cat\n", "tokenizer", "encode", "--pieces", "--tokenizer", file).stdout; out != "[[PAD]][a][##b][cat]\n            -        0  [[PAD]]\n          0-1        2  [a]\n          1-2        3  [##b]\n          3-6        8  [cat]\n\n" {
		t.Errorf("got\n%s", out)
	}
	failure(t, statusUsage, []string{"tokenizer", "encode", "--pieces", "--json", "--tokenizer", tokenizer}, "--pieces and --json")
}

// What a text holds never reaches the terminal as a command, and neighbours never share a colour.
func TestPiecesInColourAreSafeOnATerminal(t *testing.T) {
	_, file := trained(t)
	tok, err := tokenize.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	out := string(appendPieces(nil, tok, tok.Encode("a\x1b[31mb\u202ec\x9b"), true))
	for i, part := range strings.Split(strings.SplitN(out, "\n", 2)[0], colourOff) {
		if part == "" {
			continue
		}
		rest, ok := strings.CutPrefix(part, pieceColours[i%2])
		if !ok || strings.ContainsAny(rest, "\x1b\u202e") {
			t.Errorf("piece %d: %q", i, part)
		}
	}
	t.Setenv("NO_COLOR", "1")
	if wantsColour(os.Stdout) {
		t.Error("colour in spite of NO_COLOR")
	}
}

// The pieces that published tokenizers never give: T5's two are cut by the Python package likewise ("Its": ▁It s),
// BERT's are [unused0] and Chinese characters inside words, which its normalizer sets apart.
func TestPublishedTokenizersAreInspected(t *testing.T) {
	data := os.Getenv("CLOZE_DATA")
	if data == "" {
		t.Skip("CLOZE_DATA is not set")
	}
	for name, want := range map[string]struct {
		unreached, byModel int
		first              string
	}{
		"gpt2/tokenizer.json":              {},
		"bert-base-uncased/tokenizer.json": {1331, 0, "[unused0]"},
		"t5-small/tokenizer.json":          {2, 2, "▁Its"},
		"xlmr-trimmed/padding64.json":      {},
	} {
		r := inspected(t, "The sailor's café, 日本.\n", filepath.Join(data, "tokenizers", name), "-")
		byModel := 0
		for _, p := range r.Unreached {
			if p.ByModel {
				byModel++
			}
		}
		if len(r.Unreached) != want.unreached || byModel != want.byModel || len(r.Unreached) > 0 && r.Unreached[0].Piece != want.first {
			t.Errorf("%s: %d never reached, %d by the model, want %+v", name, len(r.Unreached), byModel, want)
		}
		if r.Text.Documents != 1 || r.Text.Total.Tokens == 0 || r.Pipeline.Model == "" {
			t.Errorf("%s: %+v", name, r.Text)
		}
	}
}

func TestSharesKeepTheFewApartFromNone(t *testing.T) {
	for _, c := range []struct {
		part, whole int
		want        string
	}{{0, 0, "0 %"}, {0, 9, "0 %"}, {2, 32100, "0.0062 %"}, {1, 3, "33.3 %"}, {50252, 50256, "99.992 %"}, {7, 7, "100 %"}} {
		if got := share(c.part, c.whole); got != c.want {
			t.Errorf("%d of %d: %s, want %s", c.part, c.whole, got, c.want)
		}
	}
}
