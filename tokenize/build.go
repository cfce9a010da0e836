package tokenize

import "fmt"

// byteLevelDocument is the pipeline of new byte-level tokenizers: GPT-2's.
func byteLevelDocument() document {
	const level = `{"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": false, "use_regex": true}`
	return document{top: []field{{"pre_tokenizer", []byte(level)}, {"post_processor", []byte(level)}, {"decoder", []byte(level)}}}
}

// NewBPE makes a byte-level BPE tokenizer as trainers do: special tokens have the first ids, the 256 bytes the next (in the order of
// [ByteAlphabet]), and each merge (ids of left and right) makes the next piece, or the one that is there already where two merges
// make the same. Without merges it is a tokenizer of bytes.
func NewBPE(special []string, merges [][2]int32) (*Tokenizer, error) {
	v := newVocabulary(len(special) + 256 + len(merges))
	var tokens []AddedToken
	for i, s := range special {
		if err := v.add(s, int64(i)); err != nil {
			return nil, fmt.Errorf("special token: %w", err)
		}
		tokens = append(tokens, AddedToken{ID: int32(i), Content: s, Special: true})
	}
	for _, b := range byteOrder {
		if err := v.add(string(byteRune[b]), int64(len(v.pieces))); err != nil {
			return nil, fmt.Errorf("special token: %w; choose one of more than one character", err)
		}
	}
	for i, m := range merges {
		n := int32(len(v.pieces))
		if m[0] < int32(len(special)) || m[1] < int32(len(special)) || m[0] >= n || m[1] >= n {
			return nil, fmt.Errorf("merge %d: ids %d and %d are not those of pieces made before", i+1, m[0], m[1])
		}
		piece := v.pieces[m[0]] + v.pieces[m[1]]
		if id, ok := v.ids[piece]; !ok {
			if err := v.add(piece, int64(n)); err != nil {
				return nil, fmt.Errorf("merge %d: %w", i+1, err)
			}
		} else if id < int32(len(special)) {
			return nil, fmt.Errorf("merge %d makes the special token %s", i+1, shown(piece))
		}
	}
	v.spell()
	t := &Tokenizer{doc: byteLevelDocument(), vocab: v, level: byteLevel{regex: true}, pool: newPool()}
	if err := t.newModel(bpeSwitches{}); err != nil {
		return nil, err
	}
	if err := t.setMerges(merges, ""); err != nil {
		return nil, err
	}
	t.setAdded(tokens)
	t.finish()
	return t, nil
}
