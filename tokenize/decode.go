package tokenize

import (
	"strings"
	"unicode/utf8"
)

// Decode returns the text that ids stand for, without special tokens where skipSpecial is set. Bytes that do not make up characters
// come out as U+FFFD, one for each maximal piece of a character, as in the reference; AppendBytes gives them as they are. Ids without
// a token are left out. Nothing is cleaned up: what Encode got is what Decode gives.
func (t *Tokenizer) Decode(ids []int32, skipSpecial bool) string {
	if t.general != nil || t.joins {
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

// AppendBytes appends the bytes that ids stand for. Where the pre-tokenizer puts a blank in front of a text, one blank is taken away again at the start
// and behind an added token that ends in a word character: "die abcs" with the added token "abc" comes back as it was. Behind others ("<mask>", "[SEP]")
// it stays, since the ids do not tell it from one that was written, which is likelier there.
func (t *Tokenizer) AppendBytes(dst []byte, ids []int32, skipSpecial bool) []byte {
	if t.general != nil || t.joins {
		return append(dst, t.decodeGeneral(ids, skipSpecial)...)
	}
	prefixed := t.level.prefix
	for _, id := range ids {
		raw, next := t.unprefixed(id, prefixed)
		if skipSpecial && t.IsSpecial(id) {
			continue
		}
		dst = append(dst, raw...)
		prefixed = next
	}
	return dst
}

// unprefixed returns the bytes of an id, without the blank that was put in front where prefixed is set, and whether the next one may have such a blank.
func (t *Tokenizer) unprefixed(id int32, prefixed bool) (raw string, next bool) {
	raw = t.bytesOf(id)
	if a := t.added.get(id); a != nil {
		return raw, t.level.prefix && endsWithWord([]byte(raw))
	}
	if prefixed {
		raw = strings.TrimPrefix(raw, " ")
	}
	return raw, false
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
