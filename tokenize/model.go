package tokenize

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// bpeSwitches are the members of a BPE model beside vocab and merges.
type bpeSwitches struct {
	Type         string   `json:"type"`
	Dropout      *float64 `json:"dropout"`
	UnkToken     *string  `json:"unk_token"`
	Prefix       *string  `json:"continuing_subword_prefix"`
	Suffix       *string  `json:"end_of_word_suffix"`
	FuseUnk      bool     `json:"fuse_unk"`
	ByteFallback bool     `json:"byte_fallback"`
	IgnoreMerges bool     `json:"ignore_merges"`
}

// readModel reads the model: vocabulary, merges, switches.
func (t *Tokenizer) readModel(raw []byte, top []field) error {
	if raw == nil {
		return errors.New("is missing")
	}
	fields, err := objectFields(raw)
	if err != nil {
		return err
	}
	var rest []field
	for _, f := range fields {
		// Unigram's vocabulary is kept as it is, see parseScore.
		if f.key != "merges" && (f.key != "vocab" || bytes.HasPrefix(f.raw, []byte("["))) {
			rest = append(rest, field{f.key, slices.Clone(f.raw)})
		}
	}
	var sw modelFields
	if err := json.Unmarshal(writeCompact(rest), &sw); err != nil {
		return err
	}
	vocab, merges := fieldOf(fields, "vocab"), fieldOf(fields, "merges")
	if sw.Type == "" { // files of before 2020 leave it out
		sw.Type = guessModel(vocab, merges, fields)
	}
	t.doc.model = rest
	if !plainByteLevel(top, sw.bpeSwitches) {
		return t.readGeneral(sw, vocab, merges)
	}
	if vocab == nil || merges == nil {
		return errors.New("BPE needs vocab and merges")
	}
	if err := t.readVocab(vocab); err != nil {
		return fmt.Errorf("vocab: %w", err)
	}
	t.vocab.spell()
	if err := t.newModel(sw.bpeSwitches); err != nil {
		return err
	}
	pairs, err := t.readMerges(merges)
	if err != nil {
		return fmt.Errorf("merges: %w", err)
	}
	return t.setMerges(pairs, "")
}

// guessModel names the model of a file that does not say its type.
func guessModel(vocab, merges []byte, fields []field) string {
	switch {
	case merges != nil:
		return "BPE"
	case len(vocab) > 0 && vocab[0] == '[':
		return "Unigram"
	case fieldOf(fields, "max_input_chars_per_word") != nil:
		return "WordPiece"
	case vocab != nil && fieldOf(fields, "unk_token") != nil:
		return "WordLevel"
	}
	return ""
}

// readVocab reads {"piece": id, ...}.
func (t *Tokenizer) readVocab(raw []byte) error {
	s := scanner{data: raw}
	if !s.accept('{') {
		return errors.New("an object of pieces and ids is wanted")
	}
	n := members(raw)
	v := newVocabulary(n)
	var block strings.Builder // all pieces in one: 50,000 strings of a few bytes each take longer to make
	block.Grow(max(len(raw)-n*len(`"":0,`), 0))
	for !s.accept('}') {
		key, err := s.str()
		if err != nil {
			return err
		}
		block.Write(key)
		piece := block.String()[block.Len()-len(key):]
		s.accept(':')
		id, err := s.integer()
		if err != nil {
			return fmt.Errorf("piece %s: %w", shown(piece), err)
		}
		if err := v.add(piece, id); err != nil {
			return err
		}
		s.accept(',')
	}
	t.vocab = v
	return nil
}

// members counts the members of an object.
func members(raw []byte) (n int) {
	s := scanner{data: raw, at: 1}
	for s.peek() == '"' {
		s.skipString()
		s.accept(':')
		s.value()
		s.accept(',')
		n++
	}
	return n
}

// newModel sets up the byte-level model without merges and refuses a switch that would change what comes out.
func (t *Tokenizer) newModel(sw bpeSwitches) error {
	if sw.Dropout != nil && *sw.Dropout != 0 {
		return fmt.Errorf("dropout %g is not supported: encoding would be random; set it to null", *sw.Dropout)
	}
	m := &bpe{unk: noID, fuse: sw.FuseUnk, complete: true}
	if sw.UnkToken != nil {
		id, ok := t.vocab.ids[*sw.UnkToken]
		if !ok {
			return fmt.Errorf("unk_token %s is not in the vocabulary", shown(*sw.UnkToken))
		}
		m.unk = id
	}
	for b := range m.byteID {
		id, ok := t.vocab.ids[string(byteRune[b])]
		if !ok {
			id, m.complete = noID, false
		}
		m.byteID[b] = id
	}
	if sw.IgnoreMerges {
		m.whole = make(map[string]int32, len(t.vocab.raw))
		for id, raw := range t.vocab.raw {
			// Only pieces spelled in byte-level characters can equal a word.
			if raw != "" && string(appendPieceOf(nil, raw)) == t.vocab.pieces[id] {
				m.whole[raw] = int32(id)
			}
		}
	}
	t.model = m
	return nil
}

// readMerges reads both forms: "a b" and ["a", "b"].
func (t *Tokenizer) readMerges(raw []byte) ([][2]int32, error) {
	s := scanner{data: raw}
	if !s.accept('[') {
		return nil, errors.New("a list is wanted")
	}
	pairs := make([][2]int32, 0, len(t.vocab.pieces))
	for !s.accept(']') {
		var left, right []byte
		var err error
		if s.accept('[') {
			if left, err = s.str(); err != nil {
				return nil, fmt.Errorf("merge %d: %w", len(pairs)+1, err)
			}
			left = slices.Clone(left)
			s.accept(',')
			if right, err = s.str(); err != nil {
				return nil, fmt.Errorf("merge %d: %w", len(pairs)+1, err)
			}
			if !s.accept(']') {
				return nil, fmt.Errorf("merge %d has more than two parts", len(pairs)+1)
			}
		} else {
			line, err := s.str()
			if err != nil {
				return nil, fmt.Errorf("merge %d: %w", len(pairs)+1, err)
			}
			if left, right, err = mergeLine(line); err != nil {
				return nil, fmt.Errorf("merge %d: %w", len(pairs)+1, err)
			}
		}
		pair, err := t.mergeOf(left, right)
		if err != nil {
			return nil, fmt.Errorf("merge %d: %w", len(pairs)+1, err)
		}
		pairs = append(pairs, pair)
		s.accept(',')
	}
	return pairs, nil
}

// mergeLine cuts "a b".
func mergeLine(line []byte) (left, right []byte, err error) {
	left, right, ok := bytes.Cut(line, []byte(" "))
	if !ok || len(left) == 0 || len(right) == 0 || bytes.IndexByte(right, ' ') >= 0 {
		return nil, nil, fmt.Errorf("%s is not two pieces with one blank between", shown(string(line)))
	}
	return left, right, nil
}

func (t *Tokenizer) mergeOf(left, right []byte) ([2]int32, error) {
	var pair [2]int32
	for i, p := range [][]byte{left, right} {
		id, ok := t.vocab.ids[string(p)]
		if !ok {
			return pair, fmt.Errorf("piece %s is not in the vocabulary", shown(string(p)))
		}
		pair[i] = id
	}
	return pair, nil
}

// setMerges ranks the pairs and finds what each makes: left and right joined, without the prefix of the right one.
func (t *Tokenizer) setMerges(pairs [][2]int32, prefix string) error {
	m := t.model
	if most := max(len(t.vocab.pieces), len(pairs)); most >= 1<<rankBits {
		return fmt.Errorf("merges: %d ids or merges are too many, %d is the limit", most, 1<<rankBits-1)
	}
	m.merges, m.results, m.table = pairs, make([]int32, len(pairs)), newPairTable(pairs)
	var joined []byte
	var id int32
	for rank, p := range pairs {
		left, right := t.vocab.pieces[p[0]], t.vocab.pieces[p[1]]
		right = right[min(len(prefix), len(right)):]
		if id++; !t.vocab.isPiece(id, left, right) { // most files number pieces as merges make them, and looking one up takes longer
			joined = append(append(joined[:0], left...), right...)
			var ok bool
			if id, ok = t.vocab.ids[string(joined)]; !ok {
				return fmt.Errorf("merges: merge %d makes %s, which is not in the vocabulary", rank+1, shown(string(joined)))
			}
		}
		m.results[rank] = id
	}
	spelled := t.vocab.raw
	if spelled == nil { // pieces of characters stand for themselves
		spelled = t.vocab.pieces
	}
	m.joins = newJunctions(pairs, spelled)
	m.bytePairs = new([1 << 16]uint32)
	for i := range m.bytePairs {
		m.bytePairs[i] = noRank
		if left, right := m.byteID[i>>8], m.byteID[i&255]; left != noID && right != noID {
			m.bytePairs[i] = m.table.rank(left, right)
		}
	}
	return nil
}
