package tokenize

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// plainByteLevel says whether the byte-level path serves a file: BPE over the bytes of words, with nothing in front.
func plainByteLevel(top []field, sw bpeSwitches) bool {
	pre, _ := typeOf(fieldOf(top, "pre_tokenizer"))
	if knownSplit(fieldOf(top, "pre_tokenizer")) != nil {
		pre = "ByteLevel"
	}
	decoder, _ := typeOf(fieldOf(top, "decoder"))
	has := func(s *string) bool { return s != nil && *s != "" }
	return sw.Type == "BPE" && fieldOf(top, "normalizer") == nil && pre == "ByteLevel" && (decoder == "ByteLevel" || fieldOf(top, "decoder") == nil) &&
		!has(sw.Prefix) && !has(sw.Suffix) && !sw.ByteFallback
}

// knownSplit returns the scanner of a pre-tokenizer that cuts by a well-known pattern and then writes bytes (Llama 3, Qwen, GPT-4, Falcon), nil for others.
func knownSplit(raw []byte) scanned {
	if raw != nil && isFalcon(raw) {
		return falconEnd
	}
	var p preJSON
	if raw == nil || json.Unmarshal(raw, &p) != nil || p.Type != "Sequence" || len(p.Steps) != 2 {
		return nil
	}
	var split, level preJSON
	if json.Unmarshal(p.Steps[0], &split) != nil || json.Unmarshal(p.Steps[1], &level) != nil || split.Type != "Split" || split.Behaviour != "Isolated" ||
		split.Invert || split.Pattern.Regex == nil || level.Type != "ByteLevel" || level.Prefix == nil || *level.Prefix || level.Regex == nil || *level.Regex {
		return nil
	}
	f, _ := knownPattern(*split.Pattern.Regex).(scanned)
	return f
}

// modelFields are the members of all models beside vocab and merges.
type modelFields struct {
	bpeSwitches
	UnkID *int64 `json:"unk_id"`
	Limit *int   `json:"max_input_chars_per_word"`
}

// readGeneral sets up the general pipeline for a model other than plain byte-level BPE.
func (t *Tokenizer) readGeneral(sw modelFields, vocab, merges []byte) error {
	if sw.Type == "" {
		return unsupported(sw.Type)
	}
	t.general = &general{pool: newWorkPool(), switches: sw.bpeSwitches}
	if vocab == nil {
		return fmt.Errorf("%s has no vocab", sw.Type)
	}
	read := t.readVocab
	if sw.Type == "Unigram" {
		read = func(raw []byte) error { return t.readUnigram(sw, raw) }
	}
	if err := read(vocab); err != nil {
		return fmt.Errorf("vocab: %w", err)
	}
	if i := slices.IndexFunc(t.vocab.pieces, func(p string) bool { return len(p) > longestPiece }); i >= 0 && sw.Type != "WordLevel" {
		return fmt.Errorf("vocab: piece %s has %d bytes; %d is the limit", shown(t.vocab.pieces[i]), len(t.vocab.pieces[i]), longestPiece)
	}
	switch sw.Type {
	case "Unigram":
		return nil
	case "BPE":
		if merges == nil {
			return errors.New("BPE has no merges")
		}
		return t.readCharBPE(sw.bpeSwitches, merges)
	case "WordPiece":
		prefix, limit := "##", 100
		if sw.Prefix != nil {
			prefix = *sw.Prefix
		}
		if sw.Limit != nil {
			limit = *sw.Limit
		}
		unk, err := t.unknown(sw.UnkToken, "[UNK]")
		t.general.model = newWordPiece(t.vocab, prefix, unk, limit)
		return err
	case "WordLevel":
		unk, err := t.unknown(sw.UnkToken, "<unk>")
		t.general.model = &wordLevel{vocab: t.vocab, unk: unk}
		return err
	}
	return unsupported(sw.Type)
}

// longestPiece bounds pieces: finding the longest one at each place of a text takes at most so many steps a byte.
const longestPiece = 2048

// unknown returns the id of the unknown token, noID where the vocabulary lacks it.
func (t *Tokenizer) unknown(name *string, missing string) (int32, error) {
	if name == nil {
		name = &missing
	}
	if id, ok := t.vocab.ids[*name]; ok {
		return id, nil
	}
	return noID, nil
}

// readUnigram reads the list of pieces and scores. A piece may stand in it twice; the last one is the one that text becomes.
func (t *Tokenizer) readUnigram(sw modelFields, raw []byte) error {
	s := scanner{data: raw}
	if !s.accept('[') {
		return errors.New("a list of pieces and scores is wanted")
	}
	v := newVocabulary(0)
	var scores []float64
	for !s.accept(']') {
		n := len(scores)
		if !s.accept('[') {
			return fmt.Errorf("entry %d is not a piece and its score", n+1)
		}
		key, err := s.str()
		if err != nil {
			return fmt.Errorf("entry %d: %w", n+1, err)
		}
		piece := string(key)
		s.accept(',')
		score, ok := parseScore(s.value())
		if !ok || !s.accept(']') {
			return fmt.Errorf("entry %d (%s) is not a piece and its score", n+1, shown(piece))
		}
		v.pieces = append(v.pieces, piece)
		v.ids[piece] = int32(n)
		scores = append(scores, score)
		s.accept(',')
	}
	unk := noID
	if sw.UnkID != nil {
		if *sw.UnkID < 0 || *sw.UnkID >= int64(len(scores)) {
			return fmt.Errorf("unk_id %d is not in the vocabulary (%d pieces)", *sw.UnkID, len(scores))
		}
		unk = int32(*sw.UnkID)
	}
	t.vocab = v
	if slices.ContainsFunc(v.pieces, func(p string) bool { return len(p) > longestPiece }) {
		return nil // the caller refuses it
	}
	t.general.model = newUnigram(v, scores, unk, sw.ByteFallback)
	return nil
}

// readCharBPE sets up BPE over characters.
func (t *Tokenizer) readCharBPE(sw bpeSwitches, merges []byte) error {
	if sw.Dropout != nil && *sw.Dropout != 0 {
		return fmt.Errorf("dropout %g is not supported: encoding would be random; set it to null", *sw.Dropout)
	}
	m := &charBPE{vocab: t.vocab}
	m.unk, m.fuse = noID, sw.FuseUnk
	if sw.UnkToken != nil {
		id, ok := t.vocab.ids[*sw.UnkToken]
		if !ok {
			return fmt.Errorf("unk_token %s is not in the vocabulary", shown(*sw.UnkToken))
		}
		m.unk = id
	}
	if sw.Prefix != nil {
		m.prefix = *sw.Prefix
	}
	if sw.Suffix != nil {
		m.suffix = *sw.Suffix
	}
	if sw.ByteFallback {
		m.bytes = bytePieces(t.vocab)
	}
	for c := range m.ascii {
		id, ok := t.vocab.ids[string(rune(c))]
		if !ok {
			id = noID
		}
		m.ascii[c] = id
	}
	m.blankAsMark()
	if sw.IgnoreMerges {
		m.whole = t.vocab.ids
	}
	pairs, err := t.readMerges(merges)
	if err != nil {
		return fmt.Errorf("merges: %w", err)
	}
	t.model = &m.bpe
	t.general.model = m
	return t.setMerges(pairs, m.prefix)
}

// finishGeneral derives what needs the added tokens.
func (t *Tokenizer) finishGeneral(top []field) error {
	g := t.general
	if raw := fieldOf(top, "normalizer"); raw != nil {
		n, err := readNormalizer(raw)
		if err != nil {
			return fmt.Errorf("normalizer %w", err)
		}
		g.norm = n
	}
	if raw := fieldOf(top, "pre_tokenizer"); raw != nil {
		p, err := readPre(raw)
		if err != nil {
			return fmt.Errorf("pre_tokenizer %w", err)
		}
		g.pre, g.places = p, asksForPlaces(p)
	}
	g.added = t.added
	special := make([]bool, t.size)
	var all, data []AddedToken
	for i, a := range t.added.tokens {
		special[a.ID] = a.Special
		if !a.Normalized {
			continue
		}
		if g.norm != nil {
			var n normal
			n.set([]byte(a.Content), 0, false)
			g.norm.normalize(&n)
			t.added.tokens[i].normal = string(n.b)
			a.Content = string(n.b)
		}
		if a.Content == "" {
			continue // nothing would match it
		}
		all = append(all, a)
		if !a.Special {
			data = append(data, a)
		}
	}
	g.round = [2]*matcher{newMatcher(all), newMatcher(data)}
	switch m := g.model.(type) {
	case *wordPiece:
		m.special = special
	case *wordLevel:
		m.special = special
	case *unigram:
		m.special = special
	case *charBPE:
		m.special = special
	}
	g.quick = newQuick(g)
	t.spellGeneral()
	return t.addPlain(top, g.switches)
}

// spellGeneral fills raw with what pieces stand for as text, by what the decoder does to each: the bytes of the byte-level alphabet, the blanks of
// Metaspace, the bytes of byte_fallback.
func (t *Tokenizer) spellGeneral() {
	v := t.vocab
	v.raw = slices.Clone(v.pieces)
	for _, step := range t.decoder {
		switch d := step.(type) {
		case byteLevelDecoder:
			v.spell()
		case metaspaceDecoder:
			v.respell(func(p string) string { return strings.ReplaceAll(p, d.mark, " ") })
		case suffixDecoder:
			v.respell(func(p string) string { return strings.ReplaceAll(p, string(d), " ") })
		case replaceDecoder:
			if l, ok := d.find.(literal); ok && l != "" {
				v.respell(func(p string) string { return strings.ReplaceAll(p, string(l), d.content) })
			}
		case byteFallbackDecoder:
			v.respell(func(p string) string {
				if b, ok := byteOfName(p); ok {
					return string([]byte{b})
				}
				return p
			})
		}
	}
}

// respell changes what each piece stands for.
func (v *vocabulary) respell(change func(string) string) {
	for i, p := range v.raw {
		v.raw[i] = change(p)
	}
}
