package tokenize

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// best runs f a few times and returns the fewest seconds of processor time of one.
func best(times int, f func()) float64 {
	least := math.Inf(1)
	for range times {
		before := processorSeconds()
		f()
		least = min(least, processorSeconds()-before)
	}
	return least
}

// BenchmarkMegabyteOfOne measures what is hard for a tokenizer in every published file: a million bytes of one letter, blanks, combining marks, an ideograph, a
// symbol. Milliseconds of processor time, caches empty, the best of three.
func BenchmarkMegabyteOfOne(b *testing.B) {
	for _, f := range published {
		tok, err := Open(filepath.Join(data(b), "tokenizers", f))
		if err != nil {
			b.Fatal(err)
		}
		for _, of := range []string{"a", " ", "\u0301", "日", "%", "\n", "é"} {
			text := bytes.Repeat([]byte(of), 1_000_000/len(of))
			ids := make([]int32, 0, 4*len(text))
			b.Run(fmt.Sprintf("%s/%+q", f, of), func(b *testing.B) {
				for b.Loop() {
					b.ReportMetric(1000*best(3, func() { tok.forget(); ids = tok.AppendIDs(ids[:0], text) }), "best-ms")
				}
			})
		}
	}
}

// newWords is text in which each word of a length as in English is new.
func newWords(n int) []byte {
	r := rand.New(rand.NewPCG(9, 9))
	text := make([]byte, 0, n)
	for len(text) < n {
		for range 3 + r.IntN(6) {
			text = append(text, byte('a'+r.IntN(26)))
		}
		text = append(text, ' ')
	}
	return text
}

// passes encodes a text several times, caches empty before each, and returns seconds: of each 64 KiB the shortest time that a pass took, which leaves most of
// what other programs do out of it.
func passes(tok *Tokenizer, ids []int32, text []byte) (seconds float64) {
	const size = 64 << 10
	least := make([]time.Duration, (len(text)+size-1)/size)
	for pass := range 7 {
		tok.forget()
		for i := range least {
			start := time.Now()
			ids = tok.AppendIDs(ids[:0], text[i*size:min((i+1)*size, len(text))])
			if took := time.Since(start); pass == 0 || took < least[i] {
				least[i] = took
			}
		}
	}
	for _, d := range least {
		seconds += d.Seconds()
	}
	return seconds
}

// BenchmarkHostileWords compares text of new words with novels of the same size, for every published file: seconds of each, and the ratio.
func BenchmarkHostileWords(b *testing.B) {
	usual, hostile := novels(b, 4_000_000), newWords(4_000_000)
	ids := make([]int32, 0, 1<<18)
	for _, f := range published {
		tok, err := Open(filepath.Join(data(b), "tokenizers", f))
		if err != nil {
			b.Fatal(err)
		}
		b.Run(f, func(b *testing.B) {
			for b.Loop() {
				cold, new := passes(tok, ids, usual), passes(tok, ids, hostile)
				b.ReportMetric(4/cold, "usual-MB/s")
				b.ReportMetric(4/new, "new-MB/s")
				b.ReportMetric(new/cold, "times")
			}
		})
	}
}

// BenchmarkShortLines compares novels a line at a call with novels in calls of 64 KiB: seconds of each as in passes, and the ratio of their speeds.
func BenchmarkShortLines(b *testing.B) {
	tok, text := gpt2(b), novels(b, 4_000_000)
	const size = 100 // lines of which the shortest time is taken
	lines := bytes.SplitAfter(text, []byte("\n"))
	ids := make([]int32, 0, 1<<18)
	for b.Loop() {
		whole, least := passes(tok, ids, text), make([]time.Duration, len(lines)/size+1)
		for pass := range 7 {
			tok.forget()
			for i := range least {
				start := time.Now()
				for _, l := range lines[i*size : min((i+1)*size, len(lines))] {
					ids = tok.AppendIDs(ids[:0], l)
				}
				if took := time.Since(start); pass == 0 || took < least[i] {
					least[i] = took
				}
			}
		}
		seconds := 0.0
		for _, d := range least {
			seconds += d.Seconds()
		}
		b.ReportMetric(4/seconds, "lines-MB/s")
		b.ReportMetric(4/whole, "whole-MB/s")
		b.ReportMetric(whole/seconds, "share")
	}
}

// BenchmarkTwoAtOnce is what two goroutines cost beside one, each with novels of its own: processor seconds a byte, warm.
func BenchmarkTwoAtOnce(b *testing.B) {
	tok, text := gpt2(b), novels(b, 16_000_000)
	work := func(ids []int32) { appendByParts(tok, ids, text) }
	buffers := [2][]int32{make([]int32, 0, 8_000_000), make([]int32, 0, 8_000_000)}
	for b.Loop() {
		one := best(5, func() { work(buffers[0]) })
		two := best(5, func() {
			var wg sync.WaitGroup
			for _, ids := range buffers {
				wg.Go(func() { work(ids) })
			}
			wg.Wait()
		})
		b.ReportMetric(16/one, "one-MB/cpu-s")
		b.ReportMetric(2*one/two, "share-kept")
	}
}
