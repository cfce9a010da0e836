package tokenize

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// limits are a file's truncation and padding. They are kept, and applied only on request.
type limits struct {
	cut *truncation
	pad *padding
}

// truncation cuts an encoding into windows of Max tokens, the template's among them, that overlap by Stride.
type truncation struct {
	Direction string `json:"direction"` // Right: what is behind the limit is cut off; Left: what is before it
	Max       int    `json:"max_length"`
	Strategy  string `json:"strategy"` // of two texts, which one is cut: LongestFirst, OnlyFirst, OnlySecond
	Stride    int    `json:"stride"`
}

// padding fills up to a length.
type padding struct {
	Strategy  json.RawMessage `json:"strategy"` // "BatchLongest" or {"Fixed": n}
	Direction string          `json:"direction"`
	Multiple  int             `json:"pad_to_multiple_of"`
	ID        int32           `json:"pad_id"`
	TypeID    int32           `json:"pad_type_id"`
	Token     string          `json:"pad_token"`
	fixed     int             // 0: the longest of a batch
}

// maxPadding bounds a fixed length: longer ones are mistakes, and each text would cost that much.
const maxPadding = 1 << 24

// readLimits reads truncation and padding.
func (t *Tokenizer) readLimits(top []field) error {
	if raw := fieldOf(top, "truncation"); raw != nil {
		c := &truncation{Direction: "Right", Strategy: "LongestFirst"}
		if err := json.Unmarshal(raw, c); err != nil {
			return fmt.Errorf("truncation: %w", err)
		}
		switch added := t.templateLength(false); {
		case c.Direction != "Right" && c.Direction != "Left":
			return fmt.Errorf("truncation: direction %s is neither Left nor Right", shown(c.Direction))
		case c.Strategy != "LongestFirst" && c.Strategy != "OnlyFirst" && c.Strategy != "OnlySecond":
			return fmt.Errorf("truncation: strategy %s is none of LongestFirst, OnlyFirst, OnlySecond", shown(c.Strategy))
		case c.Max < 0 || c.Stride < 0:
			return errors.New("truncation: max_length or stride is negative")
		case c.Max > added && c.Max-added <= c.Stride:
			return fmt.Errorf("truncation: stride %d leaves no room in max_length %d (%d are the template's)", c.Stride, c.Max, added)
		}
		t.limits.cut = c
	}
	if raw := fieldOf(top, "padding"); raw != nil {
		p := &padding{Direction: "Right", Token: "[PAD]"}
		if err := json.Unmarshal(raw, p); err != nil {
			return fmt.Errorf("padding: %w", err)
		}
		var name string
		var fixed struct{ Fixed *int }
		if err := json.Unmarshal(p.Strategy, &name); err != nil || name != "BatchLongest" {
			if err := json.Unmarshal(p.Strategy, &fixed); err != nil || fixed.Fixed == nil || *fixed.Fixed < 0 || *fixed.Fixed > maxPadding {
				return fmt.Errorf("padding: strategy %s is neither BatchLongest nor Fixed", shown(string(p.Strategy)))
			}
			p.fixed = *fixed.Fixed
		}
		if p.Direction != "Right" && p.Direction != "Left" || p.Multiple < 0 || p.Multiple > maxPadding {
			return errors.New("padding: direction is neither Left nor Right, or pad_to_multiple_of is out of range")
		}
		t.limits.pad = p
	}
	return nil
}

// templateLength returns how many tokens the template adds.
func (t *Tokenizer) templateLength(pair bool) (n int) {
	for _, s := range t.steps {
		parts := s.single
		if pair {
			parts = s.pair
		}
		for _, p := range parts {
			n += len(p.ids)
		}
	}
	return n
}

// encodeWindows cuts one or two texts to the limit and finishes each window. A limit below the template's length leaves the template alone.
func (t *Tokenizer) encodeWindows(e Encoding, pair *Encoding, template bool) Encoding {
	c := t.limits.cut
	room := c.Max
	if template {
		room = max(room-t.templateLength(pair != nil), 0)
	}
	first, second := len(e.IDs), 0
	if pair != nil {
		second = len(pair.IDs)
	}
	if first+second > room {
		first, second = c.share(first, second, room, pair != nil)
	}
	as := windows(e, first, c)
	bs := []Encoding{{}}
	if pair != nil {
		bs = windows(*pair, second, c)
	}
	// The first windows belong together; then each window of one text with the first ones of the other.
	var all []Encoding
	finish := func(a, b Encoding) {
		p := &b
		if pair == nil {
			p = nil
		}
		all = append(all, t.post(a, p, template))
	}
	finish(as[0], bs[0])
	for _, a := range as[1:] {
		for _, b := range bs {
			finish(a, b)
		}
	}
	for _, b := range bs[1:] {
		finish(as[0], b)
	}
	all[0].Overflow = all[1:]
	if len(all) == 1 {
		all[0].Overflow = nil
	}
	t.Pad(all[:1])
	return all[0]
}

// share says how many tokens of each text stay, where not all do.
func (c *truncation) share(a, b, room int, pair bool) (int, int) {
	over := a + b - room
	switch {
	case room == 0:
		return 0, 0
	case !pair:
		return room, 0
	case c.Strategy == "OnlyFirst":
		return max(a-over, 0), b
	case c.Strategy == "OnlySecond":
		return a, max(b-over, 0)
	}
	short, long, swapped := a, b, false
	if short > long {
		short, long, swapped = long, short, true
	}
	if short > room {
		long = short
	} else {
		long = max(short, room-short)
	}
	if short+long > room {
		short = room / 2
		long = short + room%2
	}
	if swapped {
		return long, short
	}
	return short, long
}

// windows cuts an encoding into windows of n tokens, the one that stays first.
func windows(e Encoding, n int, c *truncation) []Encoding {
	total := len(e.IDs)
	if n >= total {
		return []Encoding{e}
	}
	if n == 0 { // nothing stays; what was there is one window
		return []Encoding{e.slice(0, 0), e}
	}
	var out []Encoding
	hop := max(n-c.Stride, 1)
	if c.Direction == "Left" {
		for end := total; end > 0; end -= hop {
			start := max(end-n, 0)
			out = append(out, e.slice(start, end))
			if start == 0 {
				break
			}
		}
		return out
	}
	for start := 0; ; start += hop {
		end := min(start+n, total)
		out = append(out, e.slice(start, end))
		if end == total {
			return out
		}
	}
}

// slice returns the tokens from start to end.
func (e Encoding) slice(start, end int) Encoding {
	return Encoding{IDs: e.IDs[start:end:end], Pieces: e.Pieces[start:end:end], Offsets: e.Offsets[start:end:end], WordIDs: e.WordIDs[start:end:end],
		TypeIDs: e.TypeIDs[start:end:end], SpecialMask: e.SpecialMask[start:end:end], Dropped: e.Dropped, text: e.text, second: e.second}
}

// Pad fills a batch of encodings as the file's padding says: to its fixed length, or to that of the longest, rounded up to its multiple. Without padding
// in the file it does nothing. What truncation has cut off is padded alike.
func (t *Tokenizer) Pad(batch []Encoding) {
	p := t.limits.pad
	if p == nil {
		return
	}
	n := p.fixed
	if n == 0 {
		for _, e := range batch {
			n = max(n, len(e.IDs))
		}
	}
	if p.Multiple > 0 && n%p.Multiple > 0 {
		n += p.Multiple - n%p.Multiple
	}
	t.padTo(batch, n)
}

// padTo fills each encoding to n tokens.
func (t *Tokenizer) padTo(batch []Encoding, n int) {
	p := t.limits.pad
	if p == nil {
		return
	}
	for i := range batch {
		e := &batch[i]
		t.padTo(e.Overflow, n)
		if e.AttentionMask == nil {
			e.AttentionMask = filled(len(e.IDs), true)
		}
		k := n - len(e.IDs)
		if k <= 0 {
			continue
		}
		left := p.Direction == "Left"
		e.IDs = pad(e.IDs, p.ID, k, left)
		e.Pieces = pad(e.Pieces, p.Token, k, left)
		e.Offsets = pad(e.Offsets, [2]int{}, k, left)
		e.WordIDs = pad(e.WordIDs, -1, k, left)
		e.TypeIDs = pad(e.TypeIDs, p.TypeID, k, left)
		e.SpecialMask = pad(e.SpecialMask, true, k, left)
		e.AttentionMask = pad(e.AttentionMask, false, k, left)
		if e.Sequences != nil {
			e.Sequences = pad(e.Sequences, -1, k, left)
		}
	}
}

func filled[T any](n int, x T) []T {
	s := make([]T, n)
	for i := range s {
		s[i] = x
	}
	return s
}

// pad puts k times x at an end.
func pad[T any](s []T, x T, k int, left bool) []T {
	if left {
		return append(filled(k, x), s...)
	}
	return append(slices.Clip(s), filled(k, x)...)
}
