package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"runtime"

	"github.com/go-cloze/cloze/corpus"
)

// chunkBytes is how much text a worker gets at a time: enough that handing it over costs nothing, small enough
// that a pipe answers soon.
const chunkBytes = 256 << 10

// lineError is a fault in one line of a line-by-line verb.
type lineError struct {
	line int64
	err  error
}

// chunk is some whole lines of the input, and what became of them.
type chunk struct {
	first int64 // number of the first line, from 1
	lines [][]byte
	out   []byte
	fault *lineError
	done  chan struct{}
}

// mapLines writes one record for each line of r, in order: convert appends to dst what becomes of a line, newline
// included. Lines end with LF or CRLF, the last one needs none. Several lines are converted at a time. name
// stands for the input in messages.
func mapLines(w io.Writer, r io.Reader, name string, threads int, convert func(dst, line []byte) ([]byte, error)) (int64, error) {
	return mapNumbered(w, r, name, threads, func(dst []byte, _ int64, line []byte) ([]byte, error) { return convert(dst, line) })
}

// mapNumbered is mapLines for records that hold their line's number, from 1.
func mapNumbered(w io.Writer, r io.Reader, name string, threads int, convert func(dst []byte, number int64, line []byte) ([]byte, error)) (int64, error) {
	if threads <= 0 {
		threads = runtime.GOMAXPROCS(0)
	}
	todo, ordered := make(chan *chunk), make(chan *chunk, 2*threads)
	var readErr error
	stop := make(chan struct{})
	go func() {
		defer close(ordered)
		defer close(todo)
		readErr = readChunks(r, func(c *chunk) bool {
			select {
			case ordered <- c:
			case <-stop:
				return false
			}
			select {
			case todo <- c:
				return true
			case <-stop:
				close(c.done)
				return false
			}
		})
	}()
	for range threads {
		go func() {
			for c := range todo {
				c.convert(convert)
			}
		}()
	}
	out := bufio.NewWriterSize(w, 64<<10)
	lines, err := writeChunks(out, ordered, name)
	close(stop)
	// Without a fault ordered was closed, so the reader has ended and readErr is final. After one the reader may hang
	// in a pipe that nobody writes to; the message must not wait for it.
	if err == nil && readErr != nil {
		err = fmt.Errorf("%s: %w", name, readErr)
	}
	return lines, errors.Join(err, out.Flush())
}

func writeChunks(out *bufio.Writer, ordered <-chan *chunk, name string) (int64, error) {
	var lines int64
	for c := range ordered {
		<-c.done
		if _, err := out.Write(c.out); err != nil {
			return lines, err
		}
		if c.fault != nil {
			return lines, fmt.Errorf("%s:%d: %w", name, c.fault.line, c.fault.err)
		}
		lines += int64(len(c.lines))
		if len(ordered) == 0 { // nobody waits in line: whoever reads our output shall see it now
			if err := out.Flush(); err != nil {
				return lines, err
			}
		}
	}
	return lines, nil
}

func (c *chunk) convert(convert func(dst []byte, number int64, line []byte) ([]byte, error)) {
	defer close(c.done)
	for i, line := range c.lines {
		out, err := convert(c.out, c.first+int64(i), line)
		if err != nil {
			c.fault = &lineError{c.first + int64(i), err}
			return
		}
		c.out = out
	}
}

// readChunks cuts r into chunks of whole lines and hands each on until yield returns false.
func readChunks(r io.Reader, yield func(*chunk) bool) error {
	in := bufio.NewReaderSize(r, chunkBytes)
	number := int64(1)
	for {
		c := &chunk{first: number, done: make(chan struct{})}
		size := 0
		for size < chunkBytes {
			line, err := readLine(in)
			if err == io.EOF {
				if len(c.lines) > 0 {
					yield(c)
				}
				return nil
			}
			if err != nil {
				return fmt.Errorf("line %d: %w", number, err)
			}
			c.lines = append(c.lines, line)
			size += len(line) + 1
			number++
			if in.Buffered() == 0 { // a person or a slow pipe: answer now
				break
			}
		}
		if !yield(c) {
			return nil
		}
	}
}

// readLine returns the next line without its end, as memory of its own; io.EOF after the last.
func readLine(in *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := in.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case err == bufio.ErrBufferFull:
			if len(line) > corpus.DefaultMaxDocumentBytes {
				return nil, fmt.Errorf("longer than %s without an end; is this a text file?", byteSize(corpus.DefaultMaxDocumentBytes))
			}
			continue
		case err == io.EOF && len(line) == 0:
			return nil, io.EOF
		case err != nil && err != io.EOF:
			return nil, cause(err)
		}
		line = trimEnd(line)
		return line, nil
	}
}

func trimEnd(line []byte) []byte {
	if n := len(line); n > 0 && line[n-1] == '\n' {
		line = line[:n-1]
		if n > 1 && line[n-2] == '\r' {
			line = line[:n-2]
		}
	}
	return line
}
