package models

import (
	"encoding/json"
	"fmt"
	"maps"
	"strconv"

	"github.com/go-cloze/cloze/models/torch"
)

// The problem_type of Hugging Face's configurations: what the outputs of a classifier are.
const (
	SingleLabel = "single_label_classification" // one class of all: softmax
	MultiLabel  = "multi_label_classification"  // any number of them: a sigmoid each
	Regression  = "regression"                  // numbers as they are
)

// Classifier is a network with a head for whole rows.
type Classifier interface {
	Network
	// Classify returns the logits of rows, [R,L], from the hidden states of their first tokens, [R,D]; with train, dropout is on. They belong to
	// the torch.Scope of the caller.
	Classify(firstRD *torch.Tensor, train bool) *torch.Tensor
	// ScaleClasses multiplies the logits by a number from now on, in the weights.
	ScaleClasses(factor float64)
}

// classHead is the head that classifies rows by their first tokens. BERT has its pooler before it; RoBERTa and DistilBERT have a dense layer of
// its own, XLM has none (transformers, the ForSequenceClassification of each type).
type classHead struct {
	dense   Linear // [D,D]; no weight where there is none
	out     Linear // [L,D]
	dropout float64
}

// classHead builds it.
func (b builder) classHead(m *BERT, names bertNames) {
	c := m.Config
	if c.Classes == 0 {
		return
	}
	if names.classDense != "" {
		m.classes.dense = b.linear(names.classDense, c.Dim, c.Dim, c.InitStd, true, false)
	}
	m.classes.out = b.linear(names.classOut, c.Dim, c.Classes, c.InitStd, true, false)
	m.classes.dropout = c.classDrop()
}

// Classify is part of Classifier. The network must have Config.Classes.
func (m *BERT) Classify(firstRD *torch.Tensor, train bool) *torch.Tensor {
	x, head := firstRD, m.classes
	switch {
	case head.dense.WeightOI == nil && m.Config.Type == "bert":
		x = m.pooler.Forward(x).Tanh()
	case m.Config.Type == "distilbert":
		x = head.dense.Forward(x).ReLU()
	case head.dense.WeightOI != nil:
		x = head.dense.Forward(x.Dropout(head.dropout, train)).Tanh()
	}
	return head.out.Forward(x.Dropout(head.dropout, train))
}

// ScaleClasses is part of Classifier.
func (m *BERT) ScaleClasses(factor float64) {
	torch.NoGrad(func() {
		for _, t := range []*torch.Tensor{m.classes.out.WeightOI, m.classes.out.BiasO} {
			t.Copy_(t.MulScalar(factor))
		}
	})
}

// classDrop is the dropout of the head, which each type keeps under a name and with a default of its own.
func (c BERTConfig) classDrop() float64 {
	key, value := "classifier_dropout", c.HiddenDrop
	switch c.Type {
	case "distilbert":
		key, value = "seq_classif_dropout", 0.2
	case "xlm":
		key, value = "summary_first_dropout", 0.1
	}
	_ = json.Unmarshal(c.Extra[key], &value) // null, or no number, leaves the default
	return min(max(value, 0), 0.999)
}

// holdsClassifier says whether a file holds the head. A classifier of single tokens has no pooler, nor a dense layer.
func (c BERTConfig) holdsClassifier(holds func(string) bool) bool {
	names := c.names()
	return holds(names.classOut+".weight") && (c.Type != "bert" || c.Pooler) && (names.classDense == "" || holds(names.classDense+".weight"))
}

// numLabels is how many outputs a config.json says: Hugging Face's default is 2.
func numLabels(extra map[string]json.RawMessage) int {
	var names map[string]string
	if json.Unmarshal(extra["id2label"], &names) == nil && len(names) > 0 {
		return len(names)
	}
	n := 2
	_ = json.Unmarshal(extra["num_labels"], &n)
	return n
}

// WithClasses returns the configuration of the same encoder with a head that classifies rows, in place of other heads: labels name its outputs,
// problem is one of the three above. Without labels the head is taken off. A family that cannot have one is an error.
func WithClasses(c Config, labels []string, problem string) (Config, error) {
	encoder, ok := c.(BERTConfig)
	if !ok {
		return nil, fmt.Errorf("a %s network has no head for classes here; choose an encoder: bert, roberta, xlm-roberta, camembert, distilbert or xlm", c.Shape().ModelType)
	}
	encoder.Head, encoder.PairHead, encoder.twoBiases = false, false, false
	encoder.Pooler = encoder.Type == "bert"
	encoder.Classes, encoder.Extra = len(labels), maps.Clone(encoder.Extra)
	if encoder.Extra == nil {
		encoder.Extra = map[string]json.RawMessage{}
	}
	names, ids := map[string]string{}, map[string]int{}
	for i, label := range labels {
		names[strconv.Itoa(i)], ids[label] = label, i
	}
	delete(encoder.Extra, "num_labels")
	for key, value := range map[string]any{"id2label": names, "label2id": ids, "problem_type": problem} {
		data, err := json.Marshal(value)
		if err != nil {
			return nil, err
		}
		if encoder.Extra[key] = data; len(labels) == 0 {
			delete(encoder.Extra, key)
		}
	}
	return encoder, encoder.Validate()
}

// WithDropout returns the configuration of the same encoder with one probability of dropout, from 0 to below 1, in every place that has one.
func WithDropout(c Config, probability float64) (Config, error) {
	encoder, ok := c.(BERTConfig)
	if !ok {
		return nil, fmt.Errorf("the dropout of a %s network is what its config.json says", c.Shape().ModelType)
	}
	encoder.HiddenDrop, encoder.AttnDrop = probability, probability
	return encoder, encoder.Validate()
}

// Classes returns the names of the outputs of a network's head for classes, by id, and its problem_type, "" where config.json does not say; no
// labels where it has no such head.
func Classes(c Config) (labels []string, problem string) {
	encoder, ok := c.(BERTConfig)
	if !ok || encoder.Classes == 0 {
		return nil, ""
	}
	var names map[string]string
	_ = json.Unmarshal(encoder.Extra["id2label"], &names) // left out it is LABEL_0, LABEL_1, as in transformers
	_ = json.Unmarshal(encoder.Extra["problem_type"], &problem)
	for i := range encoder.Classes {
		label, ok := names[strconv.Itoa(i)]
		if !ok {
			label = "LABEL_" + strconv.Itoa(i)
		}
		labels = append(labels, label)
	}
	return labels, problem
}
