package tokenize

import (
	"sync"
	"unicode/utf8"
)

// casedClasses are the two classes of o200k's words: capitals and lower case, each with all that has no case (Lm, Lo, M).
var casedClasses = sync.OnceValue(func() *[2]*charClass {
	return &[2]*charClass{categoryClass("Lu", "Lt", "Lm", "Lo", "M"), categoryClass("Ll", "Lm", "Lo", "M")}
})

// o200kEnd returns where the word that starts at text[start] ends by o200k's pattern (GPT-4o).
func o200kEnd(text []byte, start int) int {
	c := text[start]
	kind, size := classSize(text, start)
	next := start + size
	if kind == classNumber {
		return cl100kEnd(text, start, 3)
	}
	classes := casedClasses()
	// A character that is no letter, number or line end may lead a word. It is left out only where nothing follows it, and it is itself a mark.
	lead := kind != classLetter && c != '\r' && c != '\n'
	for _, of := range [...]func([]byte, int, *[2]*charClass) int{capitalisedEnd, capitalsEnd} {
		if lead {
			if end := of(text, next, classes); end >= 0 {
				return end + contractionAt(text, end)
			}
		}
		if end := of(text, start, classes); end >= 0 {
			return end + contractionAt(text, end)
		}
	}
	if kind == classSymbol || c == ' ' && next < len(text) && classAt(text, next) == classSymbol {
		end := runEnd(text, next, classSymbol)
		for end < len(text) && (text[end] == '\r' || text[end] == '\n' || text[end] == '/') {
			end++
		}
		return end
	}
	return lineSpaceEnd(text, start)
}

func contractionAt(text []byte, i int) int {
	if i < len(text) && text[i] == '\'' {
		return foldedContraction(text[i:])
	}
	return 0
}

// classEnd returns the end of the run of a class.
func classEnd(text []byte, i int, class *charClass) int {
	for i < len(text) {
		r, size := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && size == 1 || !class.has(r) {
			break
		}
		i += size
	}
	return i
}

// capitalisedEnd returns the end of [capitals]*[lower case]+ at i, -1 where it does not match.
func capitalisedEnd(text []byte, i int, classes *[2]*charClass) int {
	end := classEnd(text, i, classes[0])
	if lower := classEnd(text, end, classes[1]); lower > end {
		return lower
	}
	for end > i { // the last one that may be either is given back
		r, size := utf8.DecodeLastRune(text[i:end])
		if classes[1].has(r) {
			return end
		}
		end -= size
	}
	return -1
}

// capitalsEnd returns the end of [capitals]+[lower case]* at i, -1 where it does not match.
func capitalsEnd(text []byte, i int, classes *[2]*charClass) int {
	end := classEnd(text, i, classes[0])
	if end == i {
		return -1
	}
	return classEnd(text, end, classes[1])
}
