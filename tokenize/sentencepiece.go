package tokenize

import (
	"cmp"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// ParseSentencePiece reads a SentencePiece .model (Unigram or BPE) as the pipeline that transformers makes of it: its charsmap, its rules for blanks, its
// pieces. Control symbols become special tokens, user-defined ones added tokens. As in SentencePiece's own encoder no <s> or </s> is put around a text.
// Save writes it as a tokenizer.json. data is not kept.
func ParseSentencePiece(data []byte) (*Tokenizer, error) {
	m, err := readSentencePiece(data)
	if err != nil {
		return nil, err
	}
	file, err := m.document()
	if err != nil {
		return nil, err
	}
	return Parse(file)
}

// Types of pieces in sentencepiece_model.proto.
const (
	pieceNormal  = 1
	pieceUnknown = 2
	pieceControl = 3
	pieceUser    = 4
	pieceUnused  = 5
	pieceByte    = 6
)

// spPiece is a SentencePiece of the file.
type spPiece struct {
	text  string
	score float32
	kind  uint64
}

// spModel is what of a ModelProto matters for encoding.
type spModel struct {
	pieces                        []spPiece
	kind                          uint64 // of model: 1 Unigram, 2 BPE
	byteFallback                  bool
	suffix                        bool // blanks belong to the word before
	charsmap                      []byte
	dummyPrefix, collapse, escape bool
}

// protoField is one field of a message: its number, and its value as a number or as bytes.
type protoField struct {
	number int
	value  uint64
	bytes  []byte
}

// protoFields calls see for each field of a message (protocol buffers' wire format).
func protoFields(data []byte, see func(protoField) error) error {
	for len(data) > 0 {
		key, n := binary.Uvarint(data)
		if n <= 0 || key>>3 == 0 || key>>3 > 1<<29 {
			return errors.New("damaged field")
		}
		data = data[n:]
		f := protoField{number: int(key >> 3)}
		switch key & 7 {
		case 0:
			if f.value, n = binary.Uvarint(data); n <= 0 {
				return errors.New("damaged number")
			}
			data = data[n:]
		case 1, 5:
			size := 8 - int(key&4)
			if len(data) < size {
				return errors.New("cut off in a number")
			}
			if size == 4 {
				f.value = uint64(binary.LittleEndian.Uint32(data))
			} else {
				f.value = binary.LittleEndian.Uint64(data)
			}
			data = data[size:]
		case 2:
			size, n := binary.Uvarint(data)
			if n <= 0 || size > uint64(len(data)-n) {
				return errors.New("cut off in a text")
			}
			f.bytes = data[n : n+int(size)]
			data = data[n+int(size):]
		default:
			return fmt.Errorf("field of unknown kind %d", key&7)
		}
		if err := see(f); err != nil {
			return err
		}
	}
	return nil
}

// readPiece reads a SentencePiece message.
func readPiece(raw []byte) (spPiece, error) {
	p := spPiece{kind: pieceNormal}
	err := protoFields(raw, func(f protoField) error {
		switch f.number {
		case 1:
			p.text = string(f.bytes)
		case 2:
			p.score = math.Float32frombits(uint32(f.value))
		case 3:
			p.kind = f.value
		}
		return nil
	})
	if err == nil && (!utf8.ValidString(p.text) || p.score != p.score) {
		err = errors.New("text that is not UTF-8 or score that is no number")
	}
	return p, err
}

// readSentencePiece reads the fields of a ModelProto that matter (sentencepiece_model.proto); all others are stepped over.
func readSentencePiece(data []byte) (*spModel, error) {
	m := &spModel{kind: 1, dummyPrefix: true, collapse: true, escape: true}
	err := protoFields(data, func(f protoField) error {
		switch f.number {
		case 1:
			p, err := readPiece(f.bytes)
			if err != nil {
				return fmt.Errorf("piece %d: %w", len(m.pieces)+1, err)
			}
			m.pieces = append(m.pieces, p)
		case 2:
			return protoFields(f.bytes, func(f protoField) error {
				switch f.number {
				case 3:
					m.kind = f.value
				case 24:
					m.suffix = f.value != 0
				case 35:
					m.byteFallback = f.value != 0
				}
				return nil
			})
		case 3:
			return protoFields(f.bytes, func(f protoField) error {
				switch f.number {
				case 2:
					m.charsmap = f.bytes
				case 3:
					m.dummyPrefix = f.value != 0
				case 4:
					m.collapse = f.value != 0
				case 5:
					m.escape = f.value != 0
				}
				return nil
			})
		}
		return nil
	})
	switch {
	case err != nil:
		return nil, fmt.Errorf("is no SentencePiece model: %w", err)
	case len(m.pieces) == 0:
		return nil, errors.New("is no SentencePiece model: it has no pieces")
	case m.kind != 1 && m.kind != 2:
		return nil, fmt.Errorf("SentencePiece model of kind %d; 1 (Unigram) and 2 (BPE) are supported", m.kind)
	case m.suffix || !m.escape:
		return nil, errors.New("SentencePiece model with blanks behind words (treat_whitespace_as_suffix) or none (escape_whitespaces) is not supported")
	}
	return m, nil
}

// document writes the tokenizer.json.
func (m *spModel) document() ([]byte, error) {
	w := &writer{}
	w.open('{')
	w.key("version")
	w.str("1.0")
	w.key("added_tokens")
	m.added(w)
	const blank = `{"type":"Replace","pattern":{"String":" "},"content":"▁"}`
	var norm []string
	if len(m.charsmap) > 0 {
		norm = append(norm, `{"type":"Precompiled","precompiled_charsmap":"`+base64.StdEncoding.EncodeToString(m.charsmap)+`"}`)
	}
	pre, scheme := "null", "never"
	if m.dummyPrefix {
		scheme = "always"
	}
	// remove_extra_whitespaces: blanks at the end go, several become one, and words are cut at them. Without it every blank is a ▁ and the text one word.
	switch {
	case m.collapse:
		norm = append(norm, `{"type":"Strip","strip_left":false,"strip_right":true}`, `{"type":"Replace","pattern":{"Regex":" {2,}"},"content":"▁"}`)
		pre = `{"type":"Metaspace","replacement":"▁","prepend_scheme":"` + scheme + `","split":true}`
	case m.dummyPrefix:
		norm = append(norm, `{"type":"Prepend","prepend":"▁"}`, blank)
	default:
		norm = append(norm, blank)
	}
	w.key("normalizer")
	w.raw([]byte(`{"type":"Sequence","normalizers":[` + strings.Join(norm, ",") + `]}`))
	w.key("pre_tokenizer")
	w.raw([]byte(pre))
	w.key("decoder")
	decoders := `{"type":"Replace","pattern":{"String":"▁"},"content":" "},{"type":"ByteFallback"},{"type":"Fuse"}`
	if m.dummyPrefix {
		decoders += `,{"type":"Strip","content":" ","start":1,"stop":0}`
	}
	w.raw([]byte(`{"type":"Sequence","decoders":[` + decoders + `]}`))
	w.key("model")
	var err error
	if m.kind == 1 {
		m.unigram(w)
	} else {
		err = m.bpe(w)
	}
	w.close('}')
	return w.b, err
}

// added writes control, unknown and user-defined pieces as added tokens.
func (m *spModel) added(w *writer) {
	w.open('[')
	for id, p := range m.pieces {
		if p.kind != pieceControl && p.kind != pieceUser && p.kind != pieceUnknown || p.text == "" {
			continue
		}
		w.item()
		w.open('{')
		w.key("id")
		w.b = strconv.AppendInt(w.b, int64(id), 10)
		w.key("content")
		w.str(p.text)
		w.key("normalized")
		w.b = append(w.b, "false"...)
		w.key("special")
		w.b = strconv.AppendBool(w.b, p.kind != pieceUser)
		w.close('}')
	}
	w.close(']')
}

// unknown returns the id of the unknown piece, -1 without one.
func (m *spModel) unknown() int {
	return slices.IndexFunc(m.pieces, func(p spPiece) bool { return p.kind == pieceUnknown })
}

// bytes says whether unknown characters become bytes: older files have the pieces but not the switch.
func (m *spModel) bytes() bool {
	return m.byteFallback || slices.ContainsFunc(m.pieces, func(p spPiece) bool { return p.kind == pieceByte })
}

// unigram writes pieces and scores. Scores beyond all numbers would be no JSON.
func (m *spModel) unigram(w *writer) {
	w.open('{')
	w.key("type")
	w.str("Unigram")
	w.key("unk_id")
	if id := m.unknown(); id >= 0 {
		w.b = strconv.AppendInt(w.b, int64(id), 10)
	} else {
		w.b = append(w.b, "null"...)
	}
	w.key("vocab")
	w.open('[')
	for _, p := range m.pieces {
		w.item()
		w.open('[')
		w.item()
		w.str(p.text)
		w.item()
		score := float64(p.score)
		w.b = appendFloat(w.b, max(min(score, 1e300), -1e300))
		w.close(']')
	}
	w.close(']')
	w.key("byte_fallback")
	w.b = strconv.AppendBool(w.b, m.bytes())
	w.close('}')
}

// spMerge is a way to make a piece of two.
type spMerge struct {
	left, right int // ids
	size        [2]int
	score       float32
}

// merges lists every way to cut a piece into two others, in the order of the scores.
func (m *spModel) merges(ids map[string]int) ([]spMerge, error) {
	var merges []spMerge
	for id, p := range m.pieces {
		if p.kind != pieceNormal && p.kind != pieceUser && p.kind != pieceUnused || ids[p.text] != id {
			continue
		}
		if len(p.text) > longestPiece {
			return nil, fmt.Errorf("piece %d has %d bytes; %d is the limit", id, len(p.text), longestPiece)
		}
		first := len(merges)
		for i := range p.text {
			left, ok := ids[p.text[:i]]
			right, too := ids[p.text[i:]]
			if i > 0 && ok && too {
				n := utf8.RuneCountInString(p.text[:i])
				merges = append(merges, spMerge{left, right, [2]int{n, utf8.RuneCountInString(p.text) - n}, p.score})
			}
		}
		slices.SortFunc(merges[first:], func(a, b spMerge) int { return cmp.Or(a.left-b.left, a.right-b.right) })
	}
	slices.SortStableFunc(merges, func(a, b spMerge) int {
		return cmp.Or(cmp.Compare(b.score, a.score), b.size[0]-a.size[0], b.size[1]-a.size[1])
	})
	return merges, nil
}

// bpe writes pieces and merges.
func (m *spModel) bpe(w *writer) error {
	ids := make(map[string]int, len(m.pieces))
	for id, p := range m.pieces {
		ids[p.text] = id
	}
	merges, err := m.merges(ids)
	if err != nil {
		return err
	}
	w.open('{')
	w.key("type")
	w.str("BPE")
	w.key("unk_token")
	if id := m.unknown(); id >= 0 {
		w.str(m.pieces[id].text)
	} else {
		w.b = append(w.b, "null"...)
	}
	w.key("fuse_unk")
	w.b = append(w.b, "true"...)
	w.key("byte_fallback")
	w.b = strconv.AppendBool(w.b, m.bytes())
	w.key("vocab")
	w.open('{')
	for id, p := range m.pieces {
		if ids[p.text] == id && p.text != "" {
			w.key(p.text)
			w.b = strconv.AppendInt(w.b, int64(id), 10)
		}
	}
	w.close('}')
	w.key("merges")
	w.open('[')
	for _, x := range merges {
		w.item()
		w.open('[')
		w.item()
		w.str(m.pieces[x.left].text)
		w.item()
		w.str(m.pieces[x.right].text)
		w.close(']')
	}
	w.close(']')
	w.close('}')
	return nil
}
