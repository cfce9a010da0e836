package train

import (
	"bytes"
	"unicode/utf8"

	"github.com/go-cloze/cloze/tokenize"
)

// metaspace stands for the blank before a word.
const metaspace = "▁"

// maxSegment bounds what Unigram sees at once, in bytes: a longer run of one script (Japanese without punctuation, a row of dashes) is cut
// between characters.
const maxSegment = 2048

// pieceWords cuts for Unigram: the text is normalized as SentencePiece does (control characters vanish, kinds of blanks become a blank,
// NFKC), each word gets the mark of a blank before it, and is cut where the script changes. Since no piece may mix scripts, the parts
// can be looked at alone: they are far fewer than the words.
type pieceWords struct {
	steps   *tokenize.Tokenizer // its normalizer
	scripts *scripts
	norm    []byte
	buf     []byte
}

func newPieceWords(steps *tokenize.Tokenizer) *pieceWords {
	return &pieceWords{steps: steps, scripts: scriptTable()}
}

func (p *pieceWords) split(w *counter, text []byte) {
	text = p.normalize(text)
	blank := true // what comes next starts a word
	for i := 0; i < len(text); {
		if text[i] == ' ' {
			blank = true
			i++
			continue
		}
		end := p.segment(text, i)
		if part := text[i:end]; blank {
			p.buf = append(append(p.buf[:0], metaspace...), part...)
			p.add(w, p.buf)
			blank = false
		} else {
			p.add(w, part)
		}
		i = end
	}
}

// add counts a part of a word, in chunks where it is long.
func (p *pieceWords) add(w *counter, part []byte) {
	if len(part) > maxSegment {
		w.long++
		for len(part) > maxSegment {
			n := maxSegment
			for n > maxSegment-utf8.UTFMax && !utf8.RuneStart(part[n]) {
				n--
			}
			w.word(part[:n])
			part = part[n:]
		}
	}
	w.word(part)
}

// segment returns where the run of characters of one script that starts at i ends.
func (p *pieceWords) segment(text []byte, i int) int {
	var script uint8
	for first := true; i < len(text); first = false {
		c, s, n := text[i], scriptCommon, 1
		switch {
		case c == ' ':
			return i
		case c >= utf8.RuneSelf:
			var r rune
			r, n = utf8.DecodeRune(text[i:])
			s = p.scripts.of(r)
		case 'a' <= c|0x20 && c|0x20 <= 'z':
			s = p.scripts.of('a')
		}
		// A mark has the script of what it stands on; one at the start takes that of what follows.
		switch {
		case first:
			script = s
		case script == scriptInherited:
			script = s
		case s != script && s != scriptInherited:
			return i
		}
		i += n
	}
	return i
}

// normalize does what the normalizer in the file does. Lines of ASCII, whose blanks are cut at and need not be made one, only lose their
// control characters.
func (p *pieceWords) normalize(text []byte) []byte {
	p.norm = p.norm[:0]
	for len(text) > 0 {
		line := text
		if n := bytes.IndexByte(text, '\n'); n >= 0 {
			line = text[:n+1]
		}
		text = text[len(line):]
		start, ascii := len(p.norm), true
		for _, c := range line {
			switch {
			case c >= utf8.RuneSelf:
				ascii = false
			case c == '\t' || c == '\n' || c == '\f' || c == '\r':
				c = ' '
			case c < ' ' && c != 0 || c == 0x7F:
				continue
			}
			p.norm = append(p.norm, c)
		}
		if !ascii { // a line is enough: a line feed composes with nothing
			p.norm = append(p.steps.AppendNormalized(p.norm[:start], line), ' ')
		}
	}
	return p.norm
}
