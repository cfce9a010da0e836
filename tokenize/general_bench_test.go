package tokenize

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"
)

// BenchmarkGeneral measures AppendIDs on English novels, a call each of about 64 KiB. With -benchtime 1x and CLOZE_BENCH_MIB=75 it is one cold pass over all.
func BenchmarkGeneral(b *testing.B) {
	mib, err := strconv.Atoi(os.Getenv("CLOZE_BENCH_MIB"))
	if err != nil {
		mib = 4
	}
	text := novels(b, mib<<20)
	for _, name := range []string{"bert-base-uncased/tokenizer.json", "t5-small/tokenizer.json", "phi-3-mini/tokenizer.json", "t5-small/spiece.model", "falcon/tokenizer.json"} {
		b.Run(name, func(b *testing.B) {
			tok, err := Open(filepath.Join(data(b), "tokenizers", name))
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			ids := make([]int32, 0, len(text)/3)
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
