package models

import (
	"strconv"
	"strings"
)

// The names of GPT-2's weights in Hugging Face's files. Linear layers and norms append .weight and .bias.
const (
	gptTrunk     = "transformer."
	gptTokens    = gptTrunk + "wte.weight"
	gptPositions = gptTrunk + "wpe.weight"
	gptFinalNorm = gptTrunk + "ln_f"
	gptHead      = "lm_head.weight"
)

func gptBlockPrefix(layer int) string { return gptTrunk + "h." + strconv.Itoa(layer) + "." }

// gptName turns a name in a file into ours. Files of the bare trunk (GPT2Model) leave "transformer." out; old
// files carry each block's causal mask as the buffers attn.bias and attn.masked_bias, which are no weights.
func gptName(file string) (name string, ignore bool) {
	name = file
	if name != gptHead && !strings.HasPrefix(name, gptTrunk) {
		name = gptTrunk + name
	}
	mask := strings.HasSuffix(name, ".attn.bias") || strings.HasSuffix(name, ".attn.masked_bias")
	return name, mask
}
