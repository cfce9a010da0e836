package labelled

import (
	"fmt"
	"slices"
)

// questionNumbers asks before numbers with fractions become classes: a score of 0.2, 3.6 or 5.0 is regression to most who have one.
func (r *reader) questionNumbers() error {
	if r.Task != Single || len(r.Known) > 0 || len(r.seen) < 3 {
		return nil
	}
	example := ""
	for l := range r.seen {
		x, ok := number(l)
		if !ok {
			return nil
		}
		if x != float64(int64(x)) && (example == "" || l < example) {
			example = l
		}
	}
	if example == "" || r.classesMeant {
		return nil
	}
	return fmt.Errorf("the labels in %q are %d different numbers, such as %s: say --task regression to learn the number, or --task single to take each for a class",
		r.LabelFields[0], len(r.seen), example)
}

// mapLabels makes the label map, drops what is too rare, and turns words into ids.
func (r *reader) mapLabels() error {
	set := r.set
	set.Labels = r.Known
	if len(r.Known) == 0 {
		for l := range r.seen {
			set.Labels = append(set.Labels, l)
		}
		if len(r.LabelFields) > 1 { // a column without a single vote is a label too
			set.Labels = append(set.Labels, r.LabelFields...)
		}
		set.Labels = sortLabels(set.Labels)
		r.dropRare()
	}
	ids := make(map[string]int, len(set.Labels))
	for i, l := range set.Labels {
		ids[l] = i
	}
	kept := set.Records[:0]
	for i, rec := range set.Records {
		for _, w := range r.words[i] {
			if id, ok := ids[w]; ok {
				rec.Labels = append(rec.Labels, id)
			}
		}
		slices.Sort(rec.Labels)
		rec.Labels = slices.Compact(rec.Labels)
		if set.Task == Single && len(rec.Labels) > 1 {
			return fmt.Errorf("%v: the record has %d labels; say --task multi", rec.Source, len(rec.Labels))
		}
		if set.Task == Multi || len(rec.Labels) > 0 {
			kept = append(kept, rec)
		}
	}
	set.Records = kept
	return nil
}

// dropRare takes labels of fewer than MinCount records out of the map and says where they stood.
func (r *reader) dropRare() {
	if r.MinCount <= 1 {
		return
	}
	count := map[string]int{}
	for _, words := range r.words {
		for _, w := range words {
			count[w]++
		}
	}
	r.set.Labels = slices.DeleteFunc(r.set.Labels, func(l string) bool {
		if count[l] >= r.MinCount {
			return false
		}
		d := Dropped{Label: l}
		for i, words := range r.words {
			if slices.Contains(words, l) {
				d.Sources = append(d.Sources, r.set.Records[i].Source)
			}
		}
		r.set.Dropped = append(r.set.Dropped, d)
		return true
	})
}
