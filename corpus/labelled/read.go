package labelled

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/go-cloze/cloze/corpus"
)

// Options says how labelled records are read. Task and LabelFields may be left empty: then the column is "label".
type Options struct {
	corpus.Options
	// Task; empty means Multi for several label fields or with a Separator, else Single.
	Task Task
	// LabelFields are the columns of the labels.
	LabelFields []string
	// Separator parts a cell of several labels.
	Separator string
	// PairField is the column of a second text; empty means none.
	PairField string
	// Fields are further columns to keep in Record.Fields.
	Fields []string
	// Known is the label map of a model; labels must be among it. Empty: the map is made from the data.
	Known []string
	// Rename gives labels of the data other names before they are looked up.
	Rename map[string]string
	// MinCount drops labels that fewer records have; for making a label map.
	MinCount int

	classesMeant bool // the task was said, so numbers are classes if it says so
}

// FastTextPrefix is what labels begin with in text files in fastText's form.
const FastTextPrefix = "__label__"

// resolved fills the defaults in and makes the corpus hand over all columns.
func (o Options) resolved() (Options, error) {
	if len(o.LabelFields) == 0 {
		o.LabelFields = []string{"label"}
	}
	o.classesMeant = o.Task != ""
	if o.Task == "" {
		o.Task = Single
		if len(o.LabelFields) > 1 || o.Separator != "" {
			o.Task = Multi
		}
	}
	if !slices.Contains(Tasks, string(o.Task)) {
		return o, fmt.Errorf("unknown task %q; known are %s", o.Task, strings.Join(Tasks, ", "))
	}
	if len(o.LabelFields) > 1 && (o.Task != Multi || o.Separator != "") {
		return o, fmt.Errorf("%d label fields and the task %s; several fields are the labels of the task multi, without a separator", len(o.LabelFields), o.Task)
	}
	o.Options.KeepEmpty = true
	o.Options.MetaFields = append([]string(nil), o.LabelFields...)
	if o.PairField != "" {
		o.Options.MetaFields = append(o.Options.MetaFields, o.PairField)
	}
	for _, f := range o.Fields {
		if f != "" && !slices.Contains(o.Options.MetaFields, f) {
			o.Options.MetaFields = append(o.Options.MetaFields, f)
		}
	}
	return o, nil
}

// Open reads all records of the paths.
func (o Options) Open(paths ...string) (*Set, error) {
	o, err := o.resolved()
	if err != nil {
		return nil, err
	}
	src, err := o.Options.Open(paths...)
	if err != nil {
		return nil, err
	}
	defer src.Close()
	return o.read(src)
}

// Read reads all records of one stream; name stands for its path.
func (o Options) Read(name string, r io.Reader) (*Set, error) {
	o, err := o.resolved()
	if err != nil {
		return nil, err
	}
	src, err := o.Options.Read(name, r)
	if err != nil {
		return nil, err
	}
	defer src.Close()
	return o.read(src)
}

// reader gathers records; their labels are words until all are known.
type reader struct {
	Options
	set   *Set
	words [][]string // labels of each record
	seen  map[string]bool
}

func (o Options) read(src *corpus.Source) (*Set, error) {
	r := reader{Options: o, set: &Set{Task: o.Task}, seen: map[string]bool{}}
	for d, err := range src.All() {
		if err != nil {
			return nil, err
		}
		if err := r.add(d); err != nil {
			return nil, err
		}
	}
	r.set.Report = src.Report()
	if len(r.set.Records) == 0 {
		return nil, fmt.Errorf("no labelled record was found in %d files; check the paths", r.set.Report.Files)
	}
	if o.Task == Regression {
		return r.set, nil
	}
	if err := r.questionNumbers(); err != nil {
		return nil, err
	}
	return r.set, r.mapLabels()
}

// add takes a document as a record.
func (r *reader) add(d corpus.Document) error {
	rec := Record{Text: string(d.Text), Source: d.Source}
	if len(d.Meta) == 0 {
		if labels, text, ok := fastTextLine(rec.Text); ok {
			rec.Text = text
			return r.keep(rec, labels)
		}
	}
	rec.Pair = d.Meta[r.PairField]
	for _, f := range r.Fields {
		if v, ok := d.Meta[f]; ok {
			if rec.Fields == nil {
				rec.Fields = map[string]string{}
			}
			rec.Fields[f] = v
		}
	}
	if len(r.LabelFields) > 1 {
		labels, err := r.columns(d)
		if err != nil {
			return err
		}
		return r.keep(rec, labels)
	}
	cell, ok := d.Meta[r.LabelFields[0]]
	cell = strings.TrimSpace(cell)
	switch {
	case !ok:
		return fault(d, "the record has no field %q; name the field of the labels, or take the record out", r.LabelFields[0])
	case r.Task == Multi:
		return r.keep(rec, r.parts(cell))
	case cell == "":
		return fault(d, "the label in %q is empty; give one, or take the record out", r.LabelFields[0])
	case r.Task == Regression:
		if rec.Value, ok = number(cell); !ok {
			return fault(d, "%q in %q is not a number, which regression wants", cell, r.LabelFields[0])
		}
		return r.keep(rec, nil)
	}
	return r.keep(rec, []string{cell})
}

func fault(d corpus.Document, format string, args ...any) error {
	return fmt.Errorf("%v: %w", d.Source, fmt.Errorf(format, args...))
}

// parts takes a cell of several labels apart: a JSON array, or what Separator stands between.
func (r *reader) parts(cell string) []string {
	var array []any
	if strings.HasPrefix(cell, "[") && json.Unmarshal([]byte(cell), &array) == nil {
		labels := make([]string, len(array))
		for i, x := range array {
			labels[i] = fmt.Sprint(x)
		}
		return labels
	}
	cells := []string{cell}
	if r.Separator != "" {
		cells = strings.Split(cell, r.Separator)
	}
	var labels []string
	for _, part := range cells {
		if part = strings.TrimSpace(part); part != "" {
			labels = append(labels, part)
		}
	}
	return labels
}

// columns takes the labels whose column says so.
func (r *reader) columns(d corpus.Document) ([]string, error) {
	var labels []string
	for _, field := range r.LabelFields {
		cell, ok := d.Meta[field]
		if !ok {
			return nil, fault(d, "the record has no field %q; name the fields of the labels, or take the record out", field)
		}
		switch word := strings.ToLower(strings.TrimSpace(cell)); word {
		case "", "false", "no", "n", "f":
		case "true", "yes", "y", "t":
			labels = append(labels, field)
		default:
			x, ok := number(word)
			if !ok {
				return nil, fault(d, "%q in %q is neither a number nor yes or no, which a column for one label wants", cell, field)
			}
			if x > 0 {
				labels = append(labels, field)
			}
		}
	}
	return labels, nil
}

// keep books a record whose labels are still words.
func (r *reader) keep(rec Record, labels []string) error {
	for i, l := range labels {
		if to, ok := r.Rename[l]; ok {
			labels[i] = to
		}
		if len(r.Known) > 0 && !slices.Contains(r.Known, labels[i]) {
			return fmt.Errorf("%v: label %q is not among the model's: %s; name a map of labels, or take the record out", rec.Source, l, quoted(r.Known))
		}
		r.seen[labels[i]] = true
	}
	if strings.TrimSpace(rec.Text) == "" {
		r.set.Empty++
	}
	r.set.Records = append(r.set.Records, rec)
	r.words = append(r.words, labels)
	return nil
}

// quoted lists some words of a list.
func quoted(words []string) string {
	const most = 12
	var b strings.Builder
	for i, w := range words {
		if i == most {
			fmt.Fprintf(&b, " and %d more", len(words)-most)
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%q", w)
	}
	return b.String()
}

// fastTextLine takes the labels off a line in fastText's form.
func fastTextLine(line string) (labels []string, text string, ok bool) {
	text = strings.TrimLeft(line, " \t")
	for strings.HasPrefix(text, FastTextPrefix) {
		word, rest, _ := strings.Cut(text, " ")
		labels = append(labels, strings.TrimPrefix(strings.TrimRight(word, "\r\n"), FastTextPrefix))
		text = strings.TrimLeft(rest, " \t")
	}
	return labels, text, len(labels) > 0
}
