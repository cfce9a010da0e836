// Package hogwild is the training loop of word vectors, beside the one loop of package train: no graph and no optimiser, but several goroutines
// that change the same tables without locks (Recht et al., "Hogwild!", 2011).
//
// The way of the data:
//
//	wordvec.Corpus ─► chunks of about 10,000 words ─► torch.WordVectors.Train ─► Model ─► train.Folder
//
// A step is a chunk. Its random draws are a function of (seed, step) and its learning rate one of the words before it, so that a step reads the
// same whoever takes it. With one thread the steps come one after the other: the same seed gives the same bits. With several, goroutines
// take the next step that is free, and what they write meets in the tables in an order that no seed decides. Config.Deterministic gives that order: see
// round.go. Going on from a checkpoint is a seek to its step, and gives the bits that an unbroken run gives where that run has any of its own.
//
// The goroutines meet every 200 steps or more: there the loss is looked at and written down, and a checkpoint is written when it is due.
package hogwild
