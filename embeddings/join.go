package embeddings

import "fmt"

// joiner puts the chunks together.
type joiner struct {
	in      *input
	lay     layout
	names   names
	rows    []float32
	repairs repairs
	seen    int64 // rows in the file, duplicates too
	lastRow int64 // line of the last one
}

func (j *joiner) add(c *chunk) error {
	if c.err != nil && c.lines == nil && c.repairs == nil {
		return c.err
	}
	if j.rows == nil {
		j.reserve(c)
	}
	dim := j.lay.dim
	for i, w := range c.words {
		if _, fresh := j.names.add(w); !fresh {
			c.repairs.add(repairDuplicate, "line", c.lines[i])
			continue
		}
		j.rows = append(j.rows, c.rows[i*dim:(i+1)*dim]...)
	}
	if n := len(c.lines); n > 0 {
		j.seen, j.lastRow = j.seen+int64(n), c.lines[n-1]
	}
	if j.names.len() > maxWords {
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
	n := len(c.words)
	if size := j.in.size; size > 0 && len(c.words) > 0 {
		n = int(float64(n)*float64(size)/float64(len(c.text))*1.02) + 1
	}
	if j.lay.words > 0 && j.lay.words < int64(n) {
		n = int(j.lay.words)
	}
	j.names.reserve(n)
	j.rows = make([]float32, 0, n*j.lay.dim)
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
	report.Words, report.Dim = j.names.len(), j.lay.dim
	if j.in.Strict {
		if err := j.repairs.strictError(report); err != nil {
			return nil, err
		}
	}
	return finish(j.names, j.lay.dim, j.rows, report), nil
}
