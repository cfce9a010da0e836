package tokenize

import (
	"bytes"
	"fmt"
	"slices"
)

// Roles are the special tokens that an encoder's rows are made with, by id; -1 where the tokenizer has none.
type Roles struct {
	CLS  int32 // before a row
	SEP  int32 // behind each text of a row
	Mask int32 // in the place of a token that is to be guessed
	Pad  int32 // what fills up rows elsewhere
}

// roleNames are the spellings of each role: BERT's, fairseq's, and those of newer byte-level tokenizers.
var roleNames = [4][]string{
	{"[CLS]", "<s>", "<cls>", "<|cls|>"}, {"[SEP]", "</s>", "<sep>", "<|sep|>"}, {"[MASK]", "<mask>", "<|mask|>"}, {"[PAD]", "<pad>", "<|pad|>"},
}

// Roles finds the tokens by the template, where it puts one before and one behind a text, and by their usual names.
func (t *Tokenizer) Roles() Roles {
	ids := [4]int32{noID, noID, noID, noID}
	for role, names := range roleNames {
		for _, name := range slices.Backward(names) {
			for _, a := range t.added.tokens {
				if a.Special && a.Content == name {
					ids[role] = a.ID
				}
			}
		}
	}
	for _, s := range t.steps {
		if p := s.single; len(p) == 3 && len(p[0].ids) == 1 && p[1].ids == nil && len(p[2].ids) == 1 {
			ids[0], ids[1] = p[0].ids[0], p[2].ids[0]
		}
	}
	for i := range ids {
		if ids[i] < 0 {
			ids[i] = -1
		}
	}
	return Roles{CLS: ids[0], SEP: ids[1], Mask: ids[2], Pad: ids[3]}
}

// WithRoles returns a tokenizer that has a token for each role, and the names of those that it adds behind the vocabulary: in fairseq's spelling where it has <s> or
// </s>, else in BERT's. One that puts nothing around a text puts CLS before it and SEP behind it then, as an encoder wants it. All ids that t gives stay as
// they are. Where nothing is missing t itself is returned.
func (t *Tokenizer) WithRoles() (*Tokenizer, []string, error) {
	have, spelling := t.Roles(), 0
	for _, name := range []string{"<s>", "</s>"} {
		if a := t.added.get(have.CLS); a != nil && a.Content == name {
			spelling = 1
		}
		if a := t.added.get(have.SEP); a != nil && a.Content == name {
			spelling = 1
		}
	}
	tokens, ids := slices.Clone(t.added.tokens), [4]int32{have.CLS, have.SEP, have.Mask, have.Pad}
	var added []string
	for role, id := range ids {
		if id >= 0 {
			continue
		}
		name := roleNames[role][spelling]
		if _, taken := t.ID(name); taken {
			return nil, nil, fmt.Errorf("the tokenizer has no special token of the kind of %s, and %s is a piece of its vocabulary: name it in its added_tokens as special, or train one that has it", name, name)
		}
		ids[role] = int32(t.VocabSize() + len(added))
		tokens = append(tokens, AddedToken{ID: ids[role], Content: name, Special: true})
		added = append(added, name)
	}
	if len(added) == 0 {
		return t, nil, nil
	}
	file := Tokenizer{doc: t.doc, vocab: t.vocab, general: t.general, model: t.model, added: newAddedSet(tokens)}
	if len(t.steps) == 0 {
		cls, _ := file.token(ids[0])
		sep, _ := file.token(ids[1])
		file.doc.top = withField(t.doc.top, "post_processor", inTemplate(fieldOf(t.doc.top, "post_processor"), cls, sep, ids[0], ids[1]))
	}
	out, err := Parse(file.Bytes())
	if err != nil {
		return nil, nil, fmt.Errorf("adding %v: %w", added, err)
	}
	for i, id := range ids {
		if got := [4]int32{out.Roles().CLS, out.Roles().SEP, out.Roles().Mask, out.Roles().Pad}[i]; got != id {
			return nil, nil, fmt.Errorf("adding %v: a token has id %d in place of %d: the vocabulary has ids without tokens; add them with the tool that made it", added, got, id)
		}
	}
	return out, added, nil
}

// token is Token of a tokenizer that is only a file yet.
func (t *Tokenizer) token(id int32) (string, bool) {
	if a := t.added.get(id); a != nil {
		return a.Content, true
	}
	return "", false
}

// withField returns fields with one of them set.
func withField(fields []field, key string, raw []byte) []field {
	out := slices.DeleteFunc(slices.Clone(fields), func(f field) bool { return f.key == key })
	return append(out, field{key, raw})
}

// inTemplate is the post-processor that puts cls and sep around a text, and types 0 and 1 on two; behind what is there already.
func inTemplate(before []byte, cls, sep string, clsID, sepID int32) []byte {
	w := &writer{}
	text := func(name string, kind int) string {
		return fmt.Sprintf(`{"Sequence":{"id":"%s","type_id":%d}}`, name, kind)
	}
	special := func(name string, kind int) string {
		return fmt.Sprintf(`{"SpecialToken":{"id":%s,"type_id":%d}}`, appendString(nil, name), kind)
	}
	one := special(cls, 0) + "," + text("A", 0) + "," + special(sep, 0)
	two := one + "," + text("B", 1) + "," + special(sep, 1)
	entry := func(name string, id int32) string {
		quoted := appendString(nil, name)
		return fmt.Sprintf(`%s:{"id":%s,"ids":[%d],"tokens":[%s]}`, quoted, quoted, id, quoted)
	}
	entries := entry(cls, clsID)
	if sep != cls {
		entries += "," + entry(sep, sepID)
	}
	w.raw(fmt.Appendf(nil, `{"type":"TemplateProcessing","single":[%s],"pair":[%s],"special_tokens":{%s}}`, one, two, entries))
	if len(before) == 0 || bytes.Equal(bytes.TrimSpace(before), null) {
		return w.b
	}
	return fmt.Appendf(nil, `{"type":"Sequence","processors":[%s,%s]}`, before, w.b)
}
