package tokenize

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// scriptTexts are texts in other scripts than Latin: 388 translations of one declaration, a Japanese novel, Korean comments.
func scriptTexts(tb testing.TB) map[string][]byte {
	return map[string][]byte{
		"udhr2":    readPacked(tb, filepath.Join(data(tb), "parallel", "udhr2", "udhr2.zip")),
		"japanese": readPacked(tb, filepath.Join(data(tb), "tokenizers", "sentencepiece", "wagahaiwa_nekodearu.txt.gz")),
		"korean":   readPacked(tb, filepath.Join(data(tb), "hate", "korean", "unlabeled_comments_5.txt.gz")),
	}
}

// withPattern is GPT-2's tokenizer with the pre-tokenizer of others: a pattern, then bytes.
func withPattern(tb testing.TB, pattern, normalizer string) *Tokenizer {
	raw := string(readPacked(tb, filepath.Join(data(tb), "tokenizers", "gpt2", "tokenizer.json")))
	at := strings.Index(raw, `"pre_tokenizer":`)
	end := at + strings.Index(raw[at:], "}") + 1
	raw = raw[:at] + `"pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"Split","pattern":{"Regex":` + string(appendString(nil, pattern)) +
		`},"behavior":"Isolated","invert":false},{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":false}]}` + raw[end:]
	t, err := Parse([]byte(strings.Replace(raw, `"normalizer":null`, `"normalizer":`+normalizer, 1)))
	if err != nil {
		tb.Fatal(err)
	}
	return t
}

// BenchmarkScripts measures AppendIDs on texts in many scripts, a call each of about 64 KiB: with empty caches before each pass (cold), and with what
// the last pass has left (warm). $CLOZE_TOKENIZER names one more tokenizer to measure.
func BenchmarkScripts(b *testing.B) {
	texts := scriptTexts(b)
	open := func(name string) func(testing.TB) *Tokenizer {
		return func(tb testing.TB) *Tokenizer {
			if !filepath.IsAbs(name) {
				name = filepath.Join(data(tb), "tokenizers", name)
			}
			t, err := Open(name)
			if err != nil {
				tb.Fatal(err)
			}
			return t
		}
	}
	tokenizers := []struct {
		name string
		open func(testing.TB) *Tokenizer
	}{
		{"gpt2", open("gpt2/tokenizer.json")},
		{"cl100k", func(tb testing.TB) *Tokenizer { return withPattern(tb, cl100kPattern, "null") }},
		{"o200k", func(tb testing.TB) *Tokenizer { return withPattern(tb, o200kPattern, "null") }},
		{"qwen", func(tb testing.TB) *Tokenizer { return withPattern(tb, qwenPattern, `{"type":"NFC"}`) }},
		{"falcon", open("falcon/tokenizer.json")},
		{"bert", open("bert-base-uncased/tokenizer.json")},
		{"t5", open("t5-small/tokenizer.json")},
		{"phi3", open("phi-3-mini/tokenizer.json")},
		{"xlmr9", open("xlmr-trimmed/padding64.json")},
	}
	if path := os.Getenv("CLOZE_TOKENIZER"); path != "" {
		tokenizers = append(tokenizers, tokenizers[0])
		tokenizers[len(tokenizers)-1].name, tokenizers[len(tokenizers)-1].open = "own", open(path)
	}
	for _, k := range tokenizers {
		for _, name := range []string{"udhr2", "japanese", "korean"} {
			for _, state := range []string{"cold", "warm"} {
				b.Run(k.name+"/"+name+"/"+state, func(b *testing.B) { benchmarkText(b, k.open(b), texts[name], state == "cold") })
			}
		}
	}
}

// benchmarkText encodes text by calls of about 64 KiB.
func benchmarkText(b *testing.B, t *Tokenizer, text []byte, cold bool) {
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	ids := make([]int32, 0, len(text))
	ids = appendByParts(t, ids, text)
	best := math.Inf(1)
	for b.Loop() {
		if cold {
			t.forget()
		}
		start := processorSeconds()
		ids = appendByParts(t, ids[:0], text)
		best = min(best, processorSeconds()-start)
	}
	b.ReportMetric(float64(len(text))/1e6/best, "best-MB/cpu-s")
}

// appendByParts is AppendIDs by calls of about 64 KiB that end at line ends.
func appendByParts(t *Tokenizer, ids []int32, text []byte) []int32 {
	for at := 0; at < len(text); {
		end := min(at+64<<10, len(text))
		for end < len(text) && text[end] != '\n' {
			end++
		}
		ids = t.AppendIDs(ids, text[at:end])
		at = end
	}
	return ids
}

// forget empties the caches.
func (t *Tokenizer) forget() {
	t.pool = newPool()
	if g := t.general; g != nil {
		g.pool = newWorkPool()
		if g.plain != nil {
			g.plain.pool = newPool()
		}
	}
}
