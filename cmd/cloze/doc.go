// Command cloze takes raw text to a pretrained language model and its embeddings.
//
// The way of a call: [main] hands streams and arguments to run, run builds the command tree (root.go) and gives
// back an exit status: 0 done, 1 failed, 2 wrong usage. Each verb is a file: it reads its flags and keys, calls
// the packages of this module, reports to standard output and shows progress on standard error.
//
//	setup.go doctor.go                      libtorch, gotch, go.work (package setup)
//	tokenizer_train.go tokenizer_encode.go  text to ids and back (corpus, tokenize)
//	pretrain*.go                            text to a run folder (objectives, models, objectives/train)
//	export.go generate.go eval.go           what a run folder is good for (models/pipeline)
//	neighbors.go                            nearest words (embeddings), without libtorch
//
// There are two builds. The plain one (no cgo) has the verbs that need no libtorch; the others say in one line
// how to get them. With -tags torch it has all of them.
package main
