package classify

import (
	"fmt"
	"slices"
	"strings"
)

// LabelMap gives a model's labels the names of another set's, several the same one where that set tells less apart: "0=hateful,1=not,2=not".
type LabelMap map[string]string

// ParseLabelMap reads "MODEL=SET,...".
func ParseLabelMap(text string) (LabelMap, error) {
	if text == "" {
		return nil, nil
	}
	m := LabelMap{}
	for part := range strings.SplitSeq(text, ",") {
		from, to, ok := strings.Cut(part, "=")
		from, to = strings.TrimSpace(from), strings.TrimSpace(to)
		if !ok || from == "" || to == "" {
			return nil, fmt.Errorf("%q in a map of labels; give MODEL=SET pairs with commas between", part)
		}
		if m[from] != "" {
			return nil, fmt.Errorf("label %q is mapped twice", from)
		}
		m[from] = to
	}
	return m, nil
}

// Labels are the names that a model's labels have after the map, sorted; as they are without a map.
func (m LabelMap) Labels(model []string) ([]string, error) {
	if len(m) == 0 {
		return model, nil
	}
	var out []string
	for _, l := range model {
		to, ok := m[l]
		if !ok {
			return nil, fmt.Errorf("the map of labels lacks the model's label %q; it has %q", l, model)
		}
		out = append(out, to)
	}
	for from := range m {
		if !slices.Contains(model, from) {
			return nil, fmt.Errorf("the map of labels names %q, which is none of the model's: %q", from, model)
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// ids gives for each label of the model its id in the set.
func (m LabelMap) ids(model, set []string) ([]int, error) {
	out := make([]int, len(model))
	for i, l := range model {
		if to, ok := m[l]; ok {
			l = to
		}
		if out[i] = slices.Index(set, l); out[i] < 0 {
			return nil, fmt.Errorf("the model's label %q is none of the set's %q; give a map of labels", model[i], set)
		}
	}
	return out, nil
}
