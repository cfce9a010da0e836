// Package loss is the half of an objective that needs a model: it runs the model over a batch and gives the loss as sums and counts.
//
// A loss never divides. Whoever trains adds up sums and counts over all micro-batches of a step, whoever evaluates over a whole set, and
// divides once; so the result does not depend on how the data were cut.
package loss
