// Package models holds the networks, one file a family, over a handful of shared layers.
//
// The way of the data: an [Input] brings packed rows (the tokens of all documents one after another, no
// padding) with their positions and row offsets; Hidden turns them into a vector a token; whoever needs
// logits multiplies the rows it wants by the Head. A model knows neither targets nor optimiser, and
// nothing here builds logits for a whole batch.
//
// Networks that write text keep what their tokens saw in a [Cache] (gpt.go, llama.go); encoders, whose tokens see the whole row,
// have a prediction head behind Transform (bert.go, modernbert.go) and a form that only encodes, [Encoder].
//
// Weights live in a [Params], under the names Hugging Face gives them, in construction order. One
// constructor a family serves fresh weights (a seed), stored ones (a safetensors file) and mere counting
// (a configuration's size without a byte allocated).
//
// Who does not care for the family uses [Network] and [Config]: [ReadConfig] or [Preset] chooses by model_type or name
// from one table (family.go), [New] and [Load] build, [SaveHF] writes, [Grow] adds rows for new tokens. Weights are
// safetensors, one file or several with an index; a pickle is refused unread.
//
// Shape legend, used in names (xND) and in docs: N rows (tokens of all documents), D width, H heads, G query heads that
// share a head of keys, K head width (mostly D/H), F inner width, L layers, P positions, V vocabulary.
//
// Everything that touches tensors runs inside torch.Do; operations panic with *torch.Error, which Do
// turns into an error. User mistakes (a wrong setting, a file that does not fit) are returned as errors.
package models
