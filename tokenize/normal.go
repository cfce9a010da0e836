package tokenize

import (
	"slices"
	"unicode/utf8"
)

// span is a half-open range of bytes of the input.
type span [2]int32

// normal is text on its way through the pipeline: what it has become so far and, where offsets are wanted, which bytes of the input each of its
// bytes came from. A step reads it from the front and writes what it makes beside it (begin, put ..., end).
type normal struct {
	b      []byte
	at     []span // by byte of b; not kept up where track is false
	track  bool
	base   int32 // where the text starts in the input: the place of what is put in front of everything
	out    []byte
	outAt  []span
	offset int // while writing: how much of b has been replaced

	pending, held []formRune // buffers of the normal forms
	changes       []change   // buffer of the charsmap
	found         []span     // buffer of matches
}

// set starts with a piece of the input; base is its place there. Bytes that are no UTF-8 become U+FFFD, one each.
func (n *normal) set(text []byte, base int, track bool) {
	n.b, n.at, n.track, n.base = slices.Grow(n.b[:0], len(text)), n.at[:0], track, int32(base)
	if !track && utf8.Valid(text) {
		n.b = append(n.b, text...)
		return
	}
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		before := len(n.b)
		n.b = utf8.AppendRune(n.b, r)
		if track {
			for range len(n.b) - before {
				n.at = append(n.at, span{int32(base + i), int32(base + i + size)})
			}
		}
		i += size
	}
}

// begin starts a rewriting of the whole text that drops its first skip bytes.
func (n *normal) begin(skip int) {
	n.out, n.outAt, n.offset = slices.Grow(n.out[:0], len(n.b)), n.outAt[:0], skip
}

// put appends a character. change tells what became of the text that is replaced, as in the reference: 0: the character stands for the next one;
// 1: it is an additional one and has the place of the one before; -k: it stands for the next one and the k behind it. Where covers is set its place
// includes those k; the reference leaves them out, so that a mark that is taken away or composed would belong to no token.
func (n *normal) put(r rune, change int, covers bool) {
	before := len(n.out)
	n.out = utf8.AppendRune(n.out, r)
	if !n.track {
		return
	}
	var place span
	if change > 0 {
		if place = (span{n.base, n.base}); n.offset > 0 {
			place = n.at[n.offset-1]
		}
	} else if n.offset < len(n.b) {
		place = n.at[n.offset]
		for k := change; k <= 0 && n.offset < len(n.b); k++ {
			if covers {
				place[1] = max(place[1], n.at[n.offset][1])
			}
			_, size := utf8.DecodeRune(n.b[n.offset:])
			n.offset += size
		}
	}
	for range len(n.out) - before {
		n.outAt = append(n.outAt, place)
	}
}

// end makes what was written the text.
func (n *normal) end() {
	n.b, n.out = n.out, n.b
	n.at, n.outAt = n.outAt, n.at
}

// keep drops the characters that drop says. Where covers is set they belong to the character before them.
func (n *normal) keep(drop func(rune) bool, covers bool) {
	first := 0
	for first < len(n.b) {
		r, size := utf8.DecodeRune(n.b[first:])
		if !drop(r) {
			break
		}
		first += size
	}
	i := first
	for i < len(n.b) { // nothing to do is the usual case
		r, size := utf8.DecodeRune(n.b[i:])
		if drop(r) {
			break
		}
		i += size
	}
	if first == 0 && i == len(n.b) {
		return
	}
	n.begin(first)
	for i = first; i < len(n.b); {
		r, size := utf8.DecodeRune(n.b[i:])
		i += size
		change := 0
		for i < len(n.b) {
			next, size := utf8.DecodeRune(n.b[i:])
			if !drop(next) {
				break
			}
			change--
			i += size
		}
		n.put(r, change, covers)
	}
	n.end()
}

// rewrite replaces each character by one.
func (n *normal) rewrite(to func(rune) rune) {
	n.begin(0)
	for i := 0; i < len(n.b); {
		r, size := utf8.DecodeRune(n.b[i:])
		n.put(to(r), 0, false)
		i += size
	}
	n.end()
}

// prepend puts text in front; it has the place of the first character. An empty text stays empty.
func (n *normal) prepend(text string) {
	if len(n.b) == 0 {
		return
	}
	_, first := utf8.DecodeRune(n.b)
	n.out = append(append(n.out[:0], text...), n.b...)
	if n.track {
		n.outAt = n.outAt[:0]
		for range len(text) {
			n.outAt = append(n.outAt, n.at[0])
		}
		if len(text) > 0 { // the reference gives the first character one place, that of its last byte
			for i := range first {
				n.at[i] = n.at[first-1]
			}
		}
		n.outAt = append(n.outAt, n.at...)
	}
	n.end()
}

// ascii says whether all of the text is.
func ascii(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
