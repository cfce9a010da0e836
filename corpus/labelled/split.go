package labelled

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
)

// SplitKind is how records are parted.
type SplitKind string

// The kinds of split.
const (
	Stratified SplitKind = "stratified" // each label in about the same share on both sides
	Group      SplitKind = "group"      // records with the same value of a field stay together
	Time       SplitKind = "time"       // the last by a field are held out
)

// SplitKinds lists them all.
var SplitKinds = []string{string(Stratified), string(Group), string(Time)}

// SplitConfig says how much of a set is held out, and how it is chosen.
type SplitConfig struct {
	Kind     SplitKind `yaml:"kind"`     // stratified, group or time
	Fraction float64   `yaml:"fraction"` // share of the records held out, in [0, 0.9]
	Field    string    `yaml:"field"`    // of the groups or times; must be among Options.Fields
}

// DefaultSplit holds a tenth out, stratified.
func DefaultSplit() SplitConfig { return SplitConfig{Kind: Stratified, Fraction: 0.1} }

// Validate says what is wrong, nil when nothing is.
func (c SplitConfig) Validate() error {
	if !slices.Contains(SplitKinds, string(c.Kind)) {
		return fmt.Errorf("split.kind: unknown %q; known are %s", c.Kind, strings.Join(SplitKinds, ", "))
	}
	if !(c.Fraction >= 0 && c.Fraction <= 0.9) {
		return fmt.Errorf("split.fraction is %g; give a share between 0 and 0.9", c.Fraction)
	}
	if c.Kind != Stratified && c.Field == "" {
		return fmt.Errorf("split.kind %s wants split.field, the column of the %s", c.Kind, map[SplitKind]string{Group: "groups", Time: "times"}[c.Kind])
	}
	return nil
}

// Split parts a set in two by the indexes of its records, each in rising order. Records that repeat each other (Record.Hash) stay on one side
// but for a split by time. The same seed gives the same split.
func Split(s *Set, c SplitConfig, seed uint64) (training, held []int, err error) {
	if err := c.Validate(); err != nil {
		return nil, nil, err
	}
	want := int(math.Round(c.Fraction * float64(len(s.Records))))
	if c.Kind == Time {
		return splitTime(s, c.Field, want)
	}
	units, err := s.units(c)
	if err != nil {
		return nil, nil, err
	}
	folds := deal(s, units, []int{len(s.Records) - want, want}, seed)
	return folds[0], folds[1], nil
}

// Folds parts a set into k parts of about the same size for cross-validation, each to be held out once; kind Stratified or Group.
func Folds(s *Set, k int, c SplitConfig, seed uint64) ([][]int, error) {
	if k < 2 || k > len(s.Records) {
		return nil, fmt.Errorf("%d folds of %d records; give at least 2 and no more than there are records", k, len(s.Records))
	}
	if c.Kind == Time {
		return nil, fmt.Errorf("folds by time would train on what comes after; split.kind stratified or group")
	}
	c.Fraction = 0
	if err := c.Validate(); err != nil {
		return nil, err
	}
	units, err := s.units(c)
	if err != nil {
		return nil, err
	}
	sizes := make([]int, k)
	for i := range sizes {
		sizes[i] = (i+1)*len(s.Records)/k - i*len(s.Records)/k
	}
	return deal(s, units, sizes, seed), nil
}

// units are the records that stay together, in the order of their first.
func (s *Set) units(c SplitConfig) ([][]int, error) {
	at, units := map[string]int{}, [][]int(nil)
	for i, r := range s.Records {
		key := r.normal()
		if key == "" {
			key = fmt.Sprint(i) // texts without a word do not repeat each other
		}
		if c.Kind == Group {
			value, ok := r.Fields[c.Field]
			if !ok {
				return nil, fmt.Errorf("%v: the record has no field %q to group by", r.Source, c.Field)
			}
			key = value
		}
		u, ok := at[key]
		if !ok {
			u = len(units)
			at[key] = u
			units = append(units, nil)
		}
		units[u] = append(units[u], i)
	}
	return units, nil
}

// deal hands units to parts of the given sizes so that each label comes to each part in its share: the rarest label's units first, each to the
// part that lacks most of that label (Sechidis, Tsoumakas and Vlahavas, "On the Stratification of Multi-Label Data", 2011, which for one label
// a record is plain stratification). A label of at least two units comes to every part that can hold it.
func deal(s *Set, units [][]int, sizes []int, seed uint64) [][]int {
	rng := rand.New(rand.NewPCG(seed, 0x5711))
	rng.Shuffle(len(units), func(i, j int) { units[i], units[j] = units[j], units[i] })
	labels := len(s.Labels)
	strata := make([]int, len(units)) // the rarest label of each unit; none is a stratum of its own
	count := append(s.Count(), len(s.Records))
	for u, unit := range units {
		strata[u] = labels
		for _, i := range unit {
			for _, l := range s.Records[i].Labels {
				if cmp.Or(cmp.Compare(count[l], count[strata[u]]), cmp.Compare(l, strata[u])) < 0 {
					strata[u] = l
				}
			}
		}
	}
	order := make([]int, len(units))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(count[strata[a]], count[strata[b]]), cmp.Compare(strata[a], strata[b]), cmp.Compare(len(units[b]), len(units[a])))
	})
	total := float64(len(s.Records))
	parts, room := make([][]int, len(sizes)), slices.Clone(sizes)
	for from := 0; from < len(order); {
		to, records := from, 0
		for ; to < len(order) && strata[order[to]] == strata[order[from]]; to++ {
			records += len(units[order[to]])
		}
		lack := make([]float64, len(sizes)) // records of this stratum that each part still wants
		for p, n := range sizes {
			lack[p] = float64(n) / total * float64(records)
			if n > 0 && to-from >= len(sizes) {
				lack[p] = max(lack[p], 0.75) // so that a rare label does not miss a small part by rounding
			}
		}
		for _, u := range order[from:to] {
			best := choosePart(lack, room, len(units[u]))
			parts[best] = append(parts[best], units[u]...)
			lack[best] -= float64(len(units[u]))
			room[best] -= len(units[u])
		}
		from = to
	}
	for p := range parts {
		slices.Sort(parts[p])
	}
	return parts
}

// choosePart takes the part that lacks most, among those with room for all of the unit where there are any; of equals the one with more room.
func choosePart(lack []float64, room []int, size int) int {
	best := -1
	for p := range lack {
		if room[p] < size {
			continue
		}
		if best < 0 || lack[p] > lack[best] || lack[p] == lack[best] && room[p] > room[best] {
			best = p
		}
	}
	if best >= 0 {
		return best
	}
	best = 0
	for p := range room {
		if room[p] > room[best] {
			best = p
		}
	}
	return best
}

// splitTime holds the last out. What is as old as the oldest held out goes with the training part, so that no moment is on both sides.
func splitTime(s *Set, field string, want int) (training, held []int, err error) {
	times := make([]string, len(s.Records))
	numeric := true
	for i, r := range s.Records {
		value, ok := r.Fields[field]
		if !ok || value == "" {
			return nil, nil, fmt.Errorf("%v: the record has no %q to split by time", r.Source, field)
		}
		times[i] = value
		_, isNumber := number(value)
		numeric = numeric && isNumber
	}
	compare := func(a, b string) int {
		if numeric {
			x, _ := number(a)
			y, _ := number(b)
			return cmp.Compare(x, y)
		}
		return cmp.Compare(a, b) // dates as ISO 8601 sort as text
	}
	sorted := slices.Clone(times)
	slices.SortStableFunc(sorted, compare)
	if want == 0 {
		for i := range times {
			training = append(training, i)
		}
		return training, nil, nil
	}
	border := sorted[max(len(sorted)-want-1, 0)]
	for i, t := range times {
		if compare(t, border) > 0 {
			held = append(held, i)
		} else {
			training = append(training, i)
		}
	}
	return training, held, nil
}
