package tokenize

import "bytes"

// literal finds a text as it is.
type literal string

func (l literal) matches(dst []span, text []byte) []span {
	if l == "" {
		// The empty pattern matches in front of each character and at the end, as the reference's engine has it.
		for i := range string(text) {
			dst = append(dst, span{int32(i), int32(i)})
		}
		return append(dst, span{int32(len(text)), int32(len(text))})
	}
	for at := 0; ; {
		i := bytes.Index(text[at:], []byte(l))
		if i < 0 {
			return dst
		}
		dst = append(dst, span{int32(at + i), int32(at + i + len(l))})
		at += i + len(l)
	}
}
