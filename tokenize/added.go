package tokenize

import (
	"bytes"
	"encoding/json"
	"unicode"
	"unicode/utf8"
)

// AddedToken is a token that is found in the text as a whole, before the model sees it.
type AddedToken struct {
	ID         int32  `json:"id"`
	Content    string `json:"content"`
	SingleWord bool   `json:"single_word"` // not inside a longer word
	LStrip     bool   `json:"lstrip"`      // takes the white space before it
	RStrip     bool   `json:"rstrip"`      // takes the white space behind it
	Normalized bool   `json:"normalized"`  // looked for in the normalised text, after the others
	Special    bool   `json:"special"`     // a control token: skipped on request in decoding, never made from data
	extra      []field
	normal     string // content as the normaliser leaves it, where that is looked for; what decoding starts from
}

// segment is a stretch of the text: an added token, or text between them (id noID).
type segment struct {
	start, end int
	id         int32
}

// matcher finds one set of added tokens: at each place the longest, from left to right, as the reference's Aho-Corasick automaton in
// leftmost-longest mode does.
type matcher struct {
	nodes  []matchNode
	tokens []AddedToken
	first  [256]bool
	only   int // the one byte with which every token starts; -1 where there are several
}

type matchNode struct {
	next  map[byte]int32
	token int32 // index into tokens; -1 where none ends here
}

// newMatcher returns nil where there is nothing to find.
func newMatcher(tokens []AddedToken) *matcher {
	if len(tokens) == 0 {
		return nil
	}
	m := &matcher{nodes: []matchNode{{token: -1}}, tokens: tokens, only: int(tokens[0].Content[0])}
	for i, t := range tokens {
		at := int32(0)
		for j := range len(t.Content) {
			c := t.Content[j]
			to, ok := m.nodes[at].next[c]
			if !ok {
				to = int32(len(m.nodes))
				m.nodes = append(m.nodes, matchNode{token: -1})
				if m.nodes[at].next == nil {
					m.nodes[at].next = make(map[byte]int32, 1)
				}
				m.nodes[at].next[c] = to
			}
			at = to
		}
		m.nodes[at].token = int32(i)
		m.first[t.Content[0]] = true
		if int(t.Content[0]) != m.only {
			m.only = -1
		}
	}
	return m
}

// find returns the first token at or behind from and where it stands; token is -1 where there is none.
func (m *matcher) find(text []byte, from int) (start, end int, token int32) {
	for start = from; start < len(text); start++ {
		if m.only >= 0 {
			i := bytes.IndexByte(text[start:], byte(m.only))
			if i < 0 {
				break
			}
			start += i
		} else if !m.first[text[start]] {
			continue
		}
		at, best := int32(0), int32(-1)
		for i := start; i < len(text); i++ {
			to, ok := m.nodes[at].next[text[i]]
			if !ok {
				break
			}
			if at = to; m.nodes[at].token >= 0 {
				best, end = m.nodes[at].token, i+1
			}
		}
		if best >= 0 {
			return start, end, best
		}
	}
	return len(text), len(text), -1
}

// split appends the segments of text[start:end]. What a token strips belongs to its segment.
func (m *matcher) split(dst []segment, whole []byte, start, end int) []segment {
	text, done := whole[start:end], 0
	for from := 0; from < len(text); {
		at, stop, k := m.find(text, from)
		if k < 0 {
			break
		}
		from = stop
		t := &m.tokens[k]
		if t.SingleWord && (endsWithWord(text[:at]) || startsWithWord(text[stop:])) {
			continue
		}
		if t.LStrip {
			at = max(len(bytes.TrimRightFunc(text[:at], unicode.IsSpace)), done)
		}
		if t.RStrip {
			stop = len(text) - len(bytes.TrimLeftFunc(text[stop:], unicode.IsSpace))
			from = max(from, stop)
		}
		if done < at {
			dst = append(dst, segment{start + done, start + at, noID})
		}
		dst = append(dst, segment{start + at, start + stop, t.ID})
		done = stop
	}
	if done < len(text) {
		dst = append(dst, segment{start + done, end, noID})
	}
	return dst
}

func startsWithWord(text []byte) bool {
	r, n := utf8.DecodeRune(text)
	return n > 0 && isWord(r)
}

func endsWithWord(text []byte) bool {
	r, n := utf8.DecodeLastRune(text)
	return n > 0 && isWord(r)
}

// isWord is \w of the reference's engine: letters, marks, decimal digits, connectors and the two joiners (UTS #18).
func isWord(r rune) bool { return runeProps(r)&isWordRune != 0 }

// addedSet holds the added tokens and what finds them.
type addedSet struct {
	tokens  []AddedToken // by id
	byID    map[int32]int
	special map[string]bool // the contents of special tokens
	// Two rounds each: tokens that are looked for in the text as it is, then those looked for in the normalised text. In the data
	// form special tokens are not looked for at all.
	all, data [2]*matcher
}

func newAddedSet(tokens []AddedToken) *addedSet {
	a := &addedSet{tokens: tokens, byID: make(map[int32]int, len(tokens)), special: map[string]bool{}}
	var all, data [2][]AddedToken
	for i, t := range tokens {
		a.byID[t.ID] = i
		if t.Special {
			a.special[t.Content] = true
		}
		round := 0
		if t.Normalized {
			round = 1
		}
		all[round] = append(all[round], t)
		if !t.Special {
			data[round] = append(data[round], t)
		}
	}
	for i := range 2 {
		a.all[i], a.data[i] = newMatcher(all[i]), newMatcher(data[i])
	}
	return a
}

// get returns the added token of an id, nil where there is none.
func (a *addedSet) get(id int32) *AddedToken {
	if i, ok := a.byID[id]; ok {
		return &a.tokens[i]
	}
	return nil
}

// split cuts the text at added tokens. The result lies in s.parts until the next call.
func (a *addedSet) split(s *scratch, text []byte, asData bool) []segment {
	rounds := &a.all
	if asData {
		rounds = &a.data
	}
	s.parts = s.parts[:0]
	if rounds[0] == nil {
		s.parts = append(s.parts, segment{0, len(text), noID})
	} else {
		s.parts = rounds[0].split(s.parts, text, 0, len(text))
	}
	if rounds[1] == nil {
		return s.parts
	}
	// The second round reads the first half of the slice and writes behind it.
	n := len(s.parts)
	for i := range n {
		if p := s.parts[i]; p.id != noID {
			s.parts = append(s.parts, p)
		} else {
			s.parts = rounds[1].split(s.parts, text, p.start, p.end)
		}
	}
	return s.parts[n:]
}

// UnmarshalJSON keeps the fields that it does not know, so that saving loses nothing.
func (t *AddedToken) UnmarshalJSON(raw []byte) error {
	type plain AddedToken
	p := plain{ID: noID}
	if err := json.Unmarshal(raw, &p); err != nil {
		return err
	}
	*t = AddedToken(p)
	fields, err := objectFields(raw)
	if err != nil {
		return err
	}
	hasNormalized := false
	for _, f := range fields {
		switch f.key {
		case "normalized":
			hasNormalized = true
		case "id", "content", "single_word", "lstrip", "rstrip", "special":
		default:
			t.extra = append(t.extra, f)
		}
	}
	if !hasNormalized {
		t.Normalized = !t.Special
	}
	return nil
}
