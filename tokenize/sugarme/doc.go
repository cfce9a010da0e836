// Package sugarme lets programs that are built on github.com/sugarme/tokenizer use this project's tokenizers, and the other way around.
//
// Ours in theirs: [New] gives a whole *tokenizer.Tokenizer whose ids and offsets are those of the Hugging Face package; [Model],
// [PreTokenizer], [Normalizer], [PostProcessor] and [Decoder] are single parts to put into one that exists:
//
//	t, err := tokenize.Open("tokenizer.json")
//	tk.WithPreTokenizer(sugarme.PreTokenizer(t)) // words are cut right; the model stays
//	tk.WithModel(sugarme.Model(t))
//
// Theirs in ours: [Normalize], [Split] and [Pieces] turn a part of theirs into a step for [tokenize.Tokenizer.WithParts], and [FromModel]
// makes a tokenizer of a model of theirs.
//
// That library ends the process (log.Fatal) on some errors. What this package calls of it is accessors, constructors without files, and the
// three methods Normalize, PreTokenize and Tokenize of parts that the caller brings; none of its own types of ours gives it an error
// to end the process for. A test holds the list of calls.
package sugarme
