package tokenize

import (
	"encoding/binary"
	"unicode/utf8"
)

// addPlain gives a pipeline of a normalizer and byte-level BPE (Qwen) the byte-level path behind the normalizer.
func (t *Tokenizer) addPlain(top []field, sw bpeSwitches) error {
	g := t.general
	m, ok := g.model.(*charBPE)
	var rest []field // the file without its normalizer
	for _, f := range top {
		if f.key != "normalizer" {
			rest = append(rest, f)
		}
	}
	if !ok || fieldOf(top, "decoder") == nil || !plainByteLevel(rest, sw) {
		return nil
	}
	var normalized []AddedToken
	for _, a := range t.added.tokens {
		if a.Normalized {
			if a.normal != a.Content {
				return nil
			}
			normalized = append(normalized, a)
		}
	}
	p := &Tokenizer{pool: newPool(), vocab: t.vocab}
	if err := p.newModel(sw); err != nil {
		return err
	}
	if err := p.setMerges(m.merges, ""); err != nil {
		return err
	}
	if err := p.readPreTokenizer(fieldOf(rest, "pre_tokenizer")); err != nil {
		return err
	}
	p.setAdded(t.added.tokens)
	p.finish()
	p.added = newAddedSet(normalized) // the others are cut out before the normalizer
	g.plain = p
	return nil
}

// appendPlain is append by the byte-level path: text between added tokens is normalized, which leaves nearly all text as it is.
func (g *general) appendPlain(dst []int32, starts *[]uint64, text []byte) []int32 {
	w := g.pool.get(false)
	f, isForm := g.norm.(form)
	for _, p := range g.raw(w, text, true) {
		if p.id != noID {
			dst = mark(dst, starts, p.id)
			continue
		}
		part := text[p.start:p.end]
		if !isForm || !f.settledText(part) {
			w.norm.set(part, p.start, false)
			g.norm.normalize(&w.norm)
			part = w.norm.b
		}
		if starts == nil {
			dst = g.plain.AppendIDs(dst, part)
		} else {
			dst, *starts = g.plain.AppendWords(dst, *starts, part)
		}
	}
	g.pool.put(w)
	return dst
}

// settledText says whether the form leaves text alone. Text that is not UTF-8 it does not.
func (f form) settledText(text []byte) bool {
	for len(text) >= 8 && binary.LittleEndian.Uint64(text)&0x8080808080808080 == 0 {
		text = text[8:]
	}
	for i := 0; i < len(text); {
		if text[i] < utf8.RuneSelf {
			i++
			continue
		}
		r, size := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && size == 1 || !f.settled(runeProps(r), r) {
			return false
		}
		i += size
	}
	return true
}
