package metrics

import "math"

// CalibrationBin is the answers whose confidence lies in one part of [0,1].
type CalibrationBin struct {
	Low, High  float64 // confidence in (Low, High]; 0 belongs to the first bin
	Count      int64
	Confidence float64 // mean, NaN where Count is 0
	Accuracy   float64 // share that were right, NaN where Count is 0
}

// Calibration puts answers into bins of equal width by their confidence [N], the probability of the class that was given, and says how many
// of each were right. A reliability diagram draws it.
func Calibration(confidence []float64, right []bool, bins int) []CalibrationBin {
	sameLength(len(confidence), len(right))
	out := make([]CalibrationBin, bins)
	conf, acc := make([]Mean, bins), make([]Mean, bins)
	for i, p := range confidence {
		b := min(max(int(math.Ceil(p*float64(bins)))-1, 0), bins-1)
		conf[b].Add(p, 1)
		if right[i] {
			acc[b].Add(1, 1)
		} else {
			acc[b].Add(0, 1)
		}
	}
	for b := range out {
		out[b] = CalibrationBin{Low: float64(b) / float64(bins), High: float64(b+1) / float64(bins),
			Count: int64(conf[b].Count), Confidence: conf[b].Value(), Accuracy: acc[b].Value()}
	}
	return out
}

// ECE is the expected calibration error: the mean over answers of the gap between confidence and accuracy of their bin (Guo et al., "On
// Calibration of Modern Neural Networks", 2017, equation 3). NaN of none.
func ECE(bins []CalibrationBin) float64 {
	var m Mean
	for _, b := range bins {
		if b.Count > 0 {
			m.Add(math.Abs(b.Confidence-b.Accuracy)*float64(b.Count), float64(b.Count))
		}
	}
	return m.Value()
}

// Temperature finds the one number by which to divide the logits [N,C] so that the log loss of gold [N] is least (Guo et al., section 4.2).
// Above 1 it makes the model less sure; it never changes which class is first. The loss has one minimum in 1/T, found by golden section in
// ln T from 1/20 to 20: where all answers are right no finite T is best, and the lower end is given. NaN of no examples.
func Temperature(gold []int, logits []float64, classes int) float64 {
	sameLength(len(gold)*classes, len(logits))
	if len(gold) == 0 {
		return math.NaN()
	}
	loss := func(lnT float64) float64 {
		inverse := math.Exp(-lnT)
		var m Mean
		for i, g := range gold {
			row := logits[i*classes : (i+1)*classes]
			m.Add(logSumExp(row, inverse)-row[g]*inverse, 1)
		}
		return m.Value()
	}
	const shrink = 0.6180339887498949 // 1/φ
	low, high := -math.Log(20), math.Log(20)
	a, b := high-shrink*(high-low), low+shrink*(high-low)
	la, lb := loss(a), loss(b)
	for high-low > 1e-9 {
		if la <= lb {
			high, b, lb = b, a, la
			a = high - shrink*(high-low)
			la = loss(a)
		} else {
			low, a, la = a, b, lb
			b = low + shrink*(high-low)
			lb = loss(b)
		}
	}
	return math.Exp((low + high) / 2)
}

// logSumExp is ln Σ exp(scale x), without overflow.
func logSumExp(x []float64, scale float64) float64 {
	largest := math.Inf(-1)
	for _, v := range x {
		largest = max(largest, v*scale)
	}
	sum := 0.0
	for _, v := range x {
		sum += math.Exp(v*scale - largest)
	}
	return largest + math.Log(sum)
}

// Scale divides logits by a temperature and makes probabilities of them, row by row [N,C], in place.
func Scale(logits []float64, classes int, temperature float64) {
	for from := 0; from < len(logits); from += classes {
		row := logits[from : from+classes]
		norm := logSumExp(row, 1/temperature)
		for i, v := range row {
			row[i] = math.Exp(v/temperature - norm)
		}
	}
}
