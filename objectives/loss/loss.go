package loss

import (
	"github.com/go-cloze/cloze/models"
	"github.com/go-cloze/cloze/models/torch"
	"github.com/go-cloze/cloze/objectives"
)

// Term is a part of a loss, summed over what it counts.
type Term struct {
	Name   string        // of the part, one word
	Sum    *torch.Tensor // [] float32, nats; belongs to the caller's torch.Scope
	Count  float64       // what Sum was summed over: targets, as a rule
	Weight float64       // of Sum/Count in the loss
}

// Loss runs a model over a batch. Terms is called inside torch.Do. A loss whose terms couple the examples of a batch says so in
// its documentation.
type Loss interface {
	Terms(m models.Model, b *objectives.Batch) []Term
}

// Counter is a Loss that knows the counts of its terms, in their order, before it is computed. One of several terms can only be added up over
// micro-batches if it is: each term is divided by what the whole step counts.
type Counter interface {
	Counts(b *objectives.Batch) []float64
}

// NextToken is the cross entropy between the model's output and the targets of an objectives.NextToken batch.
type NextToken struct{}

// Terms returns one term: the cross entropy in nats, summed over the targets that are not IgnoreIndex, and their number.
func (NextToken) Terms(m models.Model, b *objectives.Batch) []Term {
	weightVD, biasV := m.Head()
	device := weightVD.Device()
	in := input(b, device)
	targetsN := ids(b.Targets, device)
	hiddenND := m.Hidden(in)
	sum := torch.LinearCrossEntropySum(hiddenND, weightVD, biasV, targetsN)
	torch.Free(hiddenND) // its gradient is computed already
	return []Term{{Name: "next-token", Sum: sum, Count: float64(b.Counted), Weight: 1}}
}

// input copies the batch to the device.
func input(b *objectives.Batch, device torch.Device) models.Input {
	in := models.NewInput(b.IDs, b.Positions, b.RowOffsets, device, b.Train)
	in.Segments, in.Languages = models.Kinds(b.Segments, device), models.Kinds(b.Languages, device)
	return in
}
