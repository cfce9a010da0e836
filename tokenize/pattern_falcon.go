package tokenize

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"
)

// falconSteps are the pre-tokenizers of Falcon: runs of punctuation, in what lies between GPT-2's words, and of these, once they are written in the characters
// of bytes, the digits, by threes from the left.
const falconSteps = `[{"type":"Punctuation","behavior":"Contiguous"},{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":true},` +
	`{"type":"Digits","individual_digits":false},{"type":"Split","pattern":{"Regex":"[0-9][0-9][0-9]"},"behavior":"Isolated","invert":false}]`

// isFalcon says whether a pre-tokenizer is that of Falcon, as its file spells it.
func isFalcon(raw []byte) bool {
	var p struct {
		Type  string
		Steps json.RawMessage `json:"pretokenizers"`
	}
	var b bytes.Buffer
	return json.Unmarshal(raw, &p) == nil && p.Type == "Sequence" && json.Compact(&b, p.Steps) == nil && b.String() == falconSteps
}

// digitByte tells the bytes that are written as a digit: besides those of ASCII ², ³, ¹, ¼, ½ and ¾, which stand for bytes inside of characters. A word
// is cut there too.
var digitByte = func() (t [256]bool) {
	for _, b := range []byte("0123456789\xB2\xB3\xB9\xBC\xBD\xBE") {
		t[b] = true
	}
	return t
}()

// classStop is the class of punctuation, which no other word goes on over.
const classStop = classNonASCII + 1

// falconClass returns the class of the character at i, and its bytes.
func falconClass(text []byte, i int) (uint8, int) {
	if c := text[i]; c < utf8.RuneSelf {
		return falconASCII[c], 1
	}
	r, size := decodeWide(text, i)
	if isPunct(r) {
		return classStop, size
	}
	return runeClass(r), size
}

var falconASCII = func() (t [utf8.RuneSelf]uint8) {
	for c := range t {
		if t[c] = asciiClass[c]; t[c] == classSymbol && c > ' ' && c < 0x7F {
			t[c] = classStop
		}
	}
	return t
}()

// falconEnd returns where the word that starts at text[start] ends; that may be inside of a character.
func falconEnd(text []byte, start int) int {
	first := characterStart(text, start)
	kind, size := falconClass(text, first)
	end := first + size
	if kind != classSpace {
		return falconRun(text, start, end, kind)
	}
	if text[start] == ' ' && end < len(text) {
		if k, _ := falconClass(text, end); k != classSpace && k != classStop {
			return falconRun(text, start, end, k)
		}
	}
	last := start
	for end < len(text) {
		k, size := falconClass(text, end)
		if k == classStop {
			return end // what lies before punctuation is cut by itself
		}
		if k != classSpace {
			if last > start {
				return last
			}
			return end
		}
		last, end = end, end+size
	}
	return end
}

// characterStart returns where the character that has text[i] starts.
func characterStart(text []byte, i int) int {
	for j := i; j >= 0 && j > i-utf8.UTFMax; j-- {
		if utf8.RuneStart(text[j]) {
			if _, n := utf8.DecodeRune(text[j:]); j+n > i {
				return j
			}
			break
		}
	}
	return i
}

// falconRun returns where the word that starts at text[start] and goes over characters of one class from end on ends; all before end is part of it, but
// for where digits start or end.
func falconRun(text []byte, start, end int, kind uint8) int {
	digit := digitByte[text[start]]
	if digit && threeDigits(text, start) {
		return start + 3
	}
	for i := start + 1; ; {
		for ; i < end; i++ {
			if digitByte[text[i]] != digit || digit && threeDigits(text, i) {
				return i
			}
		}
		for kind == classLetter && !digit && end < len(text) && asciiClass[text[end]] == classLetter {
			end++ // which is most of most texts
		}
		if i = end; end == len(text) {
			return end
		}
		k, size := falconClass(text, end)
		if k != kind {
			return end
		}
		end += size
	}
}

func threeDigits(text []byte, i int) bool {
	return i+2 < len(text) && text[i]-'0' < 10 && text[i+1]-'0' < 10 && text[i+2]-'0' < 10
}
