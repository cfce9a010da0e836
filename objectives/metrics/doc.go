// Package metrics says how good a model is, in plain Go.
//
// Every mean is a sum in float64 over a count, added up as the data passes by (Mean). So the result is the same for any way of cutting the
// data into batches, and no prediction is kept.
//
// Correlations (Pearson, Spearman) look at whole series: a rank is known only when all values are.
package metrics
