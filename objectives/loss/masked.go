package loss

import (
	"github.com/go-cloze/cloze/models"
	"github.com/go-cloze/cloze/models/torch"
	"github.com/go-cloze/cloze/objectives"
)

// MaskedToken is the cross entropy between the model's output and the targets of an objectives.MaskedToken batch. Only the rows that are asked for
// go through the head, and through what follows the last attention where the network can leave out the others (models.RowsModel): of a batch of N
// tokens in which K are asked for, nothing of [N,V] nor of [K,V] is ever built.
type MaskedToken struct {
	// Sentence names a second term, about the batch's Labels: which of two classes the pair of texts in a row is in. The model must be a
	// PairModel then. "" is none.
	Sentence string
}

// PairModel is a network that tells two kinds of pairs of texts apart.
type PairModel interface {
	models.Model
	// Pairs returns the logits [R,2] of pairs from the hidden states [R,D] of their rows' first tokens.
	Pairs(firstRD *torch.Tensor) *torch.Tensor
}

// Terms returns the term "masked-token", the cross entropy in nats summed over the targets, and that of the sentences, where there is one, summed
// over the rows that have a class; each with its own count. For a batch that asks for nothing the network is not run: sums and counts are
// 0, and there is nothing to go backward from.
func (l MaskedToken) Terms(m models.Model, b *objectives.Batch) []Term {
	weightVD, _ := m.Head()
	device := weightVD.Device()
	terms := []Term{{Name: "masked-token", Sum: torch.Zeros(torch.Float32, device), Weight: 1}}
	if l.Sentence != "" {
		terms = append(terms, Term{Name: l.Sentence, Sum: torch.Zeros(torch.Float32, device), Weight: 1})
	}
	counts := l.Counts(b)
	if counts[0] == 0 && (l.Sentence == "" || counts[1] == 0) {
		return terms
	}
	asked := l.asked(b)
	hiddenKD := models.HiddenAt(m, input(b, device), ids(asked.rows, device))
	defer torch.Free(hiddenKD) // autograd holds what it needs
	masked := int64(len(asked.targets))
	if masked > 0 {
		weightVD, biasV := m.Head()
		headKD := m.Transform(hiddenKD.Narrow(0, 0, masked))
		terms[0].Sum, terms[0].Count = torch.LinearCrossEntropySum(headKD, weightVD, biasV, ids(asked.targets, device)), counts[0]
	}
	if pairs := int64(len(asked.classes)); pairs > 0 {
		logits := m.(PairModel).Pairs(hiddenKD.Narrow(0, masked, pairs))
		terms[1].Sum, terms[1].Count = torch.CrossEntropySum(logits, ids(asked.classes, device)), counts[1]
	}
	return terms
}

// asked is what a batch asks for: rows of the hidden states, first those of the targets, then the first tokens of the pairs.
type asked struct{ rows, targets, classes []int32 }

func (l MaskedToken) asked(b *objectives.Batch) (a asked) {
	a.rows, a.targets = make([]int32, 0, b.Counted+len(b.Labels)), make([]int32, 0, b.Counted)
	for i, target := range b.Targets {
		if target != objectives.IgnoreIndex {
			a.rows, a.targets = append(a.rows, int32(i)), append(a.targets, target)
		}
	}
	if l.Sentence == "" {
		return a
	}
	for i, label := range b.Labels {
		if label.Class != objectives.IgnoreIndex {
			a.rows, a.classes = append(a.rows, b.RowOffsets[i]), append(a.classes, label.Class)
		}
	}
	return a
}

// Counts is part of Counter.
func (l MaskedToken) Counts(b *objectives.Batch) []float64 {
	if l.Sentence == "" {
		return []float64{float64(b.Counted)}
	}
	pairs := 0
	for _, label := range b.Labels {
		if label.Class != objectives.IgnoreIndex {
			pairs++
		}
	}
	return []float64{float64(b.Counted), float64(pairs)}
}

// ids copies numbers to a device, [K] int64.
func ids(numbers []int32, device torch.Device) *torch.Tensor {
	return torch.FromInt32(numbers, int64(len(numbers))).ToDevice(device)
}
