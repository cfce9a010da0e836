package embeddings

import (
	"os"
	"testing"
	"time"
)

// large opens a store of the vector file at $CLOZE_BENCH_VECTORS; it is made
// beside that file the first time.
func large(b *testing.B, name string, o StoreOptions) *Vectors {
	path := os.Getenv("CLOZE_BENCH_VECTORS")
	if path == "" {
		b.Skip("CLOZE_BENCH_VECTORS names no vector file; testdata/bench/embeddings_search.py makes some")
	}
	out := path + "." + name + ".cloze"
	if _, err := os.Stat(out); err != nil {
		v, err := Open(path)
		if err != nil {
			b.Fatal(err)
		}
		if err := v.WriteStore(out, o); err != nil {
			b.Fatal(err)
		}
	}
	v, err := Open(out)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { v.Close() })
	return v
}

var kinds = []struct {
	name string
	StoreOptions
}{
	{"float32", StoreOptions{}}, {"float16", StoreOptions{DType: Float16}}, {"screen", StoreOptions{Screen: true}}, {"int8", StoreOptions{DType: Int8}},
}

func BenchmarkNearestOfMany(b *testing.B) {
	for _, kind := range kinds {
		b.Run(kind.name, func(b *testing.B) {
			v := large(b, kind.name, kind.StoreOptions)
			i, best := 0, time.Hour
			for b.Loop() {
				start := time.Now()
				if _, err := v.NearestTo(v.Row(i*7919%v.Len()), 10, SearchOptions{}); err != nil {
					b.Fatal(err)
				}
				best = min(best, time.Since(start))
				i++
			}
			b.ReportMetric(float64(best.Microseconds())/1000, "best-ms")
		})
	}
}

func BenchmarkNearestBatch(b *testing.B) {
	for _, kind := range kinds {
		b.Run(kind.name, func(b *testing.B) {
			v := large(b, kind.name, kind.StoreOptions)
			var queries []float32
			for i := range 1000 {
				queries = v.AppendRow(queries, i*397%v.Len())
			}
			for b.Loop() {
				if _, err := v.NearestBatch(queries, 10, SearchOptions{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkTextToStore converts the text file at $CLOZE_BENCH_VECTORS.txt.
func BenchmarkTextToStore(b *testing.B) {
	path := os.Getenv("CLOZE_BENCH_VECTORS") + ".txt"
	info, err := os.Stat(path)
	if err != nil {
		b.Skip("CLOZE_BENCH_VECTORS names no vector file with a text beside it; testdata/bench/embeddings_search.py makes one")
	}
	out := b.TempDir() + "/v.cloze"
	b.SetBytes(info.Size())
	for b.Loop() {
		v, err := Open(path)
		if err != nil {
			b.Fatal(err)
		}
		if err := v.Write(out, Cloze); err != nil {
			b.Fatal(err)
		}
	}
}
