// Package pipeline opens a trained model and uses it; it is what a Go program imports.
//
// The way of the data: Open takes a run folder or a Hugging Face folder and finds the configuration, the
// weights and the tokenizer in it (folder.go); the LM that comes out writes text (generate.go, sample.go),
// or, where it is an encoder, vectors of texts (embed.go, sentence.go); it gives its token tables as word vectors (vectors.go), or goes out as files of other tools (export.go, hf.go).
// Init opens a model to be trained further, with rows for the tokens that a larger tokenizer adds (init.go).
// What was written is read again and compared before it gets its name.
//
// Everything here runs the network inside torch.Do by itself; callers need not know of it. An LM may be used
// by several goroutines: they take turns.
package pipeline
