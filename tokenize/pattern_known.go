package tokenize

// knownPattern returns a scanner written for a pattern that many tokenizers have, nil for others.
func knownPattern(source string) finder {
	if source == gpt2Pattern {
		return scanned(WordEnd)
	}
	return nil
}

const gpt2Pattern = `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`

// scanned is a pattern that matches everywhere, given by where the match at a place ends.
type scanned func(text []byte, start int) int

func (f scanned) matches(dst []span, text []byte) []span {
	for i := 0; i < len(text); {
		end := f(text, i)
		dst = append(dst, span{int32(i), int32(end)})
		i = end
	}
	return dst
}
