// Package metrics says how good a model is, in plain Go.
//
// Every mean is a sum in float64 over a count, added up as the data passes by (Mean). So the result is the same for any way of cutting the
// data into batches, and no prediction is kept.
//
// Classifiers are judged by what they answer and by how sure they are:
//
//	answers        Confusion (one class an example), MultiLabel (any number) ─► Counts ─► Scores; Macro, Micro, Weighted over labels; MCC
//	scores         AUROC, AveragePrecision, Curve, BestThreshold; OneVsRest for classes; Background for groups that texts name
//	probabilities  LogLoss, Brier, Calibration, ECE, Temperature
//	numbers        MSE, MAE, R2, Pearson, Spearman
//
// Bootstrap puts an interval around any of them, McNemar compares two classifiers on the same examples. Undefined is NaN, never 0 or 1. All
// equal scikit-learn's (zero_division=nan) to 1e-9.
//
// Correlations and AUROC look at whole series: a rank is known only when all values are.
package metrics
