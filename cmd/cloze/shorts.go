package main

// One line for each verb that needs libtorch; both builds list them.
const (
	shortPretrain = "train a language model on text"
	shortExport   = "write a run as a Hugging Face folder or as vectors"
	shortGenerate = "continue a text"
	shortEvalLM   = "nats a token, perplexity and bits a byte of a language model"
)
