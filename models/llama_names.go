package models

import (
	"strconv"
	"strings"
)

// The names of Llama's weights in Hugging Face's files. Linear layers and norms append .weight (and .bias).
const (
	llamaTrunk     = "model."
	llamaTokens    = llamaTrunk + "embed_tokens.weight"
	llamaFinalNorm = llamaTrunk + "norm"
	llamaHead      = "lm_head.weight"
)

func llamaBlockPrefix(layer int) string { return llamaTrunk + "layers." + strconv.Itoa(layer) + "." }

// llamaName turns a name in a file into ours. Files of the bare trunk (LlamaModel) leave "model." out; old files
// carry each block's rotary frequencies as a buffer, which is no weight.
func llamaName(file string) (name string, ignore bool) {
	name = file
	if name != llamaHead && !strings.HasPrefix(name, llamaTrunk) {
		name = llamaTrunk + name
	}
	return name, strings.HasSuffix(name, ".rotary_emb.inv_freq")
}
