// Package train holds the one training loop: batches in, a run folder out.
//
// The way of the data:
//
//	objectives.Blocks ─► reader (a goroutine makes the batches of the next steps) ─► Run ─► Folder
//	                                                                                │
//	                       loss.Terms ─► Backward ─► clip ─► AdamW ─► log ─► Evaluate ─► Checkpoint
//
// loop.go is the loop, read downwards. It knows neither the model's family nor the kind of objective: a loss gives sums and counts, and the
// loop divides once by the count of the whole step, so that a step is the same however it is cut into micro-batches.
//
// Which blocks a step reads, and every random draw, is a function of (seed, step): the same seed gives the same bits, with reading
// ahead or without, and going on from a checkpoint is a seek.
//
// A run folder is config.yaml, tokenizer.json, model.json, metrics.jsonl, checkpoints/step-NNNNNNN/, and the files last and best, each of
// which names a checkpoint. Whatever is written is written aside, synced and renamed.
package train
