package tokenize

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"unicode/utf8"
)

// Tokenizer is a whole pipeline: text to ids and back. It is never changed once made; any number of goroutines may use it.
type Tokenizer struct {
	doc   document // what the file says beside vocabulary, merges and added tokens: what Save writes
	vocab *vocabulary
	added *addedSet
	model *bpe
	level byteLevel
	// The pipeline of whatever is not plain byte-level BPE; nil where the fields above serve. model is nil for models without merges.
	general *general
	joins   bool // the file has no decoder: text is the pieces with blanks between
	notes   []string
	limits  limits
	decoder []decodeStep // of the general pipeline; nil: pieces with blanks between
	steps   []step
	trim    bool // offsets leave out the blanks of their pieces
	size    int  // largest id + 1
	eot     int32
	pool    *pool
}

// AppendIDs appends the ids of text to dst. This is the form for data: text never yields the id of a special token, and no template is
// added. It allocates nothing beyond the growth of dst, once as many goroutines have called it as call it at once. text may be any
// bytes; it is not kept.
func (t *Tokenizer) AppendIDs(dst []int32, text []byte) []int32 {
	if t.general != nil {
		return t.general.append(dst, nil, text)
	}
	s := t.pool.get()
	dst = t.appendIDs(dst, s, text)
	t.pool.put(s)
	return dst
}

func (t *Tokenizer) appendIDs(dst []int32, s *scratch, text []byte) []int32 {
	for _, p := range t.added.split(s, text, true) {
		if p.id != noID {
			s.mark(len(dst), len(dst)+1)
			dst = append(dst, p.id)
		} else {
			dst = t.appendPlain(dst, s, t.part(s, text[p.start:p.end]))
		}
	}
	return dst
}

// part returns the text of a segment, with a blank in front where the pipeline puts one: before the text and behind every added token.
func (t *Tokenizer) part(s *scratch, text []byte) []byte {
	if !t.level.needsPrefix(text) {
		return text
	}
	s.text = append(append(s.text[:0], ' '), text...)
	return s.text
}

// appendPlain appends the ids of text without added tokens in it: of its words, or of all of it as one word where the pipeline does not cut.
func (t *Tokenizer) appendPlain(dst []int32, s *scratch, text []byte) []int32 {
	if t.level.regex {
		return t.model.appendText(dst, s, text)
	}
	for i := 0; i < len(text); {
		first, end := len(dst), t.level.wordEnd(text, i)
		dst = t.model.appendWord(dst, s, text, i, end)
		s.mark(first, len(dst))
		i = end
	}
	return dst
}

// MissingBytes returns the bytes that have no piece and no unknown token to stand for them, nil for nearly all tokenizers. They yield no
// id; [Encoding].Dropped counts them.
func (t *Tokenizer) MissingBytes() []byte {
	if t.general != nil || t.model.unk != noID {
		return nil
	}
	var missing []byte
	for b, id := range t.model.byteID {
		if id == noID {
			missing = append(missing, byte(b))
		}
	}
	return missing
}

// Notes lists what was odd about the file but did no harm, a sentence each; nil where nothing was.
func (t *Tokenizer) Notes() []string { return t.notes }

// VocabSize returns the largest id + 1: the rows that an embedding table needs.
func (t *Tokenizer) VocabSize() int { return t.size }

// Token returns the token of an id as the file spells it ("Ġtea"), false where no token has that id.
func (t *Tokenizer) Token(id int32) (string, bool) {
	if a := t.added.get(id); a != nil {
		return a.Content, true
	}
	if id < 0 || int(id) >= len(t.vocab.pieces) || t.vocab.pieces[id] == "" {
		return "", false
	}
	return t.vocab.pieces[id], true
}

// ID returns the id of a token spelled as in the file.
func (t *Tokenizer) ID(token string) (int32, bool) {
	if id, ok := t.vocab.ids[token]; ok {
		return id, true
	}
	for _, a := range t.added.tokens {
		if a.Content == token {
			return a.ID, true
		}
	}
	return noID, false
}

// bytesOf returns the bytes that a token stands for, "" where no token has that id.
func (t *Tokenizer) bytesOf(id int32) string {
	if a := t.added.get(id); a != nil {
		return a.Content
	}
	if id < 0 || int(id) >= len(t.vocab.raw) {
		return ""
	}
	return t.vocab.raw[id]
}

// TokenBytes returns the bytes that a token stands for, as a copy: " tea" for "Ġtea". Unlike [Tokenizer.AppendBytes] it takes no blank away. An id
// without a token gives nil.
func (t *Tokenizer) TokenBytes(id int32) []byte { return append([]byte(nil), t.bytesOf(id)...) }

// Text returns what the token stands for, readable: " tea" for "Ġtea". Bytes that are no whole character are shown as <0xE9>. An id
// without a token gives "".
func (t *Tokenizer) Text(id int32) string {
	raw := t.bytesOf(id)
	if utf8.ValidString(raw) {
		return raw
	}
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for i := 0; i < len(raw); {
		r, n := utf8.DecodeRuneInString(raw[i:])
		if r == utf8.RuneError && n == 1 {
			b.WriteString("<0x")
			b.WriteByte(digits[raw[i]>>4])
			b.WriteByte(digits[raw[i]&15])
			b.WriteByte('>')
		} else {
			b.WriteString(raw[i : i+n])
		}
		i += n
	}
	return b.String()
}

// Added returns the added tokens by id, special ones among them.
func (t *Tokenizer) Added() []AddedToken { return slices.Clone(t.added.tokens) }

// Special returns the ids of the special tokens, ascending.
func (t *Tokenizer) Special() []int32 {
	var ids []int32
	for _, a := range t.added.tokens {
		if a.Special {
			ids = append(ids, a.ID)
		}
	}
	return ids
}

// IsSpecial says whether an id is that of a special token.
func (t *Tokenizer) IsSpecial(id int32) bool {
	a := t.added.get(id)
	return a != nil && a.Special
}

// endNames are the special tokens that stand between documents, the likelier first.
var endNames = []string{"<|endoftext|>", "<|end_of_text|>", "</s>", "<eos>", "[EOS]", "<|eos|>", "<|eot_id|>", "<|im_end|>", "[SEP]"}

// EndOfText returns the id of the special token that stands between documents, false where the tokenizer has none.
func (t *Tokenizer) EndOfText() (int32, bool) { return t.eot, t.eot != noID }

func (t *Tokenizer) findEndOfText() int32 {
	for _, name := range endNames {
		for _, a := range t.added.tokens {
			if a.Special && a.Content == name {
				return a.ID
			}
		}
	}
	return noID
}

// Hash returns the SHA-256 of Bytes in hexadecimal: equal for files that say the same, however they are laid out.
func (t *Tokenizer) Hash() string {
	sum := sha256.Sum256(t.Bytes())
	return hex.EncodeToString(sum[:])
}
