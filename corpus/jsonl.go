package corpus

import (
	"errors"
	"fmt"
)

// jsonl reads a JSON object a line.
type jsonl struct {
	s      *Source
	x      extractor
	fields []string // text, id if asked for, meta
}

// newJSONL reads the open file.
func newJSONL(s *Source) format { return &jsonl{s: s, fields: s.fields()} }

// fields are the names of the fields asked for: the text, the id if there is one, the others.
func (s *Source) fields() []string {
	fields := []string{s.opt.TextField}
	if s.opt.IDField != "" {
		fields = append(fields, s.opt.IDField)
	}
	return append(fields, s.opt.MetaFields...)
}

// next passes over lines that give no document.
func (j *jsonl) next(d *Document) error {
	for {
		if ok, err := j.record(d); ok || err != nil {
			return err
		}
	}
}

// record takes one line; false when it gave no document.
func (j *jsonl) record(d *Document) (bool, error) {
	s := j.s
	end, next, err := s.scan.lineAt(0)
	if err != nil {
		return false, s.lineFault(err)
	}
	line := s.scan.held()[:end]
	d.Source = Position{Record: s.scan.line, Offset: s.scan.offset}
	s.scan.drop(next, 1)
	if blank(line) {
		s.report.Counts[BlankLine]++
		return false, nil
	}
	s.report.Records++
	// JSON is UTF-8, so the line is repaired before it is parsed; the text then needs no second look.
	if firstInvalid(line) >= 0 {
		if line, err = s.clean(line, d.Source); err != nil {
			return false, err
		}
	}
	if err := j.x.parse(line, j.fields); err != nil {
		return false, s.jsonFault(line, d.Source, err.(*jsonError))
	}
	return j.take(d, line)
}

// take makes the document of a parsed record.
func (j *jsonl) take(d *Document, line []byte) (bool, error) {
	s := j.s
	if ok, err := j.text(d, line); !ok {
		return false, err
	}
	d.ID, d.Meta = "", nil
	rest := j.x.values[1:]
	if s.opt.IDField != "" {
		d.ID, _ = valueText(line, rest[0])
		rest = rest[1:]
	}
	if len(rest) > 0 {
		// A map for each document: the caller may keep it, and who asks for no field pays nothing.
		d.Meta = make(map[string]string, len(rest))
		for i, v := range rest {
			if value, ok := valueText(line, v); ok {
				d.Meta[s.opt.MetaFields[i]] = value
			}
		}
	}
	return true, nil
}

// text takes the text of a parsed record; false when that gives no document.
func (j *jsonl) text(d *Document, line []byte) (bool, error) {
	s, v := j.s, j.x.values[0]
	d.Text = nil
	switch v.kind {
	case jsonString:
	case jsonNone:
		if s.report.fields == nil {
			s.report.fields = j.names(line)
		}
		return s.without(MissingField, d.Source, "no field %q in the record; its fields are %q", s.opt.TextField, s.report.fields)
	case jsonNull:
		return s.without(NullField, d.Source, "field %q is null", s.opt.TextField)
	default:
		return false, s.fault(BrokenRecord, d.Source.Record, d.Source.Offset+int64(v.start),
			fmt.Errorf("field %q is %v, not a string; name another field, or write texts as strings", s.opt.TextField, v.kind))
	}
	// Most short texts hold no escape and are given out where they lie in the window.
	d.Text = line[v.start:v.end]
	if v.escaped {
		var lone int64
		if s.out, lone = unescape(s.out[:0], d.Text); lone > 0 {
			if s.opt.Policy == Strict {
				return false, s.fault(LoneSurrogate, d.Source.Record, d.Source.Offset+int64(v.start),
					errors.New("half a surrogate pair in the text; write the letter itself or both halves"))
			}
			s.report.Counts[LoneSurrogate] += lone
		}
		d.Text = s.out
	}
	if blank(d.Text) {
		return s.without(EmptyText, d.Source, "field %q is empty", s.opt.TextField)
	}
	return true, nil
}

// names are the fields of a record that is known to parse.
func (j *jsonl) names(line []byte) []string {
	names := []string{}
	j.x.collect = &names
	_ = j.x.parse(line, j.fields)
	j.x.collect = nil
	return names
}

// without books a record that has no text, and says whether it is a document all the same.
func (s *Source) without(r Reason, pos Position, cause string, args ...any) (bool, error) {
	if s.passes(r) {
		return s.opt.KeepEmpty, nil
	}
	return false, s.fault(r, pos.Record, pos.Offset, fmt.Errorf(cause+"; policy strict wants a text in each record", args...))
}

// valueText is a value as Document.ID and Meta show it; false for null and a missing field.
func valueText(line []byte, v span) (string, bool) {
	raw := line[v.start:v.end]
	switch {
	case v.kind == jsonNone || v.kind == jsonNull:
		return "", false
	case v.escaped:
		raw, _ = unescape(nil, raw)
	}
	return string(raw), true
}

// jsonFault words a record that is no JSON object. It shows how the record starts, to find it by.
func (s *Source) jsonFault(line []byte, pos Position, e *jsonError) *Error {
	remedy := "mend or remove the record"
	if line[0] == '[' {
		remedy = "this may be a JSON array: give an object a line (jq -c '.[]')"
	}
	return s.fault(BrokenRecord, pos.Record, pos.Offset+int64(e.at),
		fmt.Errorf("not a JSON object: %s; the record starts %.40q; %s", e.what, line, remedy))
}
