package metrics

// MultiLabel counts answers of a classifier that gives each example any number of L labels.
type MultiLabel struct {
	labels        []Counts
	examples      int64
	exact         int64   // examples whose labels are all right
	jaccard       float64 // sum over examples of |gold and predicted| / |gold or predicted|
	wrong, judged int64   // single answers
}

// NewMultiLabel is an empty count of so many labels.
func NewMultiLabel(labels int) *MultiLabel { return &MultiLabel{labels: make([]Counts, labels)} }

// Add counts one example: which labels it has, and which it was given, both [L].
func (m *MultiLabel) Add(gold, predicted []bool) {
	if len(gold) != len(m.labels) || len(predicted) != len(m.labels) {
		panic("metrics: MultiLabel.Add of another number of labels")
	}
	var both, either int
	exact := true
	for i := range gold {
		m.labels[i].Add(gold[i], predicted[i])
		if gold[i] && predicted[i] {
			both++
		}
		if gold[i] || predicted[i] {
			either++
		}
		if gold[i] != predicted[i] {
			exact = false
			m.wrong++
		}
	}
	m.judged += int64(len(gold))
	m.examples++
	if exact {
		m.exact++
	}
	if either == 0 { // nothing to find and nothing found is a full match
		m.jaccard++
	} else {
		m.jaccard += float64(both) / float64(either)
	}
}

// Labels gives the counts of each label, [L]; they belong to the MultiLabel. Micro, Macro and Weighted average them.
func (m *MultiLabel) Labels() []Counts { return m.labels }

// Total is how many examples were counted.
func (m *MultiLabel) Total() int64 { return m.examples }

// SubsetAccuracy is the share of examples whose labels are all right: scikit-learn's accuracy of label sets.
func (m *MultiLabel) SubsetAccuracy() float64 { return ratio(m.exact, m.examples) }

// HammingLoss is the share of single answers, example by label, that are wrong.
func (m *MultiLabel) HammingLoss() float64 { return ratio(m.wrong, m.judged) }

// Jaccard is the mean over examples of the labels in both sets over those in either; 1 where both sets are empty.
func (m *MultiLabel) Jaccard() float64 { return m.jaccard / float64(m.examples) }
