package train

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"sync"
)

// spill holds the sorted runs that did not fit into memory. A run is a file of words and counts: length, bytes, count, the numbers as
// varints.
type spill struct {
	dir   string
	mu    sync.Mutex
	files []*os.File
	bytes int64
}

// write puts a table on disk, sorted, and empties it.
func (s *spill) write(t *wordTable) error {
	t.sort()
	f, err := os.CreateTemp(s.dir, "cloze-words-*")
	if err != nil {
		return fmt.Errorf("word table: %w", err)
	}
	s.mu.Lock()
	s.files = append(s.files, f)
	s.mu.Unlock()
	w := bufio.NewWriterSize(f, 1<<18)
	var num []byte
	n := int64(0)
	err = t.each(func(word []byte, count int64) error {
		num = binary.AppendUvarint(num[:0], uint64(len(word)))
		w.Write(num)
		w.Write(word)
		n += int64(len(num) + len(word))
		num = binary.AppendUvarint(num[:0], uint64(count))
		n += int64(len(num))
		_, err := w.Write(num) // the writer keeps its first error
		return err
	})
	if err == nil {
		err = w.Flush()
	}
	if err != nil {
		return fmt.Errorf("word table %s: %w; free some disk or give more memory", f.Name(), err)
	}
	s.mu.Lock()
	s.bytes += n
	s.mu.Unlock()
	t.reset()
	return nil
}

// remove deletes the files.
func (s *spill) remove() {
	for _, f := range s.files {
		f.Close()
		os.Remove(f.Name())
	}
}

// run reads one file.
type run struct {
	r     *bufio.Reader
	word  []byte
	count int64
}

// next reads the next word; io.EOF at the end.
func (r *run) next() error {
	n, err := binary.ReadUvarint(r.r)
	if err != nil {
		return err
	}
	if n > maxWord {
		return fmt.Errorf("word table: damaged temporary file (word of %d bytes)", n)
	}
	r.word = append(r.word[:0], make([]byte, n)...)
	if _, err := io.ReadFull(r.r, r.word); err != nil {
		return noEOF(err)
	}
	c, err := binary.ReadUvarint(r.r)
	r.count = int64(c)
	return noEOF(err)
}

// noEOF marks an end in the middle of a record.
func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// each calls f for each word of all runs in order, with its whole count.
func (s *spill) each(f func(word []byte, count int64) error) error {
	var runs []*run
	for _, file := range s.files {
		if _, err := file.Seek(0, io.SeekStart); err != nil {
			return err
		}
		r := &run{r: bufio.NewReaderSize(file, 1<<16)}
		if err := r.next(); err == nil {
			runs = append(runs, r)
		} else if err != io.EOF {
			return err
		}
	}
	var word []byte
	for len(runs) > 0 {
		// There are few runs (tables are large), so the smallest head is found by looking at all.
		least := runs[0]
		for _, r := range runs[1:] {
			if bytes.Compare(r.word, least.word) < 0 {
				least = r
			}
		}
		word = append(word[:0], least.word...)
		total := int64(0)
		for i := 0; i < len(runs); i++ {
			for bytes.Equal(runs[i].word, word) {
				total += runs[i].count
				if err := runs[i].next(); err == io.EOF {
					runs = append(runs[:i], runs[i+1:]...)
					i--
					break
				} else if err != nil {
					return err
				}
			}
		}
		if err := f(word, total); err != nil {
			return err
		}
	}
	return nil
}
