package embeddings

import (
	"bytes"
	"fmt"
	"io"
	"sync"
)

// chunkBytes is a parser's share at a time. lineBytes bounds a single line, so
// that a file without line ends does not fill the memory.
const (
	chunkBytes = 1 << 20
	lineBytes  = 1 << 28
)

// Fresh memory costs the kernel as much as reading into it: chunks go round.
var chunks = sync.Pool{New: func() any {
	return &chunk{buf: make([]byte, chunkBytes), rows: make([]float32, 0, chunkBytes/8)}
}}

// chunk is some whole lines of the file and what became of them.
type chunk struct {
	buf  []byte
	text []byte // the lines, in buf
	line int64  // number of the first one
	done chan struct{}

	words   []string
	lines   []int64   // of each word
	rows    []float32 // [len(words), D]
	repairs repairs
	err     error
}

// parseChunks cuts the rest of the file into chunks, has them parsed by
// in.Threads goroutines, and hands them out in order, parsed or about to be.
// A failed read is the err of a last chunk.
func (in *input) parseChunks(lay layout, stop <-chan struct{}) <-chan *chunk {
	ordered := make(chan *chunk, 2*in.Threads) // bounds the memory, too
	work := make(chan *chunk)
	for range in.Threads {
		go func() {
			for c := range work {
				c.parse(in.path, lay.dim)
				close(c.done)
			}
		}()
	}
	go func() {
		defer close(ordered)
		defer close(work)
		cut := cutter{r: in.body, line: lay.firstLine}
		for {
			c, err := cut.next()
			if err == io.EOF {
				return
			}
			if err != nil {
				c = &chunk{err: in.readError(err), done: make(chan struct{})}
			}
			select {
			case ordered <- c:
			case <-stop:
				return
			}
			if err != nil {
				close(c.done)
				return
			}
			select {
			case work <- c:
			case <-stop:
				return
			}
		}
	}()
	return ordered
}

// cutter cuts a stream at line ends.
type cutter struct {
	r    io.Reader
	rest []byte // begins a line, has no end yet
	line int64
	eof  bool
}

func (c *cutter) next() (*chunk, error) {
	if c.eof {
		return nil, io.EOF
	}
	out := chunks.Get().(*chunk)
	buf := out.buf
	if len(buf) < 2*len(c.rest) {
		buf = make([]byte, 2*len(c.rest))
	}
	n := copy(buf, c.rest)
	for {
		got, err := readFull(c.r, buf[n:])
		n += got
		if err == io.EOF {
			if c.eof = true; n == 0 {
				return nil, io.EOF
			}
			break
		}
		if err != nil {
			return nil, err
		}
		if bytes.LastIndexByte(buf[:n], '\n') >= 0 {
			break
		}
		if n > lineBytes {
			return nil, fmt.Errorf("line %d has more than %d bytes", c.line, lineBytes)
		}
		buf = append(buf, make([]byte, len(buf))...)
	}
	text := buf[:n]
	if !c.eof {
		end := bytes.LastIndexByte(text, '\n') + 1
		c.rest = append(c.rest[:0], text[end:]...) // a copy: the buffer goes on
		text = text[:end]
	}
	*out = chunk{buf: buf, text: text, line: c.line, done: make(chan struct{}), words: out.words[:0], lines: out.lines[:0], rows: out.rows[:0], repairs: repairs{}}
	c.line += int64(bytes.Count(text, []byte{'\n'}))
	return out, nil
}
