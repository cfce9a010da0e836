package loss

import (
	"github.com/go-cloze/cloze/models"
	"github.com/go-cloze/cloze/models/torch"
	"github.com/go-cloze/cloze/objectives"
)

// MaskedToken is the cross entropy between the model's output and the targets of an objectives.MaskedToken batch. Only the rows that are asked for
// go through the head: of a batch of N tokens in which K are, nothing of [N,V] nor of [K,V] is ever built.
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
	hiddenND := m.Hidden(input(b, device))
	defer torch.Free(hiddenND) // autograd holds what it needs
	if counts[0] > 0 {
		terms[0].Sum, terms[0].Count = maskedSum(m, hiddenND, b), counts[0]
	}
	if l.Sentence != "" && counts[1] > 0 {
		terms[1].Sum, terms[1].Count = pairSum(m.(PairModel), hiddenND, b), counts[1]
	}
	return terms
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

// maskedSum picks the rows that are asked for and sums their cross entropy.
func maskedSum(m models.Model, hiddenND *torch.Tensor, b *objectives.Batch) *torch.Tensor {
	weightVD, biasV := m.Head()
	rows, targets := make([]int32, 0, b.Counted), make([]int32, 0, b.Counted)
	for i, target := range b.Targets {
		if target != objectives.IgnoreIndex {
			rows, targets = append(rows, int32(i)), append(targets, target)
		}
	}
	headKD := m.Transform(pick(hiddenND, rows))
	return torch.LinearCrossEntropySum(headKD, weightVD, biasV, ids(targets, weightVD.Device()))
}

// pairSum is the cross entropy of the rows' classes, from their first tokens.
func pairSum(m PairModel, hiddenND *torch.Tensor, b *objectives.Batch) *torch.Tensor {
	var rows, classes []int32
	for i, label := range b.Labels {
		if label.Class != objectives.IgnoreIndex {
			rows, classes = append(rows, b.RowOffsets[i]), append(classes, label.Class)
		}
	}
	return torch.CrossEntropySum(m.Pairs(pick(hiddenND, rows)), ids(classes, hiddenND.Device()))
}

// pick returns rows of hidden states, [K,D].
func pick(hiddenND *torch.Tensor, rows []int32) *torch.Tensor {
	return hiddenND.IndexSelect(0, ids(rows, hiddenND.Device()))
}

// ids copies numbers to a device, [K] int64.
func ids(numbers []int32, device torch.Device) *torch.Tensor {
	return torch.FromInt32(numbers, int64(len(numbers))).ToDevice(device)
}
