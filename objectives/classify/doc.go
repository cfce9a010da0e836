// Package classify holds classifiers as they are kept, asked and judged. It is plain Go.
//
//	labelled.Set ─► TrainNgram ─► Classifier ─► Save ─► folder ─► Open ─► Predict ─► Prediction: labels, probabilities
//	                              card and scorer                            │
//	                                                   labelled.Set ─────────┴─► Evaluate ─► Report ─► table, JSON, HTML
//
// A classifier is a Card and a Scorer. The card says what a user must know to trust the answers: task, label map, thresholds, temperature,
// which columns were read. The scorer gives probabilities for texts; for one of n-grams it is in package ngram, for an encoder whoever opens
// the model passes it to New. Everything else here is the same for both.
//
// A folder holds classifier.json (the card), seen.u64 (hashes of the texts that were trained on, so that an evaluation can tell when it meets
// them again) and the files of the model.
package classify
