package embeddings

import (
	"bytes"
	"fmt"
)

// layout is what the first lines of a text file tell.
type layout struct {
	hasHeader        bool
	words, headerDim int64 // the header's claims; -1 without one
	start            int   // where the rows begin
	firstLine        int64 // the line number there, from 1
	dim              int   // what the rows show
	rows             int   // rows looked at
	first            firstRow
	complaint        string
	bom              bool
}

// sampledLines are enough to outvote the odd word that ends in a number.
const sampledLines = 100

// layout looks at the head and says whether it is text with rows of numbers.
func (in *input) layout() (layout, bool) {
	lay := layout{words: -1, headerDim: -1, firstLine: 1}
	if bytes.HasPrefix(in.head, []byte("\ufeff")) {
		lay.bom, lay.start = true, 3
	}
	lines := in.sample(lay.start, sampledLines+1)
	if len(lines) == 0 {
		lay.complaint = "no end of line in the first megabyte"
		return lay, false
	}
	words, dim, isHeader := header(lines[0])
	rows := lines
	if isHeader {
		rows = lines[1:]
	}
	first, counts := census(rows)
	if isHeader && dim != 1 && len(rows) > 0 && counts[1] == len(rows) && !first.control {
		isHeader, rows = false, lines // "5 3" is a row of dimension 1 like those below
	}
	lay.dim, lay.rows, lay.first = mode(counts), len(rows), first
	if isHeader {
		lay.hasHeader, lay.words, lay.headerDim, lay.firstLine = true, words, dim, 2
		lay.start += bytes.IndexByte(in.head[lay.start:], '\n') + 1
		if believable(counts, dim) {
			lay.dim = int(dim)
		}
		if len(rows) == 0 && words == 0 && dim > 0 && dim <= maxDim {
			lay.dim = int(dim) // an empty store says so
			return lay, true
		}
	}
	lay.complaint = complain(rows)
	if first.control && first.numbers == 0 {
		lay.complaint = "binary data, and no kind of vectors known here"
	}
	if lay.dim == 0 {
		return lay, false
	}
	// Any bytes end a "line" in a digit now and then. The first row decides: it
	// is full, or at least shows that this is text.
	return lay, !first.control || first.numbers >= lay.dim && lay.dim > 1
}

// firstRow is the first line that is not blank.
type firstRow struct {
	numbers int
	control bool // holds control characters other than tabs
}

// census counts how many rows end in how many numbers.
func census(rows [][]byte) (first firstRow, counts map[int]int) {
	counts = map[int]int{}
	met := false
	for _, line := range rows {
		n := trailingNumbers(line)
		if n > 0 {
			counts[n]++
		}
		if !met && len(line) > 0 {
			met = true
			first = firstRow{numbers: n, control: bytes.ContainsFunc(line, func(r rune) bool { return r < ' ' && r != '\t' })}
		}
	}
	return first, counts
}

// believable says whether a header's dimension fits the rows: some row has just
// as many numbers, or there is only one and its word may end in numbers.
func believable(counts map[int]int, dim int64) bool {
	rows, most := 0, 0
	for n, c := range counts {
		if int64(n) == dim {
			return true
		}
		rows, most = rows+c, max(most, n)
	}
	return rows == 1 && dim >= 1 && int64(most) > dim
}

// sample returns the first n lines of the head, without their ends; a last line
// that the head cuts is left out.
func (in *input) sample(start, n int) [][]byte {
	var lines [][]byte
	for rest := in.head[start:]; len(rest) > 0 && len(lines) < n; {
		end := bytes.IndexByte(rest, '\n')
		if end < 0 {
			if in.headIsAll {
				lines = append(lines, trimEnd(rest))
			}
			break
		}
		lines = append(lines, trimEnd(rest[:end]))
		rest = rest[end+1:]
	}
	return lines
}

// header reads "N D".
func header(line []byte) (words, dim int64, ok bool) {
	fields := bytes.FieldsFunc(line, func(r rune) bool { return r == ' ' || r == '\t' })
	if len(fields) != 2 {
		return 0, 0, false
	}
	words, ok1 := headerNumber(fields[0])
	dim, ok2 := headerNumber(fields[1])
	return words, dim, ok1 && ok2
}

// trailingNumbers counts the numbers at the right end of a line. What stands
// first is the word, number or not.
func trailingNumbers(line []byte) int {
	n := 0
	for {
		at := bytes.LastIndexAny(line, " \t")
		if at < 0 {
			return n
		}
		if _, end, s := scanNumber(line, at+1); s == notNumber || end != len(line) {
			return n
		}
		n++
		line = trimBlanks(line[:at])
	}
}

// mode is the most frequent count, the smallest of equals.
func mode(counts map[int]int) int {
	best, times := 0, 0
	for n, c := range counts {
		if c > times || c == times && n < best {
			best, times = n, c
		}
	}
	return best
}

// complain says why the first row is none.
func complain(rows [][]byte) string {
	for _, line := range rows {
		if len(line) == 0 {
			continue
		}
		last := line[bytes.LastIndexAny(line, " \t")+1:]
		if bytes.IndexByte(last, ',') >= 0 && bytes.ContainsAny(last, "0123456789") {
			return fmt.Sprintf("a line ends in %s, which is no number: a decimal comma?", quote(string(last)))
		}
		return fmt.Sprintf("not a row of vectors: it ends in %s, not in a number", quote(string(last)))
	}
	return "no row of vectors"
}

// trimEnd takes the blanks off the end of a line, and the CR of CRLF.
func trimEnd(line []byte) []byte {
	if n := len(line); n > 0 && line[n-1] == '\r' {
		line = line[:n-1]
	}
	return trimBlanks(line)
}

func trimBlanks(line []byte) []byte {
	n := len(line)
	for n > 0 && (line[n-1] == ' ' || line[n-1] == '\t') {
		n--
	}
	return line[:n]
}
