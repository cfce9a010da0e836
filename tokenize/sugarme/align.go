package sugarme

import (
	"github.com/sugarme/tokenizer/normalizer"

	"github.com/go-cloze/cloze/tokenize"
)

// rewritten returns the part of n that a word was made of, with the word as its text.
func rewritten(n *normalizer.NormalizedString, w tokenize.Word) *normalizer.NormalizedString {
	from, to := n.LenOriginal(), 0
	at := n.Alignments()
	for _, o := range w.Offsets {
		for i := o[0]; i < o[1] && i < len(at); i++ {
			from, to = min(from, at[i][0]), max(to, at[i][1])
		}
	}
	if to < from { // made of nothing: it lies where the text starts
		from, to = 0, 0
		if len(w.Offsets) > 0 && w.Offsets[0][0] < len(at) {
			from = at[w.Offsets[0][0]][0]
			to = from
		}
	}
	return aligned(n, w, from, to)
}

// aligned makes a string of theirs: its original is the bytes from..to of n's, its text is the word, whose offsets count bytes of n's text. An
// alignment of theirs is a range for each byte, of the text in the original and of the original in the text.
func aligned(n *normalizer.NormalizedString, w tokenize.Word, from, to int) *normalizer.NormalizedString {
	at := n.Alignments()
	there := make([][]int, len(w.Text))
	back := make([][]int, to-from)
	for i := range there {
		start, end := to, from
		for k := w.Offsets[i][0]; k < w.Offsets[i][1] && k < len(at); k++ {
			start, end = min(start, at[k][0]), max(end, at[k][1])
		}
		if end < start { // a byte that was put in, such as the blank before a text
			start, end = from, from
			if k := w.Offsets[i][0]; k < len(at) {
				start = min(max(at[k][0], from), to)
				end = start
			}
		}
		there[i] = []int{start - from, end - from}
		for k := start; k < end; k++ {
			if b := back[k-from]; b == nil {
				back[k-from] = []int{i, i + 1}
			} else {
				b[1] = i + 1
			}
		}
	}
	// Theirs wants a range for each byte, an empty one too: it lies behind what came of the byte before.
	last := 0
	for k, b := range back { // bytes of the original that nothing was made of
		if b == nil {
			back[k] = []int{last, last}
		} else {
			last = b[1]
		}
	}
	return normalizer.NewNormalizedString(n.GetOriginal()[from:to], w.Text, there, back, n.Shift()+from)
}
