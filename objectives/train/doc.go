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
// which names a checkpoint. Whatever is written is written aside, synced and renamed. One process at a time has the folder, by a lock.
//
// The way of a checkpoint: run.state and the tensors are copied (saver.start), a goroutine writes the copy (Folder.publish, Folder.save); after
// a kill OpenFolder looks for the newest that is whole (Folder.look), Run compares it with its job (run.fits), loads it (run.restore), and only
// then tidies the folder up (Folder.begin).
package train
