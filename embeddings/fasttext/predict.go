package fasttext

import (
	"fmt"
	"math"
)

// Prediction is a label, with its prefix, and its probability.
type Prediction struct {
	Label       string  `json:"label"`
	Probability float32 `json:"probability"`
}

// Answer is what a classifier says of a text.
type Answer struct {
	Labels []Prediction // most probable first
	// Empty: the text has no word that the model knows or can compose. What it
	// then predicts, if anything, is what it learnt of the end of a line.
	Empty bool
}

// Predict gives at most k labels (all with k = -1) of at least the probability
// threshold. Text is one record whatever lines it has; a line end after it
// changes nothing, since the original adds its end-of-line token in any case.
// Probabilities are the original's: with 1e-5 added to each, but never above 1.
func (m *Model) Predict(text string, k int, threshold float32) (Answer, error) {
	if m.Args.Model != Supervised || m.Output == nil {
		return Answer{}, fmt.Errorf("this is a %v model of word vectors, not a classifier: it predicts no labels", m.Args.Model)
	}
	if k == -1 {
		k = m.Output.Rows
	} else if k < 1 {
		return Answer{}, fmt.Errorf("%d labels are asked for; ask for at least one, or -1 for all", k)
	}
	hidden, rows, known := m.hidden(text)
	answer := Answer{Empty: known == 0}
	if rows == 0 {
		return answer, nil
	}
	found := best{k: k}
	if m.Args.Loss == HierarchicalSoftmax {
		m.treeOnce.Do(func() { m.tree = buildTree(m.Dictionary.Labels) })
		m.descend(&found, hidden, threshold)
	} else {
		for i, p := range m.probabilities(hidden) {
			if p >= threshold {
				found.add(scored{stdLog(p), int32(i)})
			}
		}
	}
	for _, s := range found.sorted() {
		p := min(1, float32(math.Exp(float64(s.score))))
		answer.Labels = append(answer.Labels, Prediction{m.Dictionary.Labels[s.label].Word, p})
	}
	return answer, nil
}

// hidden is the mean of a text's rows [D], with how many those are and how many
// words gave some.
func (m *Model) hidden(text string) (mean []float32, rows, known int) {
	list, known := m.Dictionary.AppendLine(make([]int32, 0, 256), text, &m.Args)
	mean = make([]float32, m.Args.Dim)
	m.Input.mean(mean, list)
	return mean, len(list), known
}

// Probabilities are those of all labels for a text [C], in the order of the
// dictionary and without the original's 1e-5; known counts the words that the
// model knows or can compose. A classifier with hierarchical softmax is refused.
func (m *Model) Probabilities(text string) (p []float32, known int, err error) {
	if m.Args.Model != Supervised || m.Output == nil || m.Args.Loss == HierarchicalSoftmax {
		return nil, 0, fmt.Errorf("a %v model with the loss %v has no probability for each label", m.Args.Model, m.Args.Loss)
	}
	hidden, _, known := m.hidden(text)
	return m.probabilities(hidden), known, nil
}

// stdLog is the original's logarithm, which never meets zero.
func stdLog(x float32) float32 { return float32(math.Log(float64(x) + 1e-5)) }
