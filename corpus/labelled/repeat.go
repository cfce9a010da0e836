package labelled

import (
	"hash/fnv"
	"strings"
	"unicode"
)

// Hash is of what a record says: of its letters and digits in lower case, word by word, without links and @mentions. Equal hashes mean that one
// text repeats the other to a reader: sets of tweets are full of such. False where there is no word.
func (r Record) Hash() (uint64, bool) {
	text := r.normal()
	h := fnv.New64a()
	h.Write([]byte(text))
	return h.Sum64(), text != ""
}

// normal is the texts as Hash sees them; empty without a word.
func (r Record) normal() string {
	var b strings.Builder
	for i, text := range []string{r.Text, r.Pair} {
		if i > 0 && text != "" {
			b.WriteByte(0)
		}
		for word := range strings.FieldsSeq(strings.ToLower(text)) {
			if strings.HasPrefix(word, "@") || strings.Contains(word, "://") {
				continue
			}
			apart := true
			for _, c := range word {
				if !unicode.IsLetter(c) && !unicode.IsNumber(c) && !unicode.IsMark(c) {
					apart = true
					continue
				}
				if apart && b.Len() > 0 {
					b.WriteByte(' ')
				}
				apart = false
				b.WriteRune(c)
			}
		}
	}
	return b.String()
}
