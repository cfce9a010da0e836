package fasttext

import (
	"fmt"
	"strings"
)

// Share is what a token of a text gave to each label.
type Share struct {
	Token      string
	Start, End int       // bytes in the text; of the end of the line both are its length
	Logits     []float32 // [C], in the order of the dictionary
}

// Shares takes a text's logits apart by its tokens, the end of the line last: a classifier's hidden vector is the mean of rows, so the logits are sums over
// them. A row of several words, an n-gram, belongs to each of them in equal parts. The shares add up to the logits but for rounding. A classifier with
// hierarchical softmax has no logits and is refused.
func (m *Model) Shares(text string) ([]Share, error) {
	if m.Args.Model != Supervised || m.Output == nil || m.Args.Loss == HierarchicalSoftmax {
		return nil, fmt.Errorf("a %v model with the loss %v has no logit for each label", m.Args.Model, m.Args.Loss)
	}
	d := m.Dictionary
	var shares []Share
	var hashes []int32
	var means [][]float32
	count, at := 0, 0
	for token := range Tokens(text) {
		start, end := len(text), len(text)
		if i := strings.Index(text[at:], token); i >= 0 {
			start, end = at+i, at+i+len(token)
			at = end
		}
		index, ok := d.index[token]
		if ok && index < 0 || !ok && m.Args.Label != "" && strings.HasPrefix(token, m.Args.Label) {
			continue // a label, as AppendLine has it
		}
		mean := make([]float32, m.Args.Dim)
		rows := d.appendRows(nil, token, &m.Args)
		for _, row := range rows {
			m.Input.addRow(mean, row)
		}
		count += len(rows)
		shares, means = append(shares, Share{Token: token, Start: start, End: end}), append(means, mean)
		hashes = append(hashes, int32(Hash(token)))
		if token == EndOfLine {
			break
		}
	}
	count += m.shareNgrams(means, hashes)
	for i, mean := range means {
		for l := range d.Labels {
			shares[i].Logits = append(shares[i].Logits, m.Output.dotRow(mean, l)/float32(max(count, 1)))
		}
	}
	return shares, nil
}

// shareNgrams adds the rows of n-grams to those of their tokens and returns how many there are.
func (m *Model) shareNgrams(means [][]float32, hashes []int32) (count int) {
	row := make([]float32, m.Args.Dim)
	for i := range hashes {
		for j := i + 1; j < len(hashes) && j < i+int(m.Args.WordNgrams); j++ {
			// The longest n-gram that begins at i is the last of those from i to j.
			all := appendWordNgrams(nil, hashes[i:j+1], j-i+1, int(m.Args.Bucket))
			if len(all) == 0 {
				return 0
			}
			rows := m.Dictionary.bucketRows([]int32{all[j-i-1]}, 0)
			clear(row)
			for _, r := range rows {
				m.Input.addRow(row, r)
			}
			count += len(rows)
			for at := i; at <= j; at++ {
				for k, x := range row {
					means[at][k] += x / float32(j-i+1)
				}
			}
		}
	}
	return count
}
