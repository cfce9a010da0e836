package embeddings

import "math"

// screen is a table of all rows as int8 for searching: a quarter of the bytes of
// float32, and for each row how far its cosine with anything can be off.
//
// Row r of length |r| is held as whole numbers c and a step s so that r/|r| is
// s*c + e. For a query q of length 1, q.r/|r| = s (q.c) + q.e, and by
// Cauchy-Schwarz |q.e| <= |e|. So what the screen says is within |e| of the
// cosine, and a row that stays below the k-th best by more than that is not
// among the k best. The rows that remain are scored from the rows themselves:
// the answer is exact.
type screen struct {
	codes  []int8  // [N,D]
	grades []grade // [N]
}

type grade struct {
	step  float32 // s; 0 for a zero row
	error float32 // |e|, rounded up
}

// makeScreen is the screen of all rows.
func (v *Vectors) makeScreen() *screen {
	if v.screen != nil {
		return v.screen
	}
	s := &screen{codes: padded[int8](v.Len() * v.dim), grades: make([]grade, v.Len())}
	v.eachRow(func(i int, row []float32) {
		length := v.norms[i]
		if length == 0 {
			return
		}
		step := float32(float64(largest(row)) / length / 127)
		codes := s.codes[i*v.dim : (i+1)*v.dim]
		encodeCodes(codes, row, float64(step)*length)
		sum := 0.0
		for d, x := range row {
			e := float64(x)/length - float64(step)*float64(codes[d])
			sum += e * e
		}
		// 1e-6 covers the roundings of these lines and of float32.
		s.grades[i] = grade{step, float32(math.Sqrt(sum)*(1+1e-6) + 1e-9)}
	})
	return s
}
