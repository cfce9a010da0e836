package train

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/go-cloze/cloze/models/torch"
)

// dtypes are the types that Config.DType may name.
var dtypes = []string{"float32", "bfloat16", "float16"}

// dtype is the type that forward and backward passes compute in.
func (c Config) dtype() torch.DType {
	d, err := torch.ParseDType(c.DType)
	if err != nil {
		return torch.Float32 // Validate has refused it
	}
	return d
}

// Loss scaling by the rules and numbers of PyTorch's GradScaler.
const (
	firstLossScale   = 65536
	lossScaleGrowth  = 2    // after
	goodStepsToGrow  = 2000 // steps in a row without overflow
	lossScaleBackoff = 0.5  // at each overflow
)

// leastLossScale ends a run: 30 overflows in a row from the first scale. It is fairseq's --min-loss-scale. A gradient that overflows float16
// after such a factor is longer than 6e8, and what is not finite at all overflows at any scale.
const leastLossScale = 1e-4

// lossScaler keeps the gradients of a float16 run inside that type's range (Micikevicius et al. 2018, arXiv:1710.03740, section 3.2): the loss
// is multiplied before the backward pass, the gradients are divided after it. The zero value scales nothing.
type lossScaler struct {
	scale float64 // of the mean loss of a step; 0 without scaling
	good  int     // steps since the scale changed
}

func newLossScaler(dtype torch.DType) lossScaler {
	if dtype != torch.Float16 { // bfloat16 has the range of float32
		return lossScaler{}
	}
	return lossScaler{scale: firstLossScale}
}

func (s *lossScaler) on() bool { return s.scale > 0 }

// factor is what the sums of a step's micro-batches are multiplied by before their backward pass: the scale is meant for a mean.
func (s *lossScaler) factor(data *stepData) float64 {
	if !s.on() {
		return 1
	}
	var counted float64
	for i := range data.micro {
		counted += float64(data.micro[i].Counted)
	}
	return s.scale / max(counted, 1)
}

// worked takes note of a step whose gradients were finite.
func (s *lossScaler) worked() {
	if !s.on() {
		return
	}
	if s.good++; s.good == goodStepsToGrow {
		s.scale, s.good = min(s.scale*lossScaleGrowth, math.MaxFloat32), 0
	}
}

// overflowed takes note of a step whose gradients were not, and says whether there is a smaller scale to try.
func (s *lossScaler) overflowed() bool {
	s.scale, s.good = s.scale*lossScaleBackoff, 0
	return s.scale >= leastLossScale
}

// overflow skips a step whose loss or gradients were not finite and lowers the loss scale, as long as that can be of use.
func (r *run) overflow(what string, step int, before float64) error {
	scale := r.scaler.scale
	if !r.scaler.overflowed() {
		return r.diverged(fmt.Sprintf("%s at a loss scale of %.2g, the least there is", what, scale), step, before)
	}
	r.overflows++
	return nil
}

// measure evaluates the weights themselves, those that a checkpoint holds: cloze eval finds the same loss in it.
func (r *run) measure(ctx context.Context) (e Evaluation, err error) {
	if err := torch.Do(func() error { r.params.ComputeInFull(); return nil }); err != nil {
		return e, err
	}
	if r.Measure != nil {
		e, err = r.Measure(ctx)
	} else {
		e, err = Evaluate(ctx, r.Model, r.Loss, r.Objective, r.Valid, r.config.BatchSize, r.ValidBytes)
	}
	return e, errors.Join(err, torch.Do(func() error { r.params.ComputeIn(r.config.dtype()); return nil }))
}
