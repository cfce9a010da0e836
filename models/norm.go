package models

import "github.com/go-cloze/cloze/models/torch"

// LayerNorm normalises each row to mean 0 and variance 1, then scales and shifts it (Ba et al. 2016, eq. 4).
type LayerNorm struct {
	WeightD *torch.Tensor // [D]
	BiasD   *torch.Tensor // [D], nil for none
	Epsilon float64       // added to the variance
}

// Forward maps [N,D] to [N,D].
func (n LayerNorm) Forward(xND *torch.Tensor) *torch.Tensor {
	return xND.LayerNorm(n.WeightD, n.BiasD, n.Epsilon)
}

func (b builder) layerNorm(prefix string, dim int, epsilon float64, bias bool) LayerNorm {
	n := LayerNorm{WeightD: b.param(prefix+".weight", initial{constant: 1}, false, false, int64(dim)), Epsilon: epsilon}
	if bias {
		n.BiasD = b.param(prefix+".bias", initial{}, false, false, int64(dim))
	}
	return n
}

// RMSNorm divides each row by the root of its mean square, then scales it (Zhang and Sennrich 2019, eq. 4).
type RMSNorm struct {
	WeightD *torch.Tensor // [D]
	Epsilon float64       // added to the mean square
}

// Forward maps [N,D] to [N,D].
func (n RMSNorm) Forward(xND *torch.Tensor) *torch.Tensor { return xND.RMSNorm(n.WeightD, n.Epsilon) }

func (b builder) rmsNorm(prefix string, dim int, epsilon float64) RMSNorm {
	return RMSNorm{WeightD: b.param(prefix+".weight", initial{constant: 1}, false, false, int64(dim)), Epsilon: epsilon}
}
