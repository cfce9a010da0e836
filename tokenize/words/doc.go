// Package words cuts text into words by the rules of Unicode Standard Annex #29 (word boundaries) with the characters of Unicode 15.0.0,
// that of Go's package unicode.
//
//	s := words.New(text)
//	for s.Next() {
//		if s.Kind() != words.None {
//			use(s.Bytes())
//		}
//	}
//
// Words put together give the text: blanks, punctuation and bytes that are no UTF-8 are words of kind None. Hebrew quotes, points in
// numbers ("3.5"), apostrophes ("don't"), combining marks, flags and joined emoji are kept together as the annex says. Thai, Lao, Khmer
// and Burmese need a dictionary that the annex leaves out: each of their letters is a word of kind Letter.
//
// The way of the text:
//
//	words.go    ASCII, eight letters at a time: no character there needs more than the next two bytes
//	simple.go   words of letters alone, beyond ASCII too, and characters that stand alone
//	stretch.go  marks, digits beyond ASCII, flags, joiners go to github.com/blevesearch/segment, which knows the rules; its characters
//	            are those of Unicode 8, so it is shown a character of the same class that it knows (classes.go, ranges.go), and
//	            what the rules have changed since is put right: flags in pairs (WB15), emoji joined (WB3c), runs of blanks (WB3d)
package words
