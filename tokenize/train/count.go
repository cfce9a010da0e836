package train

import (
	"errors"
	"iter"
	"sync"
	"unicode/utf8"
)

const (
	// maxWord bounds a word, in bytes: a longer run (amino acids, Japanese without punctuation, a row of dashes) is counted in chunks
	// of at most this size, cut between characters. Pairs across a cut are not seen: one in 65,536 of such a run.
	maxWord = 64 << 10
	// batchBytes is how much text a worker gets at once.
	batchBytes = 256 << 10
	// cutBytes is from where on a long document is cut for several workers, at a blank behind another character, where a word starts
	// whatever stands before.
	cutBytes = 1 << 20
)

// batch is some documents, or parts of one, copied.
type batch struct {
	text []byte
	ends []int
}

// splitter cuts a text into words and calls w.word for each, in any order. One is used by one goroutine.
type splitter interface {
	split(w *counter, text []byte)
}

// counter is one worker.
type counter struct {
	table *wordTable
	limit int64 // bytes from which on the table goes to disk
	spill *spill
	words int64
	long  int64
	err   error
}

// collect reads all texts and puts the words that training is to see into a sink.
func collect(cfg Config, split func() splitter, texts iter.Seq2[[]byte, error], to sink, report *Report) error {
	sp := &spill{dir: cfg.TempDir}
	defer sp.remove()
	work := make(chan *batch, cfg.Threads)
	free := make(chan *batch, 2*cfg.Threads+1) // batches to use again
	workers := make([]*counter, cfg.Threads)
	var done sync.WaitGroup
	for i := range workers {
		w := &counter{table: newWordTable(), limit: min(cfg.MemoryBytes/4/int64(cfg.Threads), maxTableText/2), spill: sp}
		workers[i] = w
		done.Go(func() {
			cut := split()
			for b := range work {
				w.count(cut, b)
				b.text, b.ends = b.text[:0], b.ends[:0]
				select {
				case free <- b:
				default:
				}
			}
		})
	}
	err := feed(cfg, texts, report, work, free)
	close(work)
	done.Wait()
	for _, w := range workers {
		if err == nil {
			err = w.err
		}
		report.Words += w.words
		report.LongWords += w.long
	}
	if err == nil && report.Bytes == 0 {
		err = errors.New("the corpus holds no text")
	}
	if err != nil {
		return err
	}
	return keepWords(cfg, workers, sp, to, report)
}

// feed copies the texts into batches.
func feed(cfg Config, texts iter.Seq2[[]byte, error], report *Report, work chan<- *batch, free <-chan *batch) error {
	next := func() *batch {
		select {
		case b := <-free:
			return b
		default:
			return &batch{}
		}
	}
	b := next()
	for text, err := range texts {
		if err != nil {
			return err
		}
		report.Documents++
		report.Bytes += int64(len(text))
		for len(text) > 0 {
			n := cutAt(text)
			b.text = append(b.text, text[:n]...)
			b.ends = append(b.ends, len(b.text))
			text = text[n:]
			if len(b.text) >= batchBytes {
				work <- b
				b = next()
				cfg.Progress("count", report.Bytes-int64(len(text)), 0)
			}
		}
	}
	work <- b
	cfg.Progress("count", report.Bytes, 0)
	return nil
}

// cutAt returns how much of the text to take at once: all of it, or up to a place where a word starts whatever stands before.
func cutAt(text []byte) int {
	for i := cutBytes; i < len(text); i++ {
		if text[i] == ' ' && text[i-1] > ' ' && text[i-1] < 0x7F {
			return i
		}
	}
	return len(text)
}

// count counts the words of a batch.
func (w *counter) count(cut splitter, b *batch) {
	start := 0
	for _, end := range b.ends {
		if w.err == nil {
			cut.split(w, b.text[start:end])
		}
		start = end
	}
}

// word counts one word, in chunks where it is long, and empties a full table.
func (w *counter) word(word []byte) {
	w.words++
	if len(word) > maxWord {
		w.long++
		for len(word) > maxWord {
			n := maxWord
			for n > maxWord-utf8.UTFMax && !utf8.RuneStart(word[n]) {
				n--
			}
			w.table.add(word[:n], 1)
			word = word[n:]
			w.check()
		}
	}
	w.table.add(word, 1)
	w.check()
}

// check writes a full table to disk.
func (w *counter) check() {
	if w.table.memory() > w.limit && w.err == nil {
		w.err = w.spill.write(w.table)
	}
}
