package tokenize

import (
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"
)

// preJSON is a pre-tokenizer of a tokenizer.json, with the members of all kinds.
type preJSON struct {
	Type       string            `json:"type"`
	Prefix     *bool             `json:"add_prefix_space"`
	Regex      *bool             `json:"use_regex"`
	Delimiter  string            `json:"delimiter"`
	Individual bool              `json:"individual_digits"`
	Behaviour  string            `json:"behavior"`
	Pattern    patternJSON       `json:"pattern"`
	Invert     bool              `json:"invert"`
	Length     *int              `json:"length"`
	Steps      []json.RawMessage `json:"pretokenizers"`
}

// readPre reads a pre-tokenizer of a tokenizer.json.
func readPre(raw []byte) (preTokenizer, error) {
	var p preJSON
	if err := json.Unmarshal(raw, &p); err != nil {
		return nil, err
	}
	switch p.Type {
	case "BertPreTokenizer":
		return bertSplit{}, nil
	case "Metaspace":
		return readMetaspace(raw)
	case "Whitespace":
		return wordsAndSymbols{}, nil
	case "WhitespaceSplit":
		return whiteSplit{}, nil
	case "UnicodeScripts":
		return scriptSplit{}, nil
	case "Digits":
		if p.Individual {
			return runeSplit{isDigit, isolated}, nil
		}
		return runeSplit{isDigit, contiguous}, nil
	case "Sequence":
		var s steps
		for _, sub := range p.Steps {
			step, err := readPre(sub)
			if err != nil {
				return nil, err
			}
			s = append(s, step)
		}
		return s, nil
	}
	step, err := p.step()
	if err == errUnknown {
		return nil, unsupported(p.Type)
	}
	return step, wrap(p.Type, err)
}

// errUnknown says that no version of the reference has a component.
var errUnknown = errors.New("not known")

// step returns the pre-tokenizers whose members may be wrong.
func (p preJSON) step() (preTokenizer, error) {
	switch p.Type {
	case "ByteLevel":
		if p.Prefix == nil {
			return nil, errors.New("does not say add_prefix_space")
		}
		return byteLevelSplit{*p.Prefix, p.Regex == nil || *p.Regex}, nil
	case "CharDelimiterSplit", "Delimiter":
		mark, size := utf8.DecodeRuneInString(p.Delimiter)
		if size == 0 || size < len(p.Delimiter) {
			return nil, fmt.Errorf("delimiter %s is not one character", shown(p.Delimiter))
		}
		return runeSplit{func(r rune) bool { return r == mark }, removed}, nil
	case "Punctuation":
		as, err := readBehaviour(p.Behaviour, "Isolated")
		return runeSplit{isPunct, as}, err
	case "FixedLength":
		if p.Length == nil {
			return fixedLength(5), nil
		}
		if *p.Length < 1 {
			return nil, fmt.Errorf("length %d; 1 is the least", *p.Length)
		}
		return fixedLength(*p.Length), nil
	case "Split":
		as, err := readBehaviour(p.Behaviour, "")
		if err != nil {
			return nil, err
		}
		find, err := p.Pattern.finder()
		return patternSplit{find, p.Invert, as}, err
	}
	return nil, errUnknown
}

func readBehaviour(name, missing string) (behaviour, error) {
	if name == "" {
		name = missing
	}
	as, ok := behaviours[name]
	if !ok {
		return 0, fmt.Errorf("behavior %s is none of Removed, Isolated, MergedWithPrevious, MergedWithNext, Contiguous", shown(name))
	}
	return as, nil
}

// readMetaspace reads Metaspace in its present form and in that of before 2024, which had add_prefix_space.
func readMetaspace(raw []byte) (metaspace, error) {
	var p struct {
		Mark   string  `json:"replacement"`
		Prefix *bool   `json:"add_prefix_space"`
		Scheme *string `json:"prepend_scheme"`
		Split  *bool   `json:"split"`
	}
	if err := json.Unmarshal(raw, &p); err != nil {
		return metaspace{}, err
	}
	if _, size := utf8.DecodeRuneInString(p.Mark); size == 0 || size < len(p.Mark) {
		return metaspace{}, wrap("Metaspace", fmt.Errorf("replacement %s is not one character", shown(p.Mark)))
	}
	m := metaspace{mark: p.Mark, split: p.Split == nil || *p.Split}
	switch {
	case p.Scheme == nil:
		if p.Prefix != nil && !*p.Prefix {
			m.prefix = never
		}
	case *p.Scheme == "always" || *p.Scheme == "first" || *p.Scheme == "never":
		m.prefix = map[string]scheme{"always": always, "first": onlyFirst, "never": never}[*p.Scheme]
		if p.Prefix != nil && !*p.Prefix && m.prefix != never {
			return m, wrap("Metaspace", fmt.Errorf("add_prefix_space is false but prepend_scheme is %s", *p.Scheme))
		}
	default:
		return m, wrap("Metaspace", fmt.Errorf("prepend_scheme %s is none of always, first, never", shown(*p.Scheme)))
	}
	return m, nil
}

// asksForPlaces says whether a step needs to know where a piece came from: Metaspace's "first" behind others that cut.
func asksForPlaces(p preTokenizer) bool {
	switch p := p.(type) {
	case metaspace:
		return p.prefix == onlyFirst
	case steps:
		for _, s := range p {
			if asksForPlaces(s) {
				return true
			}
		}
	}
	return false
}
