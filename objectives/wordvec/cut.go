package wordvec

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"unicode"
	"unicode/utf8"

	"github.com/go-cloze/cloze/tokenize"
	"github.com/go-cloze/cloze/tokenize/words"
)

// cutter turns texts into numbers of words.
type cutter interface {
	// append appends the numbers of a text's words.
	append(dst []uint32, text []byte) []uint32
	// name is a word by its number.
	name(n uint32) string
	// add is the number of a word that no text need hold, new where it is not known: a phrase, a word of an earlier run.
	add(word []byte) uint32
	// len is how many numbers there are.
	len() int
}

// newCutter cuts as the configuration says; tokenizer is nil unless its pieces are the words.
func newCutter(c Config, tokenizer *tokenize.Tokenizer, names []string) cutter {
	table := newWordTable()
	switch {
	case tokenizer != nil:
		return &pieceCutter{tokenizer: tokenizer, names: names, more: table}
	case c.Words == UAX29:
		return &wordCutter{wordTable: table, lower: bool(c.Lowercase)}
	}
	return &blankCutter{wordTable: table, lower: bool(c.Lowercase)}
}

// blankCutter takes what stands between characters of Unicode's property White_Space.
type blankCutter struct {
	*wordTable
	lower bool
	small []byte // the text in small letters
}

func (c *blankCutter) name(n uint32) string   { return string(c.word(n)) }
func (c *blankCutter) add(word []byte) uint32 { return c.number(word) }

const (
	isLetter = iota
	isBlank
	mayBlank // the first byte of characters some of which are white space
)

// kinds tells of a byte what it may begin.
var kinds = func() (k [256]uint8) {
	for r := rune(0); r <= 0x3000; r++ { // the last of them
		switch {
		case !unicode.IsSpace(r):
		case r < utf8.RuneSelf:
			k[r] = isBlank
		default:
			k[utf8.AppendRune(nil, r)[0]] = mayBlank
		}
	}
	return k
}()

func (c *blankCutter) append(dst []uint32, text []byte) []uint32 {
	if c.lower {
		c.small = appendLower(c.small[:0], text)
		text = c.small
	}
	for i := 0; i < len(text); {
		// Most words are of ASCII and end within eight bytes, which are looked at together: the lowest byte that is a blank, a control character
		// or beyond ASCII has its top bit set in stops.
		if i+8 <= len(text) {
			const each, tops = 0x0101010101010101, 0x8080808080808080
			eight := binary.LittleEndian.Uint64(text[i:])
			stops := ((eight-0x21*each)&^eight | eight) & tops
			n := bits.TrailingZeros64(stops) / 8
			if n < 8 && kinds[text[i+n]] == isBlank {
				if n > 0 {
					dst = append(dst, c.find(eight&(1<<(8*n)-1), text[i:i+n]))
				}
				i += n + 1
				continue
			}
		}
		end, next := wordEnd(text, i)
		if end > i {
			dst = append(dst, c.number(text[i:end]))
		}
		i = next
	}
	return dst
}

// wordEnd is where the word at i ends, and where what follows the white space behind it begins.
func wordEnd(text []byte, i int) (end, next int) {
	for i < len(text) {
		switch kinds[text[i]] {
		case isLetter:
			i++
		case isBlank:
			return i, i + 1
		case mayBlank:
			r, n := utf8.DecodeRune(text[i:])
			if unicode.IsSpace(r) {
				return i, i + n
			}
			i += n
		}
	}
	return i, i
}

// appendLower appends a text in small letters, character by character.
func appendLower(dst, text []byte) []byte {
	for i := 0; i < len(text); {
		b := text[i]
		if b < utf8.RuneSelf {
			if 'A' <= b && b <= 'Z' {
				b += 'a' - 'A'
			}
			dst = append(dst, b)
			i++
			continue
		}
		r, n := utf8.DecodeRune(text[i:])
		dst = utf8.AppendRune(dst, unicode.ToLower(r))
		i += n
	}
	return dst
}

// wordCutter takes the words of Unicode's annex 29 and leaves out blanks, punctuation and symbols.
type wordCutter struct {
	*wordTable
	lower   bool
	small   []byte
	segment words.Segmenter
}

func (c *wordCutter) name(n uint32) string   { return string(c.word(n)) }
func (c *wordCutter) add(word []byte) uint32 { return c.number(word) }

func (c *wordCutter) append(dst []uint32, text []byte) []uint32 {
	if c.lower {
		c.small = appendLower(c.small[:0], text)
		text = c.small
	}
	c.segment.Reset(text)
	for c.segment.Next() {
		if c.segment.Kind() == words.None {
			continue
		}
		word := c.segment.Bytes()
		// The one white space that the annex has inside words: it binds like an underscore.
		for at := bytes.Index(word, narrowBlank); at >= 0; at = bytes.Index(word, narrowBlank) {
			if at > 0 {
				dst = append(dst, c.number(word[:at]))
			}
			word = word[at+len(narrowBlank):]
		}
		if len(word) > 0 {
			dst = append(dst, c.number(word))
		}
	}
	return dst
}

var narrowBlank = []byte("\u202f") // NARROW NO-BREAK SPACE

// pieceCutter takes the pieces of a tokenizer: its ids are the numbers.
type pieceCutter struct {
	tokenizer *tokenize.Tokenizer
	names     []string          // by id, no two alike, without white space
	byName    map[string]uint32 // made when it is first wanted
	more      *wordTable        // words that are no ids, numbered behind them
	ids       []int32
}

func (c *pieceCutter) append(dst []uint32, text []byte) []uint32 {
	c.ids = c.tokenizer.AppendIDs(c.ids[:0], text)
	for _, id := range c.ids {
		dst = append(dst, uint32(id))
	}
	return dst
}

func (c *pieceCutter) name(n uint32) string {
	if int(n) < len(c.names) {
		return c.names[n]
	}
	return string(c.more.word(n - uint32(len(c.names))))
}

func (c *pieceCutter) add(word []byte) uint32 {
	if c.byName == nil {
		c.byName = make(map[string]uint32, len(c.names))
		for i, name := range c.names {
			c.byName[name] = uint32(i)
		}
	}
	if n, ok := c.byName[string(word)]; ok {
		return n
	}
	return uint32(len(c.names)) + c.more.number(word)
}

func (c *pieceCutter) len() int { return len(c.names) + c.more.len() }
