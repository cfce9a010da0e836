package main

import (
	"fmt"
	"math"
	"strconv"
)

// firstTrained is the lowest layer that Freeze leaves to be trained, of a network of so many blocks, counted as models.Param.Layer does.
func (c encoderConfig) firstTrained(layers int) (int, error) {
	switch c.Freeze {
	case "none":
		return 0, nil
	case "embeddings":
		return 1, nil
	case "all":
		return layers + 1, nil
	}
	n, err := strconv.Atoi(c.Freeze)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("encoder.freeze is %q: give none, embeddings, a number of layers, or all", c.Freeze)
	}
	if n > layers {
		return 0, fmt.Errorf("encoder.freeze is %d and the model has %d layers: give at most that, or all", n, layers)
	}
	return n + 1, nil
}

// rate is what the learning rate of a layer is multiplied by in a step, the lowest that is trained being first. By layers it falls as in BEiT (Bao et
// al. 2022, arXiv:2106.08254) and ELECTRA (Clark et al. 2020, arXiv:2003.10555); unfreezing is that of Howard and Ruder 2018 (arXiv:1801.06146).
func (c encoderConfig) rate(layer, layers, first, step, perEpoch int) float64 {
	if c.UnfreezeEpochs > 0 {
		first = max(first, layers+1-int(float64(step-1)/(c.UnfreezeEpochs*float64(perEpoch))))
	}
	if layer < first {
		return 0
	}
	return math.Pow(c.LayerDecay, float64(layers+1-layer))
}
