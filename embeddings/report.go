package embeddings

import (
	"fmt"
	"strings"
)

// Report says what a file was and what had to be mended to read it.
type Report struct {
	File   string `json:"file"`
	Format Format `json:"format"`
	// HeaderWords and HeaderDim are what the header claims; -1 where there is none.
	HeaderWords int64 `json:"header_words"`
	HeaderDim   int64 `json:"header_dim"`
	// Words and Dim are what was read.
	Words   int      `json:"words"`
	Dim     int      `json:"dim"`
	Repairs []Repair `json:"repairs,omitempty"`
}

// Repair is one kind of thing that was mended or is odd, with how often.
type Repair struct {
	What  string `json:"what"`
	Count int64  `json:"count"`
	// Unit and First tell where it was met first: "line" or "word", from 1.
	Unit  string `json:"unit"`
	First int64  `json:"first"`
}

// The kinds of repair, worst first; [Report].Repairs keeps this order.
const (
	repairCount     = "header counts words wrong"
	repairDim       = "header tells the dimension wrong"
	repairDuplicate = "word given twice, the first kept"
	repairBlank     = "word holds blanks or tabs"
	repairEmpty     = "word is empty"
	repairUTF8      = "word is not UTF-8, kept as bytes"
	repairBlankLine = "blank line skipped"
	repairBOM       = "byte order mark skipped"
)

var repairKinds = []string{repairCount, repairDim, repairDuplicate, repairBlank, repairEmpty, repairUTF8, repairBlankLine, repairBOM}

// Total is the number of all repairs.
func (r Report) Total() int64 {
	n := int64(0)
	for _, x := range r.Repairs {
		n += x.Count
	}
	return n
}

// String is a line for the file and one for each kind of repair, without a
// newline at the end.
func (r Report) String() string {
	var b strings.Builder
	if r.File != "" {
		fmt.Fprintf(&b, "%s: %s, ", r.File, r.Format)
	}
	fmt.Fprintf(&b, "%d words, dimension %d", r.Words, r.Dim)
	for _, x := range r.Repairs {
		fmt.Fprintf(&b, "\n  %d x %s", x.Count, x.What)
		if x.What == repairCount || x.What == repairDim {
			fmt.Fprintf(&b, " (header: %d words, dimension %d; file: %d, %d)", r.HeaderWords, r.HeaderDim, r.rowsInFile(), r.Dim)
		} else {
			fmt.Fprintf(&b, " (first: %s %d)", x.Unit, x.First)
		}
	}
	return b.String()
}

// rowsInFile is what the header should have said: duplicates are rows too.
func (r Report) rowsInFile() int64 {
	n := int64(r.Words)
	for _, x := range r.Repairs {
		if x.What == repairDuplicate {
			n += x.Count
		}
	}
	return n
}

// repairs counts while a file is read.
type repairs map[string]Repair

func (r repairs) add(what, unit string, at int64) {
	x, seen := r[what]
	if !seen {
		x = Repair{What: what, Unit: unit, First: at}
	}
	x.Count++
	r[what] = x
}

// merge takes over counts from a later part of the file.
func (r repairs) merge(later repairs) {
	for what, x := range later {
		if first, seen := r[what]; seen {
			x.First = first.First
			x.Count += first.Count
		}
		r[what] = x
	}
}

func (r repairs) list() []Repair {
	var out []Repair
	for _, what := range repairKinds {
		if x, ok := r[what]; ok {
			out = append(out, x)
		}
	}
	return out
}

// strictError is the repair that a strict reading stops at: the earliest, the
// worst of those at one place.
func (r repairs) strictError(report Report) error {
	var first *Repair
	for _, x := range r.list() {
		if first == nil || x.First < first.First {
			first = &x
		}
	}
	if first == nil {
		return nil
	}
	cause := first.What
	if first.What == repairCount || first.What == repairDim {
		cause += fmt.Sprintf(": header %d words of dimension %d, file %d of %d", report.HeaderWords, report.HeaderDim, report.rowsInFile(), report.Dim)
	}
	return &Error{File: report.File, Unit: first.Unit, Number: first.First, Cause: cause, Remedy: "mend the file, or read it without strict"}
}
