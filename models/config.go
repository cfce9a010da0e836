package models

// Config describes a network of any family; GPTConfig, LlamaConfig and BERTConfig are such.
type Config interface {
	// Validate returns an error that names the first setting that cannot be built, with its key and remedy.
	Validate() error
	// NumParams returns how many numbers the model holds, a tied table counted once; nothing is allocated.
	NumParams() int64
	// ConfigJSON returns the configuration as a Hugging Face config.json.
	ConfigJSON() ([]byte, error)
	// Shape returns what the configurations of all families say.
	Shape() Shape
}

// Shape is the part of a configuration that whoever uses a model needs, whatever its family.
type Shape struct {
	ModelType  string // Hugging Face's name of the family: gpt2, llama, bert
	NumContext int    // longest context in tokens, P
	VocabSize  int    // rows of the token table, V
	Dim        int    // width of a token's vector, D
	NumLayers  int    // blocks, L
	TiedHead   bool   // the output table is the token table
	Causal     bool   // a token sees those before it only, so that the network writes text; else it is an encoder
}
