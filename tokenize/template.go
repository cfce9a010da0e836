package tokenize

import (
	"encoding/json"
	"errors"
	"fmt"
)

// step is one thing that the post-processor does to an encoding: put tokens around the text, or around two texts.
type step struct {
	single, pair []templatePart
}

// templatePart is a text's own tokens (ids nil) or tokens that the template adds.
type templatePart struct {
	ids    []int32
	pieces []string
	typeID int32
	second bool // the second text's tokens
}

// apply returns the encoding with the template's tokens in it, or without them but with the template's types and order where add is false.
// pair is nil for a text alone.
func (p step) apply(e Encoding, pair *Encoding, add bool) Encoding {
	out := Encoding{text: e.text, Dropped: e.Dropped}
	parts := p.single
	if pair != nil {
		parts = p.pair
		out.second, out.Sequences = pair.text, []int{}
		out.Dropped += pair.Dropped
	}
	for _, part := range parts {
		switch {
		case part.ids == nil && part.second && pair != nil:
			out.join(*pair, 1, part.typeID)
		case part.ids == nil:
			out.join(e, 0, part.typeID)
		case add:
			out.template(part)
		}
	}
	return out
}

// join appends the tokens of a text, which is number seq of two.
func (e *Encoding) join(from Encoding, seq int, typeID int32) {
	e.IDs = append(e.IDs, from.IDs...)
	e.Pieces = append(e.Pieces, from.Pieces...)
	e.Offsets = append(e.Offsets, from.Offsets...)
	e.WordIDs = append(e.WordIDs, from.WordIDs...)
	e.SpecialMask = append(e.SpecialMask, from.SpecialMask...)
	for range from.IDs {
		e.TypeIDs = append(e.TypeIDs, typeID)
		if e.Sequences != nil {
			e.Sequences = append(e.Sequences, seq)
		}
	}
}

// template appends tokens that the template adds.
func (e *Encoding) template(part templatePart) {
	for i, id := range part.ids {
		e.IDs = append(e.IDs, id)
		e.Pieces = append(e.Pieces, part.pieces[i])
		e.Offsets = append(e.Offsets, [2]int{})
		e.WordIDs = append(e.WordIDs, -1)
		e.TypeIDs = append(e.TypeIDs, part.typeID)
		e.SpecialMask = append(e.SpecialMask, true)
		if e.Sequences != nil {
			e.Sequences = append(e.Sequences, -1)
		}
	}
}

// sides joins two texts where no template says how: the types are 0 and 1.
var sides = step{single: []templatePart{{}}, pair: []templatePart{{}, {second: true, typeID: 1}}}

// readPost reads a post-processor: ByteLevel, TemplateProcessing, BertProcessing, RobertaProcessing or a Sequence of them.
func (t *Tokenizer) readPost(raw []byte) error {
	var p struct {
		Type       string            `json:"type"`
		Processors []json.RawMessage `json:"processors"`
		TrimOffset *bool             `json:"trim_offsets"`
		Sep, Cls   json.RawMessage
	}
	if err := json.Unmarshal(raw, &p); err != nil {
		return err
	}
	switch p.Type {
	case "ByteLevel":
		t.trim = t.trim || p.TrimOffset == nil || *p.TrimOffset
		return nil
	case "RobertaProcessing", "BertProcessing":
		cls, err := pairPart(p.Cls)
		if err != nil {
			return fmt.Errorf("%s: cls: %w", p.Type, err)
		}
		sep, err := pairPart(p.Sep)
		if err != nil {
			return fmt.Errorf("%s: sep: %w", p.Type, err)
		}
		s := step{single: []templatePart{cls, {}, sep}}
		if p.Type == "BertProcessing" {
			last := sep
			last.typeID = 1
			s.pair = []templatePart{cls, {}, sep, {second: true, typeID: 1}, last}
		} else {
			t.trim = t.trim || p.TrimOffset == nil || *p.TrimOffset
			s.pair = []templatePart{cls, {}, sep, sep, {second: true}, sep}
		}
		t.steps = append(t.steps, s)
		return t.checkStep()
	case "TemplateProcessing":
		return t.readTemplate(raw)
	case "Sequence":
		for _, sub := range p.Processors {
			if err := t.readPost(sub); err != nil {
				return err
			}
		}
		return nil
	}
	return unsupported(p.Type)
}

// pairPart reads ["</s>", 2].
func pairPart(raw []byte) (templatePart, error) {
	var name string
	var id int32
	pair := [2]any{&name, &id}
	if err := json.Unmarshal(raw, &pair); err != nil || len(raw) == 0 {
		return templatePart{}, errors.New("a token and its id are wanted")
	}
	return templatePart{ids: []int32{id}, pieces: []string{name}}, nil
}

// templateJSON is one part in a TemplateProcessing.
type templateJSON struct {
	Sequence, SpecialToken *struct {
		ID     string `json:"id"`
		TypeID int32  `json:"type_id"`
	}
}

// specialJSON is what a special token of a TemplateProcessing stands for.
type specialJSON struct {
	IDs    []int32  `json:"ids"`
	Tokens []string `json:"tokens"`
}

// readTemplate reads TemplateProcessing.
func (t *Tokenizer) readTemplate(raw []byte) error {
	var p struct {
		Single   []templateJSON         `json:"single"`
		Pair     []templateJSON         `json:"pair"`
		Specials map[string]specialJSON `json:"special_tokens"`
	}
	if err := json.Unmarshal(raw, &p); err != nil {
		return fmt.Errorf("TemplateProcessing: %w", err)
	}
	s := step{pair: sides.pair}
	var err error
	if s.single, err = templateParts(p.Single, p.Specials, false); err != nil {
		return fmt.Errorf("TemplateProcessing: single: %w", err)
	}
	if p.Pair != nil {
		if s.pair, err = templateParts(p.Pair, p.Specials, true); err != nil {
			return fmt.Errorf("TemplateProcessing: pair: %w", err)
		}
	}
	t.steps = append(t.steps, s)
	return t.checkStep()
}

func templateParts(list []templateJSON, specials map[string]specialJSON, pair bool) ([]templatePart, error) {
	var parts []templatePart
	for i, part := range list {
		switch {
		case part.Sequence != nil && (part.Sequence.ID == "A" || part.Sequence.ID == "B" && pair):
			parts = append(parts, templatePart{typeID: part.Sequence.TypeID, second: part.Sequence.ID == "B"})
		case part.SpecialToken != nil:
			tok, ok := specials[part.SpecialToken.ID]
			if !ok || len(tok.IDs) != len(tok.Tokens) {
				return nil, fmt.Errorf("special token %s has no ids in special_tokens", shown(part.SpecialToken.ID))
			}
			if len(tok.IDs) > 0 {
				parts = append(parts, templatePart{ids: tok.IDs, pieces: tok.Tokens, typeID: part.SpecialToken.TypeID})
			}
		default:
			return nil, fmt.Errorf("part %d is neither a text (Sequence A) nor a SpecialToken", i+1)
		}
	}
	return parts, nil
}

// checkStep refuses a template whose ids no table would have rows for.
func (t *Tokenizer) checkStep() error {
	last := t.steps[len(t.steps)-1]
	for _, part := range append(last.single[:len(last.single):len(last.single)], last.pair...) {
		for i, id := range part.ids {
			if _, ok := t.Token(id); !ok {
				return fmt.Errorf("template token %s has id %d, which the tokenizer does not have", shown(part.pieces[i]), id)
			}
		}
	}
	return nil
}
