package tokenize

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// The members of a tokenizer.json and of its BPE model in the reference's order; what a file lacks is written with these values.
var (
	topOrder = []field{{"version", []byte(`"1.0"`)}, {"truncation", null}, {"padding", null}, {"added_tokens", nil},
		{"normalizer", null}, {"pre_tokenizer", null}, {"post_processor", null}, {"decoder", null}, {"model", nil}}
	bpeOrder = []field{{"type", []byte(`"BPE"`)}, {"dropout", null}, {"unk_token", null}, {"continuing_subword_prefix", null},
		{"end_of_word_suffix", null}, {"fuse_unk", []byte("false")}, {"byte_fallback", []byte("false")},
		{"ignore_merges", []byte("false")}, {"vocab", nil}, {"merges", nil}}
	wordPieceOrder = []field{{"type", nil}, {"unk_token", []byte(`"[UNK]"`)}, {"continuing_subword_prefix", []byte(`"##"`)},
		{"max_input_chars_per_word", []byte("100")}, {"vocab", nil}}
	wordLevelOrder = []field{{"type", nil}, {"vocab", nil}, {"unk_token", []byte(`"<unk>"`)}}
	unigramOrder   = []field{{"type", nil}, {"unk_id", null}, {"vocab", nil}, {"byte_fallback", []byte("false")}}
	null           = []byte("null")
)

// Bytes returns the tokenizer.json: members in the reference's order, two blanks a level, members that this package does not know kept
// behind the others. Merges are written as "a b", which every version of every reader takes; only where a piece holds a blank, as
// ["a", "b"], which `tokenizers` reads since 0.20.
func (t *Tokenizer) Bytes() []byte {
	w := &writer{}
	w.open('{')
	for _, f := range ordered(topOrder, t.doc.top) {
		w.key(f.key)
		switch f.key {
		case "added_tokens":
			t.writeAdded(w)
		case "model":
			t.writeModel(w)
		default:
			w.raw(f.raw)
		}
	}
	w.close('}')
	return append(w.b, '\n')
}

// ordered puts known members first and in order, and the others behind them.
func ordered(order, have []field) []field {
	var out []field
	known := map[string]bool{}
	for _, f := range order {
		known[f.key] = true
		for _, h := range have {
			if h.key == f.key {
				f = h
			}
		}
		out = append(out, f)
	}
	for _, h := range have {
		if !known[h.key] {
			out = append(out, h)
		}
	}
	return out
}

func (t *Tokenizer) writeAdded(w *writer) {
	w.open('[')
	for _, a := range t.added.tokens {
		w.item()
		w.open('{')
		w.key("id")
		w.b = strconv.AppendInt(w.b, int64(a.ID), 10)
		w.key("content")
		w.str(a.Content)
		for _, f := range []struct {
			key string
			on  bool
		}{{"single_word", a.SingleWord}, {"lstrip", a.LStrip}, {"rstrip", a.RStrip}, {"normalized", a.Normalized}, {"special", a.Special}} {
			w.key(f.key)
			w.b = strconv.AppendBool(w.b, f.on)
		}
		for _, f := range a.extra {
			w.key(f.key)
			w.raw(f.raw)
		}
		w.close('}')
	}
	w.close(']')
}

func (t *Tokenizer) writeModel(w *writer) {
	w.open('{')
	order, name := bpeOrder, `"BPE"`
	if t.general != nil {
		switch t.general.model.(type) {
		case *wordPiece:
			order, name = wordPieceOrder, `"WordPiece"`
		case *wordLevel:
			order, name = wordLevelOrder, `"WordLevel"`
		case *unigram:
			order, name = unigramOrder, `"Unigram"`
		}
	}
	for _, f := range ordered(order, t.doc.model) {
		w.key(f.key)
		switch f.key {
		case "type":
			w.raw([]byte(name))
		case "vocab":
			if f.raw != nil { // Unigram's list is kept as it was read: its numbers are not always those that were written
				w.raw(f.raw)
				continue
			}
			w.open('{')
			for id, p := range t.vocab.pieces {
				if p != "" {
					w.key(p)
					w.b = strconv.AppendInt(w.b, int64(id), 10)
				}
			}
			w.close('}')
		case "merges":
			t.writeMerges(w)
		default:
			w.raw(f.raw)
		}
	}
	w.close('}')
}

// appendFloat appends the shortest digits that give the number back, with a point or an exponent.
func appendFloat(dst []byte, x float64) []byte {
	start := len(dst)
	if a := math.Abs(x); a != 0 && (a < 1e-5 || a >= 1e16) {
		dst = strconv.AppendFloat(dst, x, 'e', -1, 64)
		// Go writes e-07 where the reference writes e-7.
		if i := bytes.LastIndexByte(dst, 'e'); i > start && i+3 < len(dst) && dst[i+2] == '0' {
			dst = append(dst[:i+2], dst[i+3:]...)
		}
		return bytes.Replace(dst, []byte("e+"), []byte("e"), 1)
	}
	dst = strconv.AppendFloat(dst, x, 'f', -1, 64)
	if bytes.IndexByte(dst[start:], '.') < 0 {
		dst = append(dst, '.', '0')
	}
	return dst
}

func (t *Tokenizer) writeMerges(w *writer) {
	pairs := false
	for _, m := range t.model.merges {
		pairs = pairs || strings.Contains(t.vocab.pieces[m[0]], " ") || strings.Contains(t.vocab.pieces[m[1]], " ")
	}
	w.open('[')
	for _, m := range t.model.merges {
		w.item()
		left, right := t.vocab.pieces[m[0]], t.vocab.pieces[m[1]]
		if !pairs {
			w.str(left + " " + right)
			continue
		}
		w.open('[')
		w.item()
		w.str(left)
		w.item()
		w.str(right)
		w.close(']')
	}
	w.close(']')
}

// Save writes Bytes to path: aside first, synced, then renamed, so that a failure leaves an existing file as it was.
func (t *Tokenizer) Save(path string) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".tokenizer-*")
	if err != nil {
		return fmt.Errorf("save tokenizer %s: %w", path, err)
	}
	defer os.Remove(f.Name()) // does nothing once it is renamed
	_, err = f.Write(t.Bytes())
	if err == nil {
		err = f.Chmod(0o644)
	}
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("save tokenizer %s: %w", path, err)
	}
	return nil
}

// writeCompact writes members as one object on one line.
func writeCompact(fields []field) []byte {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, f := range fields {
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(appendString(nil, f.key))
		b.WriteByte(':')
		b.Write(f.raw)
	}
	b.WriteByte('}')
	return b.Bytes()
}
