package embeddings

import (
	"bytes"
	"fmt"
	"io"
	"unicode/utf8"
)

// readText parses lines in parallel and joins them in the order of the file.
func (in *input) readText(lay layout) (*Vectors, error) {
	if lay.dim == 0 {
		return nil, in.refuse(lay)
	}
	report := Report{File: in.path, Format: Word2Vec, HeaderWords: lay.words, HeaderDim: lay.headerDim}
	if !lay.hasHeader {
		report.Format = GloVe
	}
	if _, err := io.CopyN(io.Discard, in.body, int64(lay.start)); err != nil {
		return nil, in.readError(err)
	}
	stop := make(chan struct{})
	parsed := in.parseChunks(lay, stop)
	defer func() {
		close(stop)
		for range parsed { // until nobody reads the file any more
		}
	}()
	j := joiner{in: in, lay: lay, repairs: repairs{}}
	for c := range parsed {
		<-c.done
		if err := j.add(c); err != nil {
			return nil, err
		}
		if len(c.buf) <= 4*chunkBytes { // one endless line is no reason to keep its memory
			chunks.Put(c)
		}
	}
	return j.finish(report)
}

// parse fills in words, rows and repairs, or err.
func (c *chunk) parse(path string, dim int) {
	// All words of the chunk share one string: an allocation each would cost
	// more than reading their numbers.
	var joined []byte
	var ends []int
	line := c.line
	for text := c.text; len(text) > 0; line++ {
		end := bytes.IndexByte(text, '\n')
		one := text
		if end >= 0 {
			one, text = text[:end], text[end+1:]
		} else {
			text = nil
		}
		one = trimEnd(one)
		if len(one) == 0 {
			c.repairs.add(repairBlankLine, "line", line)
			continue
		}
		start := len(c.rows)
		word, ok := c.quick(one, dim)
		if !ok {
			c.rows = c.rows[:start]
			var err *Error
			if word, err = c.careful(one, dim); err != nil {
				err.File, err.Unit, err.Number = path, "line", line
				c.err = err
				break
			}
		}
		if !plain(word) {
			c.repairs.oddWord(word, "line", line)
		}
		joined, ends = append(joined, word...), append(ends, len(joined)+len(word))
		c.lines = append(c.lines, line)
	}
	words, begin := string(joined), 0
	for _, end := range ends {
		c.words = append(c.words, words[begin:end])
		begin = end
	}
}

// quick reads the line that nearly all lines are: a word without blanks, one
// blank, D numbers. Anything else is left to careful.
func (c *chunk) quick(line []byte, dim int) (word []byte, ok bool) {
	at := bytes.IndexByte(line, ' ')
	if at < 0 {
		return nil, false
	}
	word = line[:at]
	i := at + 1
	for n := 0; n < dim; n++ {
		if n > 0 {
			for i < len(line) && (line[i] == ' ' || line[i] == '\t') {
				i++
			}
		}
		x, next, s := scanNumber(line, i)
		if s != isNumber {
			return nil, false
		}
		c.rows = append(c.rows, x)
		i = next
	}
	return word, i == len(line)
}

// careful reads from the right end: the last D fields are the numbers, and what
// stands before them and one separator is the word, blanks and all.
func (c *chunk) careful(line []byte, dim int) (word []byte, err *Error) {
	start := len(c.rows)
	c.rows = append(c.rows, make([]float32, dim)...)
	rest := line
	for n := dim - 1; n >= 0; n-- {
		at := bytes.LastIndexAny(rest, " \t")
		if at < 0 {
			return nil, &Error{Cause: fmt.Sprintf("a word and %d numbers expected, %d fields found", dim, dim-n), Remedy: remedyRow}
		}
		x, end, s := scanNumber(rest, at+1)
		if s == isNumber && end == len(rest) {
			c.rows[start+n] = x
			if n > 0 {
				rest = trimBlanks(rest[:at])
				continue
			}
			return rest[:at], nil
		}
		field := string(rest[at+1:])
		switch {
		case s == notFinite:
			return nil, &Error{Cause: fmt.Sprintf("number %d of %d is %s: not finite, or too large for float32", n+1, dim, quote(field)), Remedy: "train again or take the row out"}
		case bytes.IndexByte(rest[at+1:], ',') >= 0:
			return nil, &Error{Cause: fmt.Sprintf("number %d of %d is %s: a decimal comma?", n+1, dim, quote(field)), Remedy: "write numbers with a point"}
		}
		return nil, &Error{Cause: fmt.Sprintf("%d numbers expected at the end, %d found before %s", dim, dim-1-n, quote(field)), Remedy: remedyRow}
	}
	return rest, nil // dim is at least 1
}

const remedyRow = "mend the row or take it out"

// plain is true of most words at a glance: printable ASCII.
func plain(word []byte) bool {
	for _, c := range word {
		if c <= ' ' || c >= 0x7f {
			return false
		}
	}
	return len(word) > 0
}

// oddWord counts what is worth telling of a word; the word is kept as it is.
func (r repairs) oddWord(word []byte, unit string, at int64) {
	switch {
	case len(word) == 0:
		r.add(repairEmpty, unit, at)
	case bytes.ContainsAny(word, " \t"):
		r.add(repairBlank, unit, at)
	}
	if !utf8.Valid(word) {
		r.add(repairUTF8, unit, at)
	}
}
