package tokenize

import "unicode/utf8"

// GPT-2 writes bytes as printable characters so that a vocabulary can live in JSON: the 188 printable bytes of Latin-1 stand for
// themselves, the others follow from U+0100 on (a blank is U+0120, Ġ).
var (
	byteRune  [256]rune
	runeByte  [256 + 68]int16 // -1: the character stands for no byte
	byteOrder [256]byte       // the bytes in the order of their characters, as trainers number them
)

func init() {
	for i := range runeByte {
		runeByte[i] = -1
	}
	next := rune(256)
	for b := range 256 {
		r := rune(b)
		printable := '!' <= r && r <= '~' || '¡' <= r && r <= '¬' || '®' <= r && r <= 'ÿ'
		if !printable {
			r = next
			next++
		}
		byteRune[b] = r
		runeByte[r] = int16(b)
	}
	n := 0
	for _, b := range runeByte {
		if b >= 0 {
			byteOrder[n] = byte(b)
			n++
		}
	}
}

// ByteAlphabet returns the 256 bytes in the order in which a byte-level vocabulary numbers them: by the character that stands
// for each ("!" first, then the rest of printable ASCII, printable Latin-1, and the others).
func ByteAlphabet() []byte { return append([]byte(nil), byteOrder[:]...) }

// appendBytesOf appends the bytes that a piece stands for. A piece with a character that stands for no byte is no byte-level
// piece: it stands for its own text, as in the reference.
func appendBytesOf(dst []byte, piece string) []byte {
	start := len(dst)
	for _, r := range piece {
		if int(r) >= len(runeByte) || runeByte[r] < 0 {
			return append(dst[:start], piece...)
		}
		dst = append(dst, byte(runeByte[r]))
	}
	return dst
}

// appendPieceOf is the way back: the characters that stand for the bytes.
func appendPieceOf(dst []byte, text string) []byte {
	for i := range len(text) {
		dst = utf8.AppendRune(dst, byteRune[text[i]])
	}
	return dst
}

// byteLevel holds the switches of the pre-tokenizer.
type byteLevel struct {
	prefix bool // add_prefix_space: a text that starts without a blank gets one
	regex  bool // use_regex: cut into words; otherwise what lies between added tokens is one word
	// Where words end by another pattern than GPT-2's; nil where that or none cuts.
	scan func(text []byte, start int) int
}

// wordEnd returns where the word that starts at start ends.
func (l byteLevel) wordEnd(text []byte, start int) int {
	if l.regex {
		return WordEnd(text, start)
	}
	if l.scan != nil {
		return l.scan(text, start)
	}
	return len(text)
}

// needsPrefix says whether the text gets a blank in front. Only the start of the text gets one, never the text after an added token:
// there it would come back from decoding as a blank that nobody wrote.
func (l byteLevel) needsPrefix(text []byte) bool {
	return l.prefix && len(text) > 0 && text[0] != ' '
}

// ByteRune returns the character that stands for a byte in the pieces of a byte-level vocabulary.
func ByteRune(b byte) rune { return byteRune[b] }
