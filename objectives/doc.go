// Package objectives makes training examples out of token ids. It is plain Go: slices in, slices out, the random numbers an argument.
//
// The way of the data, from left to right:
//
//	documents ─► Builder (ids in memory), corpus/shard (ids on disk): a Corpus
//	                          │ Split
//	                          ▼
//	             Stream (training), Stream (validation): each a Row
//	                          │ Cut
//	                          ▼
//	                        Blocks ──Sequences(i)──► Objective.Examples ─► Batch ─► objectives/loss
//	                          ▲
//	            Order says which block comes next: Shuffled, or a Mix of corpora by weight
//
// A Row is one long row of ids, `eot doc eot doc ... eot`; a block is a piece of it of fixed length, cut at the starts of documents into
// Sequences that never see one another. An Objective turns Sequences into the packed rows of a Batch: what the model reads, and what it is asked.
//
// Everything random is a pure function of (seed, epoch, sample): reading ahead, or going on after a stop, changes no draw.
// Preflight looks at the whole before the first step: sizes, ids outside the model's table, the loss that counting words alone would reach.
package objectives
