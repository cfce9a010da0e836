package tokenize

import (
	"path/filepath"
	"testing"
)

// BenchmarkGeneral measures AppendIDs on English novels, a call each of about 64 KiB, cache warm.
func BenchmarkGeneral(b *testing.B) {
	text := novels(b, 4<<20)
	for _, name := range []string{"bert-base-uncased/tokenizer.json", "t5-small/tokenizer.json", "phi-3-mini/tokenizer.json", "falcon/tokenizer.json"} {
		b.Run(filepath.Dir(name), func(b *testing.B) {
			tok, err := Open(filepath.Join(data(b), "tokenizers", name))
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			var ids []int32
			for b.Loop() {
				ids = ids[:0]
				for at := 0; at < len(text); {
					end := min(at+64<<10, len(text))
					for end < len(text) && text[end] != '\n' {
						end++
					}
					ids = tok.AppendIDs(ids, text[at:end])
					at = end
				}
			}
			b.ReportMetric(float64(len(ids)), "ids")
		})
	}
}
