package tokenize

import (
	"strings"
	"unicode/utf8"
)

// Decode returns the text that ids stand for, without special tokens where skipSpecial is set. Bytes that do not make up characters
// come out as U+FFFD, one for each maximal piece of a character, as in the reference; AppendBytes gives them as they are. Ids without
// a token are left out. Nothing is cleaned up: what Encode got is what Decode gives.
func (t *Tokenizer) Decode(ids []int32, skipSpecial bool) string {
	if t.general != nil {
		return t.decodeGeneral(ids, skipSpecial)
	}
	raw := t.AppendBytes(nil, ids, skipSpecial)
	if utf8.Valid(raw) {
		return string(raw)
	}
	var b strings.Builder
	appendLossy(&b, raw, true)
	return b.String()
}

// AppendBytes appends the bytes that ids stand for. Where the pre-tokenizer puts a blank in front of a text, one blank in front is
// taken away again.
func (t *Tokenizer) AppendBytes(dst []byte, ids []int32, skipSpecial bool) []byte {
	if t.general != nil {
		return append(dst, t.decodeGeneral(ids, skipSpecial)...)
	}
	first := true
	for _, id := range ids {
		a := t.added.get(id)
		switch {
		case a != nil && a.Special && skipSpecial:
			continue
		case a != nil:
			dst = append(dst, a.Content...)
		default:
			raw := t.bytesOf(id)
			if first && t.level.prefix {
				raw = strings.TrimPrefix(raw, " ")
			}
			dst = append(dst, raw...)
		}
		first = false
	}
	return dst
}

// appendLossy writes raw as text and returns how many bytes it has written. At the end of raw a character that has only begun is
// left alone unless final is set.
func appendLossy(b *strings.Builder, raw []byte, final bool) int {
	for i := 0; i < len(raw); {
		r, n := utf8.DecodeRune(raw[i:])
		if r != utf8.RuneError || n != 1 {
			b.Write(raw[i : i+n])
			i += n
			continue
		}
		n = begunRune(raw[i:])
		if i+n == len(raw) && !final && !utf8.FullRune(raw[i:]) {
			return i
		}
		b.WriteRune(utf8.RuneError)
		i += n
	}
	return len(raw)
}

// begunRune returns how many bytes at the start of s could begin a character (at least 1): the "maximal subpart" of the Unicode standard,
// section 3.9, which one U+FFFD replaces.
func begunRune(s []byte) int {
	n := 1
	for n < len(s) && n < utf8.UTFMax && !utf8.FullRune(s[:n]) {
		n++
	}
	if n > 1 && utf8.FullRune(s[:n]) {
		n-- // the last byte has shown that it does not continue the character
	}
	return n
}

// StreamDecoder decodes ids as they come. What it gives, joined, is what Decode gives for all of them; it never gives half a
// character. The zero value is not usable; a StreamDecoder belongs to one goroutine.
type StreamDecoder struct {
	t           *Tokenizer
	skipSpecial bool
	started     bool
	pending     []byte // the beginning of a character
}

// NewStreamDecoder returns a decoder at the start of a text.
func (t *Tokenizer) NewStreamDecoder(skipSpecial bool) *StreamDecoder {
	return &StreamDecoder{t: t, skipSpecial: skipSpecial}
}

// Next takes one id and returns the text that is whole by now, "" while a character is incomplete.
func (d *StreamDecoder) Next(id int32) string {
	if d.skipSpecial && d.t.IsSpecial(id) {
		return ""
	}
	raw := d.t.bytesOf(id)
	if !d.started && d.t.level.prefix && d.t.added.get(id) == nil {
		raw = strings.TrimPrefix(raw, " ")
	}
	d.started = true
	if len(d.pending) == 0 && utf8.ValidString(raw) {
		return raw
	}
	d.pending = append(d.pending, raw...)
	var b strings.Builder
	n := appendLossy(&b, d.pending, false)
	d.pending = append(d.pending[:0], d.pending[n:]...)
	return b.String()
}

// Flush returns what is left at the end: "", or U+FFFD for a character that was never completed.
func (d *StreamDecoder) Flush() string {
	var b strings.Builder
	appendLossy(&b, d.pending, true)
	d.pending = d.pending[:0]
	d.started = false
	return b.String()
}
