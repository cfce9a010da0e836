package tokenize

import (
	"encoding/json"
	"errors"
	"fmt"
)

// patternJSON is {"String": "x"} or {"Regex": "x+"}.
type patternJSON struct{ String, Regex *string }

// finder finds the matches of a pattern: appends their ranges in text, in order and without overlap.
type finder interface {
	matches(dst []span, text []byte) []span
}

func (p patternJSON) finder() (finder, error) {
	switch {
	case p.String != nil:
		return literal(*p.String), nil
	case p.Regex != nil:
		return newPattern(*p.Regex)
	}
	return nil, errors.New("pattern is neither String nor Regex")
}

// simpleNormalizers are those without members.
var simpleNormalizers = map[string]normalizer{"StripAccents": stripAccents{}, "NFC": form{compose: true}, "NFD": form{},
	"NFKC": form{compatible: true, compose: true}, "NFKD": form{compatible: true}, "Lowercase": lowercase{}, "Nmt": nmt{}, "ByteLevel": bytesToRunes{}}

// readNormalizer reads a normalizer of a tokenizer.json.
func readNormalizer(raw []byte) (normalizer, error) {
	p := struct {
		Type        string            `json:"type"`
		Clean       bool              `json:"clean_text"`
		Chinese     bool              `json:"handle_chinese_chars"`
		Accents     *bool             `json:"strip_accents"`
		Lower       bool              `json:"lowercase"`
		Left        bool              `json:"strip_left"`
		Right       bool              `json:"strip_right"`
		Prepend     string            `json:"prepend"`
		Charsmap    string            `json:"precompiled_charsmap"`
		Pattern     patternJSON       `json:"pattern"`
		Content     string            `json:"content"`
		Normalizers []json.RawMessage `json:"normalizers"`
	}{Clean: true, Chinese: true, Lower: true, Left: true, Right: true}
	if err := json.Unmarshal(raw, &p); err != nil {
		return nil, err
	}
	switch p.Type {
	case "BertNormalizer", "Bert":
		strip := p.Lower
		if p.Accents != nil {
			strip = *p.Accents
		}
		return bertNormalizer{p.Clean, p.Chinese, strip, p.Lower}, nil
	case "Strip":
		return stripSpace{p.Left, p.Right}, nil
	case "Prepend":
		return prependText(p.Prepend), nil
	case "Precompiled":
		m, err := newCharsmap(p.Charsmap)
		return m, wrap(p.Type, err)
	case "Replace":
		find, err := p.Pattern.finder()
		return replaceText{find, p.Content}, wrap(p.Type, err)
	case "Sequence":
		var s sequence
		for _, sub := range p.Normalizers {
			n, err := readNormalizer(sub)
			if err != nil {
				return nil, err
			}
			s = append(s, n)
		}
		return s, nil
	}
	if n, ok := simpleNormalizers[p.Type]; ok {
		return n, nil
	}
	return nil, unsupported(p.Type)
}

// wrap says which component an error is about.
func wrap(name string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", name, err)
}
