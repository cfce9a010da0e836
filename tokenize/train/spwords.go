package train

import (
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
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
	scripts *scripts
	raw     []byte // without control characters and with plain blanks
	norm    []byte // the same in NFKC
	buf     []byte
}

func newPieceWords() *pieceWords { return &pieceWords{scripts: scriptTable()} }

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

// normalize does what the normalizer in the file does: Nmt, NFKC and the end of blanks at the edges. Runs of blanks are left, since
// words are cut at each.
func (p *pieceWords) normalize(text []byte) []byte {
	p.raw = p.raw[:0]
	ascii := true
	for i := 0; i < len(text); {
		c := text[i]
		if c < utf8.RuneSelf {
			switch {
			case c == '\t' || c == '\n' || c == '\f' || c == '\r':
				p.raw = append(p.raw, ' ')
			case c >= ' ' && c != 0x7F || c == 0:
				p.raw = append(p.raw, c)
			}
			i++
			continue
		}
		r, n := utf8.DecodeRune(text[i:])
		i += n
		switch {
		case r == 0x8F || r == 0x9F:
		case r == 0x1680 || 0x200B <= r && r <= 0x200F || r == 0x2028 || r == 0x2029 || r == 0x2581 || r == 0xFEFF || r == utf8.RuneError:
			p.raw = append(p.raw, ' ')
		default:
			ascii = false
			p.raw = utf8.AppendRune(p.raw, r)
		}
	}
	if ascii || norm.NFKC.IsNormal(p.raw) {
		return p.raw
	}
	p.norm = norm.NFKC.Append(p.norm[:0], p.raw...)
	return p.norm
}
