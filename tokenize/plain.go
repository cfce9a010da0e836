package tokenize

import (
	"encoding/binary"
	"unicode/utf8"
)

// addPlain gives a pipeline of NFC and byte-level BPE (Qwen) the byte-level path for text that NFC leaves alone, which is nearly all text there is.
func (t *Tokenizer) addPlain(top []field, sw bpeSwitches) error {
	g := t.general
	m, ok := g.model.(*charBPE)
	var rest []field // the file without its normalizer
	for _, f := range top {
		if f.key != "normalizer" {
			rest = append(rest, f)
		}
	}
	if !ok || fieldOf(top, "decoder") == nil || g.norm != (form{compose: true}) || !plainByteLevel(rest, sw) {
		return nil
	}
	for _, a := range t.added.tokens {
		if a.Normalized && a.normal != a.Content {
			return nil
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
	g.plain = p
	return nil
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
