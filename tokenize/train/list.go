package train

// wordList is the words that merging sees, as one array of byte values or code points, later of pieces: before each word stands a mark,
// -2 - its index; one more mark ends the array.
type wordList struct {
	symbols []int32
	counts  []int64 // by word
	chars   bool    // code points and not bytes
}

// cost is what a word takes while merging: 4 bytes a symbol, 4 a place of a pair and some for pairs that come and go.
func (l *wordList) cost(size int) int64 { return 16 + 12*int64(size) }

func (l *wordList) reserve(words int, bytes int64) {
	l.symbols = append(make([]int32, 0, bytes+int64(words)+1), mark(0))
	l.counts = make([]int64, 0, words)
}

func mark(word int) int32 { return -2 - int32(word) }

func (l *wordList) add(word []byte, count int64) {
	l.counts = append(l.counts, count)
	if l.chars {
		for _, r := range string(word) {
			l.symbols = append(l.symbols, r)
		}
	} else {
		for _, b := range word {
			l.symbols = append(l.symbols, int32(b))
		}
	}
	l.symbols = append(l.symbols, mark(len(l.counts)))
}
