package objectives

import (
	"cmp"
	"fmt"
	"slices"
)

// SplitConfig says how much of a corpus is held out for validation.
type SplitConfig struct {
	ValidFraction  float64 `json:"valid_fraction"`   // share of the tokens held out, in [0, 0.5]; 0 holds nothing out
	ValidMaxTokens int64   `json:"valid_max_tokens"` // most tokens held out, so that evaluation stays quick on a large corpus; 0 is no limit
}

// DefaultSplit holds out 5 % of the tokens, at most 200,000.
func DefaultSplit() SplitConfig { return SplitConfig{ValidFraction: 0.05, ValidMaxTokens: 200_000} }

// Validate says what is wrong with the configuration, nil when nothing is.
func (c SplitConfig) Validate() error {
	if !(c.ValidFraction >= 0 && c.ValidFraction <= 0.5) {
		return fmt.Errorf("data.valid_fraction is %g: give a share between 0 and 0.5", c.ValidFraction)
	}
	if c.ValidMaxTokens < 0 {
		return fmt.Errorf("data.valid_max_tokens is %d: give a number of tokens, or 0 for no limit", c.ValidMaxTokens)
	}
	return nil
}

// Split parts the documents of a corpus into a training and a validation stream and says in words how. Documents stay whole: in the order of a
// hash of their text, each goes to validation while it fits into the share held out, so a corpus splits alike in every order of its files, and
// equal texts never come to stand on both sides.
// Where whole documents do not fill half of that share (a corpus of a single one, say), the last part of the tokens is held out instead;
// textBytes then counts the bytes of text that ids stand for, usually by decoding them. The streams read the corpus, which must not change.
func Split(c Corpus, cfg SplitConfig, textBytes func(ids []int32) int64) (training, valid *Stream, how string) {
	t, v, hows := SplitEach([]Corpus{c}, []SplitConfig{cfg}, textBytes)
	return t[0], v[0], hows[0]
}

// SplitEach parts several corpora that are trained on together, each as Split does alone and by its own configuration. A document that is held
// out of one is held out of all others that have it too, even if that is more than their share.
func SplitEach(corpora []Corpus, cfgs []SplitConfig, textBytes func(ids []int32) int64) (training, valid Side, how []string) {
	held := make([][]int, len(corpora)) // documents of each; nil where none are or the tail is
	for i, c := range corpora {
		if budget := cfgs[i].budget(c); budget > 0 {
			if docs, tokens := choose(c, budget); tokens > 0 && tokens >= budget/2 {
				held[i] = docs
			}
		}
	}
	holdEverywhere(corpora, held)
	for i, c := range corpora {
		budget := cfgs[i].budget(c)
		var t, v *Stream
		switch {
		case held[i] != nil:
			t, v = partDocuments(c, held[i])
			how = append(how, "validation holds whole documents, chosen by a hash of their text")
		case budget == 0:
			t, v = newStream(c, []run{{lo: 0, hi: c.Tokens()}}), newStream(c, nil)
			how = append(how, "nothing is held out for validation")
		default:
			t, v = partTail(c, c.Tokens()-budget, textBytes)
			how = append(how, fmt.Sprintf("validation holds the last %d tokens: there are too few documents to choose whole ones", budget))
		}
		training, valid = append(training, t), append(valid, v)
	}
	return training, valid, how
}

// budget is the number of tokens to hold out.
func (c SplitConfig) budget(corpus Corpus) int {
	budget := int(c.ValidFraction * float64(corpus.Tokens()))
	if c.ValidMaxTokens > 0 {
		budget = min(budget, int(c.ValidMaxTokens))
	}
	return budget
}

// holdEverywhere adds to the documents held out of each corpus those that are held out of another.
func holdEverywhere(corpora []Corpus, held [][]int) {
	if len(corpora) < 2 {
		return
	}
	texts := map[uint64]bool{}
	for i, docs := range held {
		for _, d := range docs {
			_, hash := corpora[i].Text(d)
			texts[hash] = true
		}
	}
	for i, c := range corpora {
		had := map[int]bool{}
		for _, d := range held[i] {
			had[d] = true
		}
		for d := range c.Documents() {
			if _, hash := c.Text(d); texts[hash] && !had[d] {
				held[i] = append(held[i], d)
			}
		}
		slices.Sort(held[i])
	}
}

// hashed is a document and the hash of its text, mixed so that its order says nothing about the text.
type hashed struct {
	hash uint64
	doc  int
}

// byHash gives the documents in the order of their texts' hashes; equal texts lie side by side, in the order of the corpus.
func byHash(c Corpus) []hashed {
	order := make([]hashed, c.Documents())
	for d := range order {
		_, hash := c.Text(d)
		order[d] = hashed{mix64(hash), d}
	}
	slices.SortFunc(order, func(a, b hashed) int { return cmp.Or(cmp.Compare(a.hash, b.hash), cmp.Compare(a.doc, b.doc)) })
	return order
}

// Repeats is the number of documents whose text had been seen before.
func Repeats(c Corpus) int {
	order, n := byHash(c), 0
	for i := 1; i < len(order); i++ {
		if order[i].hash == order[i-1].hash {
			n++
		}
	}
	return n
}

// choose gives the documents that go to validation, at most budget tokens in all, in the order of the corpus.
func choose(c Corpus, budget int) (held []int, tokens int) {
	order := byHash(c)
	for i := 0; i < len(order); {
		// Equal texts go together or not at all.
		j, size := i, 0
		for ; j < len(order) && order[j].hash == order[i].hash; j++ {
			start, end, _, _ := c.Document(order[j].doc)
			size += end - start
		}
		if tokens+size <= budget {
			tokens += size
			for _, h := range order[i:j] {
				held = append(held, h.doc)
			}
		}
		i = j
	}
	slices.Sort(held)
	return held, tokens
}

// partDocuments makes runs of what lies between the held documents, and of those.
func partDocuments(c Corpus, held []int) (training, valid *Stream) {
	var rest, out []run
	at := 0
	for _, d := range held {
		start, end, _, _ := c.Document(d)
		rest = append(rest, run{lo: at, hi: start})
		out = append(out, run{lo: start, hi: end})
		at = end
	}
	rest = append(rest, run{lo: at, hi: c.Tokens()})
	return newStream(c, rest), newStream(c, out)
}

// partTail cuts the row at a token. The document it falls into is parted: it counts to both sides, and so do its bytes, as far as they go.
func partTail(c Corpus, cut int, textBytes func([]int32) int64) (training, valid *Stream) {
	training, valid = newStream(c, []run{{lo: 0, hi: cut}}), newStream(c, []run{{lo: cut, hi: c.Tokens()}})
	d := c.DocumentAt(cut)
	start, end, _, _ := c.Document(d)
	if start < cut {
		tail, _ := c.Append(nil, nil, cut, end)
		bytes, _ := c.Text(d)
		behind := min(textBytes(tail), bytes)
		training.bytes -= behind
		valid.bytes -= bytes - behind
	}
	return training, valid
}
