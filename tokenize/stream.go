package tokenize

import (
	"strings"
	"unicode/utf8"
)

// StreamDecoder decodes ids as they come. What it gives, joined, is what Decode gives for all of them (but for the decoders BPEDecoder and Strip without
// Fuse, which treat the last token or each one otherwise); it never gives half a character. The zero value is not usable; a StreamDecoder belongs to one goroutine.
type StreamDecoder struct {
	t           *Tokenizer
	skipSpecial bool
	prefixed    bool   // the next piece may have a blank that nobody wrote
	pending     []byte // the beginning of a character

	// For pipelines whose text depends on the tokens around: those since the last but one that gave text, and what of their text has been given.
	ids   []int32
	given string
	first int // how many of ids gave it
}

// NewStreamDecoder returns a decoder at the start of a text.
func (t *Tokenizer) NewStreamDecoder(skipSpecial bool) *StreamDecoder {
	return &StreamDecoder{t: t, skipSpecial: skipSpecial, prefixed: t.level.prefix}
}

// Next takes one id and returns the text that is whole by now, "" while a character is incomplete.
func (d *StreamDecoder) Next(id int32) string {
	if d.skipSpecial && d.t.IsSpecial(id) {
		return ""
	}
	if d.t.general != nil || d.t.joins {
		return d.nextGeneral(id)
	}
	var raw string
	raw, d.prefixed = d.t.unprefixed(id, d.prefixed)
	if len(d.pending) == 0 && utf8.ValidString(raw) {
		return raw
	}
	d.pending = append(d.pending, raw...)
	var b strings.Builder
	n := appendLossy(&b, d.pending, false)
	d.pending = append(d.pending[:0], d.pending[n:]...)
	return b.String()
}

// nextGeneral decodes the last tokens anew and gives what is behind the text that they gave before: a decoder looks back by a token, not at all of them.
func (d *StreamDecoder) nextGeneral(id int32) string {
	d.ids = append(d.ids, id)
	all := d.t.decodeGeneral(d.ids, d.skipSpecial)
	rest, ok := strings.CutPrefix(all, d.given)
	if !ok || rest == "" || strings.HasSuffix(rest, string(utf8.RuneError)) && len(d.ids) < longestPending {
		return ""
	}
	d.ids = d.ids[d.first:]
	d.first = len(d.ids)
	d.given = d.t.decodeGeneral(d.ids, d.skipSpecial)
	return rest
}

// longestPending tokens are waited for while the text ends in U+FFFD: no character has more bytes, the text itself may hold one.
const longestPending = 16

// Flush returns what is left at the end: "", or U+FFFD for a character that was never completed.
func (d *StreamDecoder) Flush() string {
	var b strings.Builder
	if len(d.ids) > 0 {
		rest, _ := strings.CutPrefix(d.t.decodeGeneral(d.ids, d.skipSpecial), d.given)
		b.WriteString(rest)
	}
	appendLossy(&b, d.pending, true)
	d.pending, d.ids, d.given, d.first = d.pending[:0], nil, "", 0
	d.prefixed = d.t.level.prefix
	return b.String()
}
