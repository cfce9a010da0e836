package tokenize

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"unicode/utf8"
)

// charsmap is SentencePiece's table of replacements: a double array (Darts-clone) over bytes whose values point into a text of results that end in
// a zero byte.
type charsmap struct {
	units   []uint32
	results []byte
}

// change is a character and what it stands for, see normal.put.
type change struct {
	r rune
	n int
}

// newCharsmap reads the base64 of a precompiled_charsmap.
func newCharsmap(encoded string) (*charsmap, error) {
	raw, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return nil, errors.New("precompiled_charsmap is not base64")
	}
	return parseCharsmap(raw)
}

func parseCharsmap(raw []byte) (*charsmap, error) {
	if len(raw) < 4 {
		return nil, errors.New("precompiled_charsmap is shorter than its header")
	}
	size := uint64(binary.LittleEndian.Uint32(raw)) / 4 * 4
	if size == 0 || size > uint64(len(raw)-4) {
		return nil, errors.New("precompiled_charsmap is shorter than its header says")
	}
	m := &charsmap{units: make([]uint32, size/4), results: bytes.Clone(raw[4+size:])}
	for i := range m.units {
		m.units[i] = binary.LittleEndian.Uint32(raw[4+4*i:])
	}
	if !utf8.Valid(m.results) {
		return nil, errors.New("precompiled_charsmap holds text that is not UTF-8")
	}
	return m, nil
}

// doubleOffset is how far the children of a unit lie.
func doubleOffset(u uint32) uint32 { return u >> 10 << (u & (1 << 9) >> 6) }

// find returns what the shortest prefix of text that is in the table becomes. The reference takes that for the whole of a grapheme.
func (m *charsmap) find(text []byte) ([]byte, bool) {
	pos := doubleOffset(m.units[0])
	for _, c := range text {
		if c == 0 {
			break
		}
		pos ^= uint32(c)
		if uint64(pos) >= uint64(len(m.units)) {
			return nil, false
		}
		u := m.units[pos]
		if u&(1<<31|0xFF) != uint32(c) {
			return nil, false
		}
		pos ^= doubleOffset(u)
		if u>>8&1 == 1 {
			if uint64(pos) >= uint64(len(m.units)) {
				return nil, false
			}
			at := m.units[pos] & (1<<31 - 1)
			if uint64(at) > uint64(len(m.results)) || uint64(at) < uint64(len(m.results)) && !utf8.RuneStart(m.results[at]) {
				return nil, false
			}
			result, _, _ := bytes.Cut(m.results[at:], []byte{0})
			return result, true
		}
	}
	return nil, false
}

// longestGrapheme is how many bytes a grapheme may have to be looked up as a whole.
const longestGrapheme = 5

func (m *charsmap) normalize(n *normal) {
	n.changes = n.changes[:0]
	modified, skipped := false, 0
	replace := func(old, now []byte) {
		modified = true
		first := len(n.changes)
		for i := 0; i < len(now); {
			r, size := utf8.DecodeRune(now[i:])
			n.changes = append(n.changes, change{r, 0})
			i += size
		}
		before, after := utf8.RuneCount(old), len(n.changes)-first
		for i := range after - before {
			n.changes[len(n.changes)-1-i].n = 1
		}
		if after < before {
			if len(n.changes) > 0 {
				n.changes[len(n.changes)-1].n -= before - after
			} else {
				skipped += len(old) // the reference forgets these, and all places behind them are off
			}
		}
	}
	for i := 0; i < len(n.b); {
		end := graphemeEnd(n.b, i)
		if end-i <= longestGrapheme {
			if now, ok := m.find(n.b[i:end]); ok {
				replace(n.b[i:end], now)
				i = end
				continue
			}
		}
		for i < end {
			r, size := utf8.DecodeRune(n.b[i:])
			if now, ok := m.find(n.b[i : i+size]); ok {
				replace(n.b[i:i+size], now)
			} else {
				n.changes = append(n.changes, change{r, 0})
			}
			i += size
		}
	}
	if !modified {
		return
	}
	n.begin(skipped)
	for _, c := range n.changes {
		n.put(c.r, c.n, true)
	}
	n.end()
}
