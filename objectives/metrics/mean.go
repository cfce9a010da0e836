package metrics

import "math"

// Mean is a running mean: a sum and the number of things summed. The zero value is ready to use.
type Mean struct {
	Sum   float64 // of all values
	Count float64 // of values
}

// Add adds a batch: the sum of its values and how many there were. A batch of none changes nothing, whatever its sum says.
func (m *Mean) Add(sum, count float64) {
	if count == 0 {
		return
	}
	m.Sum += sum
	m.Count += count
}

// Merge adds all that other has seen.
func (m *Mean) Merge(other Mean) { m.Add(other.Sum, other.Count) }

// Reset forgets everything.
func (m *Mean) Reset() { *m = Mean{} }

// Value is the mean, NaN before anything was counted: a mean of nothing is not 0.
func (m Mean) Value() float64 {
	if m.Count == 0 {
		return math.NaN()
	}
	return m.Sum / m.Count
}

// Perplexity is exp of a mean loss in nats a token: the number of equally likely tokens that would be as hard to guess.
func Perplexity(meanNats float64) float64 { return math.Exp(meanNats) }

// BitsPerByte is a summed loss in nats over the bytes of text that the tokens stand for, which makes vocabularies comparable.
// Tokens that stand for no text, such as the end of text, add their loss but no byte. NaN where there are no bytes.
func BitsPerByte(sumNats float64, textBytes int64) float64 {
	if textBytes <= 0 {
		return math.NaN()
	}
	return sumNats / math.Ln2 / float64(textBytes)
}
