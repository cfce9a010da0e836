package models

import (
	"fmt"
	"math"
	"slices"
)

// RopeScaling says how rotary positions are stretched beyond the context that a model was first trained with. The
// keys are those of Hugging Face's rope_scaling.
type RopeScaling struct {
	Type           string  `json:"rope_type"`                        // default (no scaling), linear, llama3
	Factor         float64 `json:"factor"`                           // how many times longer the context has become, from 1
	LowFreqFactor  float64 `json:"low_freq_factor"`                  // llama3: a wave that fits the old context at most this often is stretched by all of Factor
	HighFreqFactor float64 `json:"high_freq_factor"`                 // llama3: one that fits more often than this is left as it is
	OldContext     int     `json:"original_max_position_embeddings"` // llama3: the old context in tokens
}

// ropeTypes are the kinds of scaling there are.
var ropeTypes = []string{"default", "linear", "llama3"}

func (s RopeScaling) none() bool { return s.Type == "" || s.Type == "default" }

func (s RopeScaling) validate() error {
	switch {
	case s.none():
		return nil
	case !slices.Contains(ropeTypes, s.Type):
		return fmt.Errorf("model.rope_scaling.rope_type %q is not supported; there are default, linear and llama3", s.Type)
	case !(s.Factor >= 1 && s.Factor < 1e6):
		return fmt.Errorf("model.rope_scaling.factor is %g; give a number from 1, Llama 3.1 has 8", s.Factor)
	case s.Type == "linear":
		return nil
	case !(s.LowFreqFactor > 0 && s.LowFreqFactor < s.HighFreqFactor && s.HighFreqFactor < 1e6):
		return fmt.Errorf("model.rope_scaling.low_freq_factor is %g and high_freq_factor %g; the first must be above 0 and below the second, Llama 3.1 has 1 and 4",
			s.LowFreqFactor, s.HighFreqFactor)
	case s.OldContext < 1:
		return fmt.Errorf("model.rope_scaling.original_max_position_embeddings is %d; give the context before scaling, Llama 3.1 has 8192", s.OldContext)
	}
	return nil
}

// rotaryFrequencies returns the K/2 frequencies of a head, radians a token: theta^(-2i/K) (Su et al. 2021, section
// 3.4.3), scaled. Each step is rounded to float32 where the peer rounds: at position 100,000 a last bit turns a
// head by a hundredth.
func rotaryFrequencies(headDim int, theta float64, s RopeScaling) []float32 {
	frequencies := make([]float32, headDim/2)
	for i := range frequencies {
		exponent := float32(2*i) / float32(headDim)
		f := 1 / float32(math.Pow(theta, float64(exponent)))
		switch s.Type {
		case "linear": // Chen et al. 2023, arXiv:2306.15595
			f /= float32(s.Factor)
		case "llama3":
			f = s.llama3(f)
		}
		frequencies[i] = f
	}
	return frequencies
}

// llama3 is the scaling of Llama 3.1 (Grattafiori et al. 2024, arXiv:2407.21783; its reference code's apply_scaling):
// slow waves are stretched, fast ones are left, and between the two bounds one passes into the other.
func (s RopeScaling) llama3(frequency float32) float32 {
	f := float64(frequency)
	waves := float64(s.OldContext) * f / (2 * math.Pi) // how often the wave fits the old context
	switch {
	case waves < s.LowFreqFactor:
		return float32(f / s.Factor)
	case waves > s.HighFreqFactor:
		return frequency
	}
	smooth := (waves - s.LowFreqFactor) / (s.HighFreqFactor - s.LowFreqFactor)
	return float32((1-smooth)*f/s.Factor + smooth*f)
}
