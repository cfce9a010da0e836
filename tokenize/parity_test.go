package tokenize

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// published are the real tokenizers under $CLOZE_DATA/tokenizers.
var published = []string{"gpt2/tokenizer.json", "bert-base-uncased/tokenizer.json", "bert-base-uncased/all-minilm-l6-v2.json", "roberta-base/tokenizer.json",
	"t5-small/tokenizer.json", "xlmr-trimmed/padding64.json", "xlmr-trimmed/nullpadding.json", "phi-3-mini/tokenizer.json", "falcon/tokenizer.json"}

// testdata/gen/tokenize_published.py has asked the reference.
func TestPublishedTokenizersEqualTheReference(t *testing.T) {
	dir := filepath.Join(data(t), "tokenizers")
	var g struct {
		Texts []string
		Cases []struct {
			File string
			Rows []componentRow
		}
	}
	if err := json.Unmarshal(readPacked(t, "../testdata/tokenize/published.json.gz"), &g); err != nil {
		t.Fatal(err)
	}
	seen := tally{}
	for _, c := range g.Cases {
		tok, err := Open(filepath.Join(dir, c.File))
		if err != nil {
			t.Error(err)
			continue
		}
		for i, r := range c.Rows {
			if !samePeer(t, tok, c.File, g.Texts[i], r.peer(), seen) {
				break
			}
			if ids := tok.AppendIDs(nil, []byte(g.Texts[i])); !slices.Equal(ids, tok.EncodeWith(g.Texts[i], EncodeOptions{AsData: true}).IDs) {
				t.Errorf("%s: AppendIDs of %.60q differs from Encode", c.File, g.Texts[i])
			}
		}
	}
	t.Log(seen)
}

// The fast ways of AppendIDs give what Encode gives on prose of many languages.
func TestAppendIDsEqualsEncodeForPublishedTokenizers(t *testing.T) {
	dir := filepath.Join(data(t), "tokenizers")
	texts := parityTexts(t, 60, "parallel/udhr2/*.zip")
	texts = append(texts, string(novels(t, 200_000)), " ▁x  ▁▁y\u3000z\u3000 \u00a0w \t\tq\r\n\n\u0301a \u0301b\x01c \x01d  ", "  ", "\n")
	for _, f := range append([]string{"t5-small/spiece.model", "sentencepiece/test_model.model", "sentencepiece/test_ja_model.model", "phi-3-mini/mistral.tokenizer.model.v1"}, published...) {
		tok, err := Open(filepath.Join(dir, f))
		if err != nil {
			t.Error(err)
			continue
		}
		for _, s := range texts {
			e := tok.EncodeWith(s, EncodeOptions{AsData: true})
			ids, starts := tok.AppendWords(nil, nil, []byte(s))
			if !slices.Equal(ids, e.IDs) || !slices.Equal(ids, tok.AppendIDs(nil, []byte(s))) {
				t.Errorf("%s: AppendIDs of %.60q differs from Encode", f, s)
				break
			}
			for i := range ids {
				if first := i == 0 || e.WordIDs[i] != e.WordIDs[i-1]; (starts[i/64]>>(i%64)&1 != 0) != first {
					t.Errorf("%s: %.60q: id %d: wrong word start", f, s, i)
					break
				}
			}
		}
	}
}

// NFC in front of byte-level BPE takes the byte-level path where it changes nothing.
func TestNFCBeforeByteLevelEqualsEncode(t *testing.T) {
	raw := readPacked(t, filepath.Join(data(t), "tokenizers", "gpt2", "tokenizer.json"))
	tok, err := Parse([]byte(strings.Replace(string(raw), `"normalizer":null`, `"normalizer":{"type":"NFC"}`, 1)))
	if err != nil || tok.general == nil || tok.general.plain == nil {
		t.Fatal("no byte-level path", err)
	}
	for _, s := range append(parityTexts(t, 300, "parallel/udhr2/*.zip"), "e\u0301 \xff a\u0323\u0301<|endoftext|>") {
		e := tok.EncodeWith(s, EncodeOptions{AsData: true})
		ids, starts := tok.AppendWords(nil, nil, []byte(s))
		if !slices.Equal(ids, e.IDs) || !slices.Equal(ids, tok.AppendIDs(nil, []byte(s))) {
			t.Errorf("AppendIDs of %.60q differs from Encode", s)
		}
		for i := range ids {
			if first := i == 0 || e.WordIDs[i] != e.WordIDs[i-1]; (starts[i/64]>>(i%64)&1 != 0) != first {
				t.Errorf("%.60q: id %d: wrong word start", s, i)
				break
			}
		}
	}
}

// TestParityOfComponents compares each component on 2,000 strings where CLOZE_PYTHON names a python with the package.
func TestParityOfComponents(t *testing.T) {
	needPeer(t)
	g := readComponents(t)
	r := rand.New(rand.NewPCG(3, 14))
	seen := tally{}
	for _, c := range g.Cases {
		if len(c.Rows) > 0 && c.Rows[0].Attention != nil {
			continue // limits are compared in the golden alone
		}
		tok, err := Parse(c.file)
		if err != nil {
			t.Errorf("%s: %v", c.Name, err)
			continue
		}
		path := filepath.Join(t.TempDir(), "tokenizer.json")
		os.WriteFile(path, c.file, 0o644)
		texts := slices.Clone(g.Texts)
		for len(texts) < 2000 {
			texts = append(texts, stressText(r, g.Texts))
		}
		failed := 0
		for i, row := range askPeer(t, path, texts) {
			if !samePeer(t, tok, c.Name, texts[i], row, seen) {
				if failed++; failed > 2 {
					break
				}
			}
		}
	}
	report(t, seen)
}

// TestParityOfPublished compares the published tokenizers on the corpora and Go's own sources: two megabytes of each, all of them with CLOZE_PARITY=all (hours), all of the
// Universal Declaration in 388 translations, and random Unicode strings (20,000; a million with all).
func TestParityOfPublished(t *testing.T) {
	needPeer(t)
	most, random := 500, 20_000
	if os.Getenv("CLOZE_PARITY") == "all" {
		most, random = 1<<30, 1_000_000
	}
	goroot, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	root := strings.TrimSpace(string(goroot))
	texts := parityTexts(t, 1<<30, "parallel/udhr2/*.zip")
	for _, p := range []string{"corpora/novels_en/*.gz", "corpora/cpp_docs/*.gz", "corpora/eltec_fra/*.gz", "corpora/eltec_deu/*.gz", "corpora/wikitext2_raw/*",
		"corpora/gensim_text/*.cor", "corpora/tinyshakespeare/*", "tokenizers/sentencepiece/*.gz",
		filepath.Join(root, "src/*/*.go"), filepath.Join(root, "src/*/*/*.go"), filepath.Join(root, "src/*/*/*/*.go")} {
		texts = append(texts, parityTexts(t, most, p)...)
	}
	r := rand.New(rand.NewPCG(2, 71))
	for range random {
		texts = append(texts, randomRunes(r))
	}
	only := os.Getenv("CLOZE_TOKENIZER")
	for _, f := range published {
		if !strings.Contains(f, only) {
			continue
		}
		path := filepath.Join(data(t), "tokenizers", f)
		tok, err := Open(path)
		if err != nil {
			t.Error(err)
			continue
		}
		seen, failed, size := tally{}, 0, 0
		for start := 0; start < len(texts) && failed < 3; start += 2000 {
			batch := texts[start:min(start+2000, len(texts))]
			for i, row := range askPeer(t, path, batch) {
				size += len(batch[i])
				if !samePeer(t, tok, f, batch[i], row, seen) {
					if failed++; failed > 2 {
						break
					}
				}
			}
		}
		t.Logf("%s: %d texts, %d bytes", f, len(texts), size)
		report(t, seen)
	}
}

func needPeer(t *testing.T) {
	if os.Getenv("CLOZE_PYTHON") == "" {
		t.Skip("set CLOZE_PYTHON to a python with tokenizers to compare with it")
	}
}

// report lists the offsets that differ, by reason.
func report(t *testing.T, seen tally) {
	for why, n := range seen {
		t.Logf("%8d %s", n, why)
	}
}

// stressText mixes stretches of the golden's texts with random characters.
func stressText(r *rand.Rand, from []string) string {
	var b strings.Builder
	for range 1 + r.IntN(4) {
		switch r.IntN(3) {
		case 0:
			b.WriteString(randomText(r))
		case 1:
			s := []rune(from[r.IntN(len(from))])
			if len(s) > 0 {
				i := r.IntN(len(s))
				b.WriteString(string(s[i:min(len(s), i+1+r.IntN(12))]))
			}
		default:
			b.WriteString([]string{" ", "  ", "\n", "▁", "a", "Abc", "<x>", "é", "e\u0301", "ﬁ", "1", "日", "İ", "!", "'"}[r.IntN(15)])
		}
	}
	return b.String()
}

// randomRunes is a string of any code points.
func randomRunes(r *rand.Rand) string {
	var b strings.Builder
	for range r.IntN(24) {
		switch r.IntN(4) {
		case 0:
			b.WriteRune(rune(r.IntN(0x80)))
		case 1:
			b.WriteRune(rune(r.IntN(0x3000)))
		case 2:
			b.WriteRune(rune(0xE000 + r.IntN(0x110000-0xE000)))
		default:
			b.WriteString([]string{" ", "the", "\u0301", "\u200d", "가", "日", "é", "\u0345", "👩"}[r.IntN(9)])
		}
	}
	return b.String()
}
