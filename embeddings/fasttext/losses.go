package fasttext

import "math"

// probabilities are those of all labels [C] for a hidden vector [D]: a softmax
// over them, or a sigmoid of each for the losses that judge them one by one.
func (m *Model) probabilities(hidden []float32) []float32 {
	out := make([]float32, len(m.Dictionary.Labels))
	for i := range out {
		out[i] = m.Output.dotRow(hidden, i)
	}
	if m.Args.Loss == Softmax {
		softmax(out)
		return out
	}
	for i, x := range out {
		out[i] = sigmoid(x)
	}
	return out
}

func softmax(out []float32) {
	largest := float32(math.Inf(-1))
	for _, x := range out {
		largest = max(largest, x)
	}
	sum := float32(0)
	for i, x := range out {
		out[i] = float32(math.Exp(float64(x - largest)))
		sum += out[i]
	}
	for i := range out {
		out[i] /= sum
	}
}

const (
	sigmoidSize = 512 // entries of the table
	maxSigmoid  = 8   // beyond it the sigmoid is 0 or 1
)

// sigmoidTable is the original's: what a model was trained with decides its ties.
var sigmoidTable = func() (table [sigmoidSize + 1]float32) {
	for i := range table {
		x := float32(2*maxSigmoid*i)/sigmoidSize - maxSigmoid
		table[i] = float32(1 / (1 + math.Exp(float64(-x))))
	}
	return table
}()

func sigmoid(x float32) float32 {
	switch {
	case x < -maxSigmoid:
		return 0
	case x > maxSigmoid:
		return 1
	case x != x:
		return 0
	}
	return sigmoidTable[int((x+maxSigmoid)*sigmoidSize/maxSigmoid/2)]
}
