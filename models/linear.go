package models

import "github.com/go-cloze/cloze/models/torch"

// Linear is y = x Wᵀ + b. The weight is kept [out,in] for every family: on two cores that is 3 to 6 % faster,
// forward and backward, than [in,out] with addmm where a layer widens, and equal elsewhere
// (testdata/bench/models_linear_layout.py). Files that hold it the other way are transposed when read and written.
type Linear struct {
	WeightOI *torch.Tensor // [out,in]
	BiasO    *torch.Tensor // [out], nil for none
}

// Forward maps [N,in] to [N,out].
func (l Linear) Forward(x *torch.Tensor) *torch.Tensor { return x.Linear(l.WeightOI, l.BiasO) }

// linear builds a Linear under the names prefix.weight and prefix.bias. inOut marks files that hold the
// weight transposed.
func (b builder) linear(prefix string, in, out int, std float64, bias, inOut bool) Linear {
	l := Linear{WeightOI: b.param(prefix+".weight", initial{std: std}, true, inOut, int64(out), int64(in))}
	if bias {
		l.BiasO = b.param(prefix+".bias", initial{}, false, false, int64(out))
	}
	return l
}

// stacked is linear for matrices of one width that files hold apart and memory one below the other, so that one product
// serves them all. names are those of the matrices in files; the parameters are called prefix.weight and prefix.bias.
func (b builder) stacked(prefix string, names []string, in, outEach int, std float64, bias bool) Linear {
	file := func(end string) (all []string) {
		for _, name := range names {
			all = append(all, name+end)
		}
		return all
	}
	out := int64(len(names) * outEach)
	l := Linear{WeightOI: b.add(Param{Name: prefix + ".weight", Shape: []int64{out, int64(in)}, Decay: true, stacked: file(".weight")}, initial{std: std})}
	if bias {
		l.BiasO = b.add(Param{Name: prefix + ".bias", Shape: []int64{out}, stacked: file(".bias")}, initial{})
	}
	return l
}
