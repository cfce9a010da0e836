package fasttext

import (
	"fmt"
	"iter"
	"strings"
)

// Entry is a word or a label with how often it was seen in training.
type Entry struct {
	Word  string
	Count int64
}

// Dictionary is the words and labels of a model. Word i has row i of the input
// matrix, label i row i of a classifier's output matrix.
type Dictionary struct {
	Words  []Entry
	Labels []Entry
	Tokens int64 // tokens of the training text, labels and ends of lines too
	// Pruned says that only some buckets were kept (quantised models); Buckets
	// then tells the new number of each: its row is V + that.
	Pruned  bool
	Buckets map[int32]int32

	index map[string]int32 // row of a word; -1-i for label i
}

// NewDictionary makes a dictionary of words and labels, in the order of their
// rows. Tokens is the sum of the counts. The slices belong to it afterwards. The
// original cannot hold a word with a zero byte, nor two that are equal.
func NewDictionary(words, labels []Entry) (*Dictionary, error) {
	d := &Dictionary{Words: words, Labels: labels}
	for i, e := range append(words[:len(words):len(words)], labels...) {
		d.Tokens += e.Count
		if strings.IndexByte(e.Word, 0) >= 0 {
			return nil, fmt.Errorf("entry %d, %q, holds a zero byte", i, e.Word)
		}
	}
	d.makeIndex()
	if len(d.index) != len(words)+len(labels) {
		return nil, fmt.Errorf("%d words and labels, of which only %d differ", len(words)+len(labels), len(d.index))
	}
	return d, nil
}

// makeIndex lets the last of equal words win, as the original does when loading.
func (d *Dictionary) makeIndex() {
	d.index = make(map[string]int32, len(d.Words)+len(d.Labels))
	for i, e := range d.Words {
		d.index[e.Word] = int32(i)
	}
	for i, e := range d.Labels {
		d.index[e.Word] = int32(-1 - i)
	}
}

// Index is the row of a word; false for what is no word of the model.
func (d *Dictionary) Index(word string) (int, bool) {
	row, ok := d.index[word]
	return int(row), ok && row >= 0
}

// appendRows appends the input rows of a word: its own and those of its
// sub-words; of an unknown word the sub-words' alone.
func (d *Dictionary) appendRows(dst []int32, word string, a *Args) []int32 {
	if row, ok := d.Index(word); ok {
		dst = append(dst, int32(row))
	}
	from := len(dst)
	dst = AppendSubwords(dst, word, int(a.MinN), int(a.MaxN), int(a.Bucket))
	return d.bucketRows(dst, from)
}

// bucketRows turns buckets, from dst[from] on, into rows of the input matrix,
// without those that were pruned away.
func (d *Dictionary) bucketRows(dst []int32, from int) []int32 {
	v, kept := int32(len(d.Words)), dst[:from]
	for _, b := range dst[from:] {
		if d.Pruned {
			to, ok := d.Buckets[b]
			if !ok {
				continue
			}
			b = to
		}
		kept = append(kept, v+b)
	}
	return kept
}

// AppendLine appends the input rows of a text: of its tokens, an end-of-line
// token after them, and the n-grams of words. known counts the tokens, without
// the end of the line, that gave rows. Line ends inside the text part words like
// blanks. The token </s> in the text ends it, as in the original.
func (d *Dictionary) AppendLine(dst []int32, text string, a *Args) (rows []int32, known int) {
	hashes := make([]int32, 0, 64)
	for token := range Tokens(text) {
		index, ok := d.index[token]
		if ok && index < 0 || !ok && a.Label != "" && strings.HasPrefix(token, a.Label) {
			continue // a label
		}
		before := len(dst)
		dst = d.appendRows(dst, token, a)
		hashes = append(hashes, int32(Hash(token)))
		if token == EndOfLine {
			break
		}
		if len(dst) > before {
			known++
		}
	}
	from := len(dst)
	dst = appendWordNgrams(dst, hashes, int(a.WordNgrams), int(a.Bucket))
	return d.bucketRows(dst, from), known
}

// Tokens yields what stands between the original's separators, then the end of
// the line.
func Tokens(text string) iter.Seq[string] {
	return func(yield func(string) bool) {
		const separators = " \n\r\t\v\f\x00"
		for {
			text = strings.TrimLeft(text, separators)
			if text == "" {
				yield(EndOfLine)
				return
			}
			end := strings.IndexAny(text, separators)
			if end < 0 {
				end = len(text)
			}
			if !yield(text[:end]) {
				return
			}
			text = text[end:]
		}
	}
}
