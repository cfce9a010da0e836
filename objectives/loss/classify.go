package loss

import (
	"math"

	"github.com/go-cloze/cloze/models"
	"github.com/go-cloze/cloze/models/torch"
	"github.com/go-cloze/cloze/objectives"
)

// Classify is the loss of whole rows' labels, of a models.Classifier and an objectives.Classify batch. Only the first token of each row goes through
// what follows the last attention.
type Classify struct {
	// Problem is one of models.SingleLabel (cross entropy), models.MultiLabel (binary cross entropy of each output) and models.Regression (squared error).
	Problem string
	// Weights [L] are those of the classes; nil weighs all alike. As in PyTorch the mean of single labels is divided by the sum of the weights.
	Weights []float64
	// Smoothing is the share of the target that is spread over all classes (Szegedy et al. 2016, arXiv:1512.00567, section 7), in [0,1); single labels alone.
	Smoothing float64
	// FocalGamma above 0 makes little of rows that are already right (Lin et al. 2017, arXiv:1708.02002, equation 4); single labels alone.
	FocalGamma float64
	// Features [N,D] is what the head reads of each text of the training set (Label.Record), where the network below it stands still and need not be
	// asked; else nil.
	Features *torch.Tensor
}

// Terms returns one term, summed over the rows. Its count is the sum of the weights of the rows' labels; of several labels it is
// the number of outputs, rows times L; of a regression the number of rows.
func (l Classify) Terms(m models.Model, b *objectives.Batch) []Term {
	device := m.Params().Tensors()[0].Device()
	hiddenRD := l.hidden(m, b, device)
	defer torch.Free(hiddenRD) // autograd holds what it needs
	logitsRL := m.(models.Classifier).Classify(hiddenRD, b.Train)
	targetsRL, count := l.targets(b.Labels, int(logitsRL.Size(1)))
	return []Term{{Name: "classify", Sum: l.sum(logitsRL.To(torch.Float32), torch.FromFloat32(targetsRL, logitsRL.Shape()...).ToDevice(device)), Count: count, Weight: 1}}
}

// hidden is what the head reads of the rows, [R,D].
func (l Classify) hidden(m models.Model, b *objectives.Batch, device torch.Device) *torch.Tensor {
	if l.Features == nil {
		return models.HiddenAt(m, input(b, device), ids(b.RowOffsets[:b.Rows()], device))
	}
	records := make([]int32, len(b.Labels))
	for i, label := range b.Labels {
		records[i] = label.Record
	}
	return l.Features.IndexSelect(0, ids(records, device))
}

// targets are what the outputs should be, [R,L], weights included; of several labels they are the labels alone.
func (l Classify) targets(labels []objectives.Label, outputs int) (targetsRL []float32, count float64) {
	targetsRL = make([]float32, len(labels)*outputs)
	for r, label := range labels {
		row := targetsRL[r*outputs : (r+1)*outputs]
		switch l.Problem {
		case models.Regression:
			row[0] = label.Value
			count++
		case models.MultiLabel:
			for _, class := range label.Classes {
				row[class] = 1
			}
			count += float64(outputs)
		default:
			for class := range row {
				row[class] = float32(l.Smoothing / float64(outputs) * l.weight(class))
			}
			row[label.Class] += float32((1 - l.Smoothing) * l.weight(int(label.Class)))
			count += l.weight(int(label.Class))
		}
	}
	return targetsRL, count
}

func (l Classify) weight(class int) float64 {
	if l.Weights == nil {
		return 1
	}
	return l.Weights[class]
}

// sum is the loss of all rows.
func (l Classify) sum(logitsRL, targetsRL *torch.Tensor) *torch.Tensor {
	switch l.Problem {
	case models.Regression:
		d := logitsRL.Sub(targetsRL)
		return d.Mul(d).Sum()
	case models.MultiLabel:
		// max(x,0) - x z + ln(1 + exp(-|x|)): the usual form that never overflows.
		positive := logitsRL.ReLU()
		magnitude := positive.Add(logitsRL.Neg().ReLU())
		eachRL := positive.Sub(logitsRL.Mul(targetsRL)).Add(magnitude.Neg().Exp().AddScalar(1).Log())
		if l.Weights != nil {
			weights := make([]float32, len(l.Weights))
			for i, w := range l.Weights {
				weights[i] = float32(w)
			}
			eachRL = eachRL.Mul(torch.FromFloat32(weights, 1, int64(len(weights))).ToDevice(eachRL.Device()))
		}
		return eachRL.Sum()
	}
	logRL := logitsRL.LogSoftmax(1)
	if l.FocalGamma > 0 {
		// The least is far below what float32 tells from 1, and keeps the root's slope finite.
		missRL := logRL.Exp().Neg().AddScalar(1 + math.Pow(2, -24))
		logRL = logRL.Mul(missRL.Pow(l.FocalGamma))
	}
	return logRL.Mul(targetsRL).Sum().Neg()
}
