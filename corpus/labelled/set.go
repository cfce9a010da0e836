package labelled

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/go-cloze/cloze/corpus"
)

// Task is what is predicted of a text.
type Task string

// The tasks.
const (
	Single     Task = "single"     // one of the labels
	Multi      Task = "multi"      // any number of the labels
	Regression Task = "regression" // a number
)

// Tasks lists them all.
var Tasks = []string{string(Single), string(Multi), string(Regression)}

// Record is a text and what is to be said of it.
type Record struct {
	Text   string
	Pair   string            // second text of a pair, empty without one
	Labels []int             // ids into Set.Labels in rising order; one for Single, none for Regression
	Value  float64           // for Regression
	Fields map[string]string // those of Options.Fields that the record has
	Source corpus.Position
}

// Set is labelled records in the order of the files.
type Set struct {
	Task    Task
	Labels  []string // the label map: label i has id i; nil for Regression
	Records []Record
	Report  corpus.Report
	Empty   int // records without text
	// Dropped are labels seen less often than Options.MinCount, and on which lines; the records were dropped with them where they had no other.
	Dropped []Dropped
}

// Dropped is a label that was too rare.
type Dropped struct {
	Label   string            `json:"label"`
	Sources []corpus.Position `json:"sources"`
}

// Count is how many records have each label, [L].
func (s *Set) Count() []int {
	n := make([]int, len(s.Labels))
	for _, r := range s.Records {
		for _, l := range r.Labels {
			n[l]++
		}
	}
	return n
}

// Subset is the records at the indexes, with the same label map.
func (s *Set) Subset(index []int) *Set {
	out := &Set{Task: s.Task, Labels: s.Labels, Records: make([]Record, len(index))}
	for i, at := range index {
		out.Records[i] = s.Records[at]
		if strings.TrimSpace(out.Records[i].Text) == "" {
			out.Empty++
		}
	}
	return out
}

// Trainable refuses a set that nothing can be learnt from: no records, or one label on all of them.
func (s *Set) Trainable() error {
	if len(s.Records) == 0 {
		return fmt.Errorf("no labelled record to train on; check the paths and fields")
	}
	if s.Task == Regression {
		first := s.Records[0].Value
		if !slices.ContainsFunc(s.Records, func(r Record) bool { return r.Value != first }) {
			return fmt.Errorf("all %d records have the value %v: there is nothing to learn", len(s.Records), first)
		}
		return nil
	}
	for label, n := range s.Count() {
		if s.Task == Single && n == len(s.Records) {
			return fmt.Errorf("all %d records have the label %q: there is nothing to learn; give records of at least two labels", n, s.Labels[label])
		}
	}
	if len(s.Labels) == 0 {
		return fmt.Errorf("no record has a label: there is nothing to learn")
	}
	return nil
}

// sortLabels sorts by value where all are numbers, else by bytes; equal labels are joined.
func sortLabels(labels []string) []string {
	numeric := true
	for _, l := range labels {
		_, ok := number(l)
		numeric = numeric && ok
	}
	slices.SortFunc(labels, func(a, b string) int {
		if numeric {
			x, _ := number(a)
			y, _ := number(b)
			if x != y {
				return cmp.Compare(x, y)
			}
		}
		return cmp.Compare(a, b)
	})
	return slices.Compact(labels)
}

// number reads a finite number; "nan", "inf" and hexadecimal are words.
func number(s string) (float64, bool) {
	if s == "" || strings.ContainsAny(s, "xXpP_iInN") {
		return 0, false
	}
	x, err := strconv.ParseFloat(s, 64)
	return x, err == nil
}
