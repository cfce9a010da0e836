package embeddings

import (
	"bytes"
	"fmt"
	"io"
	"unicode/utf8"
)

// chunkBytes is a parser's share at a time. lineBytes bounds a single line, so
// that a file without line ends does not fill the memory.
const (
	chunkBytes = 1 << 20
	lineBytes  = 1 << 28
)

// chunk is some whole lines of the file and what became of them.
type chunk struct {
	text  []byte
	bytes int   // len(text), which goes once it is parsed
	line  int64 // number of its first line
	done  chan struct{}

	words   []string
	lines   []int64   // of each word
	rows    []float32 // [len(words), D]
	repairs repairs
	err     error
}

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
	chunks := in.parseChunks(lay, stop)
	defer func() {
		close(stop)
		for range chunks { // until nobody reads the file any more
		}
	}()
	j := joiner{in: in, lay: lay, index: map[string]int32{}, repairs: repairs{}}
	for c := range chunks {
		<-c.done
		if err := j.add(c); err != nil {
			return nil, err
		}
	}
	return j.finish(report)
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
	buf := make([]byte, max(chunkBytes, 2*len(c.rest)))
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
		text, c.rest = text[:end], text[end:]
	}
	out := &chunk{text: text, bytes: len(text), line: c.line, done: make(chan struct{}), repairs: repairs{}}
	c.line += int64(bytes.Count(text, []byte{'\n'}))
	return out, nil
}

// parse fills in words, rows and repairs, or err.
func (c *chunk) parse(path string, dim int) {
	const bytesInNumber = 9 // roughly; the slice grows where it is fewer
	c.rows = make([]float32, 0, len(c.text)/bytesInNumber+dim)
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
				return
			}
		}
		if !plain(word) {
			c.repairs.oddWord(word, "line", line)
		}
		c.words = append(c.words, string(word))
		c.lines = append(c.lines, line)
	}
	c.text = nil // the buffer can go while the rows wait
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

// joiner puts the chunks together.
type joiner struct {
	in      *input
	lay     layout
	words   []string
	rows    []float32
	index   map[string]int32
	repairs repairs
	seen    int64 // rows in the file, duplicates too
	lastRow int64 // line of the last one
}

func (j *joiner) add(c *chunk) error {
	if c.err != nil && c.lines == nil && c.repairs == nil {
		return c.err
	}
	if j.words == nil {
		j.reserve(c)
	}
	dim := j.lay.dim
	for i, w := range c.words {
		if _, twice := j.index[w]; twice {
			c.repairs.add(repairDuplicate, "line", c.lines[i])
			continue
		}
		j.index[w] = int32(len(j.words))
		j.words = append(j.words, w)
		j.rows = append(j.rows, c.rows[i*dim:(i+1)*dim]...)
	}
	if n := len(c.lines); n > 0 {
		j.seen, j.lastRow = j.seen+int64(n), c.lines[n-1]
	}
	if len(j.words) > maxWords {
		return &Error{File: j.in.path, Cause: fmt.Sprintf("more than %d words", maxWords), Remedy: "cut the file to its first words"}
	}
	j.repairs.merge(c.repairs)
	if j.in.Strict { // tell the first thing in the file, be it repair or fault
		if err := j.repairs.strictError(Report{File: j.in.path}); err != nil {
			return err
		}
	}
	return c.err
}

// reserve makes room for the whole table, judged by the first chunk, so that it
// is not copied as it grows.
func (j *joiner) reserve(c *chunk) {
	j.words = []string{}
	n := len(c.words)
	if size := j.in.size; size > 0 && len(c.words) > 0 {
		n = int(float64(n)*float64(size)/float64(c.bytes)*1.02) + 1
	}
	if j.lay.words > 0 && j.lay.words < int64(n) {
		n = int(j.lay.words)
	}
	j.words = make([]string, 0, n)
	j.rows = make([]float32, 0, n*j.lay.dim)
	j.index = make(map[string]int32, n)
}

// finish holds the header against what was there.
func (j *joiner) finish(report Report) (*Vectors, error) {
	if j.lay.bom {
		j.repairs.add(repairBOM, "line", 1)
	}
	if j.lay.hasHeader && j.lay.headerDim != int64(j.lay.dim) {
		j.repairs.add(repairDim, "line", 1)
	}
	if j.lay.hasHeader && j.lay.words != j.seen {
		j.repairs.add(repairCount, "line", 1)
	}
	report.Repairs = j.repairs.list()
	report.Words, report.Dim = len(j.words), j.lay.dim
	if j.in.Strict {
		if err := j.repairs.strictError(report); err != nil {
			return nil, err
		}
	}
	return finish(j.words, j.lay.dim, j.rows, j.index, report), nil
}
