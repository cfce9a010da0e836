package tokenize

import (
	"encoding/json"
	"errors"
	"fmt"
)

// step is one thing that the post-processor does to an encoding: put tokens around it.
type step struct{ parts []templatePart }

// templatePart is the text's own tokens (ids nil) or tokens that the template adds.
type templatePart struct {
	ids    []int32
	pieces []string
	typeID int32
}

// apply returns the encoding with the template's tokens in it.
func (p step) apply(e Encoding) Encoding {
	out := Encoding{text: e.text, Dropped: e.Dropped}
	for _, part := range p.parts {
		if part.ids == nil {
			out.IDs = append(out.IDs, e.IDs...)
			out.Pieces = append(out.Pieces, e.Pieces...)
			out.Offsets = append(out.Offsets, e.Offsets...)
			out.WordIDs = append(out.WordIDs, e.WordIDs...)
			out.SpecialMask = append(out.SpecialMask, e.SpecialMask...)
			for range e.IDs {
				out.TypeIDs = append(out.TypeIDs, part.typeID)
			}
			continue
		}
		for i, id := range part.ids {
			out.IDs = append(out.IDs, id)
			out.Pieces = append(out.Pieces, part.pieces[i])
			out.Offsets = append(out.Offsets, [2]int{})
			out.WordIDs = append(out.WordIDs, -1)
			out.TypeIDs = append(out.TypeIDs, part.typeID)
			out.SpecialMask = append(out.SpecialMask, true)
		}
	}
	return out
}

// readPost reads a post-processor: ByteLevel, TemplateProcessing, RobertaProcessing or a Sequence of them.
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
	case "RobertaProcessing":
		t.trim = t.trim || p.TrimOffset == nil || *p.TrimOffset
		cls, err := pairPart(p.Cls)
		if err != nil {
			return fmt.Errorf("RobertaProcessing: cls: %w", err)
		}
		sep, err := pairPart(p.Sep)
		if err != nil {
			return fmt.Errorf("RobertaProcessing: sep: %w", err)
		}
		t.steps = append(t.steps, step{[]templatePart{cls, {}, sep}})
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

// readTemplate reads the form for single texts; the form for pairs is kept for saving.
func (t *Tokenizer) readTemplate(raw []byte) error {
	type special struct {
		IDs    []int32  `json:"ids"`
		Tokens []string `json:"tokens"`
	}
	type reference struct {
		ID     string `json:"id"`
		TypeID int32  `json:"type_id"`
	}
	var p struct {
		Single []struct {
			Sequence, SpecialToken *reference
		} `json:"single"`
		Specials map[string]special `json:"special_tokens"`
	}
	if err := json.Unmarshal(raw, &p); err != nil {
		return fmt.Errorf("TemplateProcessing: %w", err)
	}
	var s step
	for i, part := range p.Single {
		switch {
		case part.Sequence != nil && part.Sequence.ID == "A":
			s.parts = append(s.parts, templatePart{typeID: part.Sequence.TypeID})
		case part.SpecialToken != nil:
			tok, ok := p.Specials[part.SpecialToken.ID]
			if !ok || len(tok.IDs) == 0 || len(tok.IDs) != len(tok.Tokens) {
				return fmt.Errorf("TemplateProcessing: special token %s has no ids in special_tokens", shown(part.SpecialToken.ID))
			}
			s.parts = append(s.parts, templatePart{tok.IDs, tok.Tokens, part.SpecialToken.TypeID})
		default:
			return fmt.Errorf("TemplateProcessing: part %d of single is neither the text (Sequence A) nor a SpecialToken", i+1)
		}
	}
	t.steps = append(t.steps, s)
	return t.checkStep()
}

// checkStep refuses a template whose ids no table would have rows for.
func (t *Tokenizer) checkStep() error {
	for _, part := range t.steps[len(t.steps)-1].parts {
		for i, id := range part.ids {
			if _, ok := t.Token(id); !ok {
				return fmt.Errorf("template token %s has id %d, which the tokenizer does not have", shown(part.pieces[i]), id)
			}
		}
	}
	return nil
}
