package tokenize

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
)

// maxFileBytes bounds a tokenizer.json; the largest in use (vocabularies of 256,000 pieces) have some 40 MB.
const maxFileBytes = 256 << 20

// document keeps what a file says beside its vocabulary, merges and added tokens.
type document struct {
	top   []field // without added_tokens and model
	model []field // without vocab and merges
}

// Open reads a tokenizer.json of any version of the reference, a SentencePiece .model, BERT's vocab.txt, a .tiktoken file, or a folder that holds one of
// these or vocab.json with merges.txt. A component that no version has is refused by name. A damaged file gives one line that says where.
func Open(path string) (*Tokenizer, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("tokenizer: %w", err)
	}
	if info.IsDir() {
		return openFolder(path)
	}
	data, err := readBounded(path)
	if err != nil {
		return nil, err
	}
	if c := bytes.TrimLeft(data, " \t\r\n"); len(c) > 0 && c[0] != '{' {
		if t, err := openOther(path, data); err != errNotOther {
			return t, err
		}
	}
	t, err := Parse(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return t, nil
}

// readBounded reads a file that may be a pipe or never end.
func readBounded(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("tokenizer: %w", err)
	}
	defer f.Close()
	head := make([]byte, 1)
	if n, err := f.Read(head); n == 1 && head[0] < ' ' && head[0] != '\n' && head[0] != '\r' && head[0] != '\t' {
		return nil, fmt.Errorf("%s: is not text (first byte 0x%02X); a tokenizer.json is wanted", path, head[0])
	} else if n == 0 {
		if err != nil && err != io.EOF {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		return nil, fmt.Errorf("%s: is empty; a tokenizer.json is wanted", path)
	}
	var data bytes.Buffer
	if info, err := f.Stat(); err == nil && info.Size() < maxFileBytes {
		data.Grow(int(info.Size()) + bytes.MinRead) // a guess, so that nothing is copied
	}
	data.Write(head)
	if _, err := data.ReadFrom(io.LimitReader(f, maxFileBytes)); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if data.Len() > maxFileBytes {
		return nil, fmt.Errorf("%s: is longer than %d MiB; a tokenizer.json is wanted", path, maxFileBytes>>20)
	}
	return data.Bytes(), nil
}

// Parse reads the content of a tokenizer.json. data is not kept.
func Parse(data []byte) (*Tokenizer, error) {
	if err := checkJSON(data); err != nil {
		return nil, err
	}
	top, err := objectFields(data)
	if err != nil {
		return nil, err
	}
	t := &Tokenizer{pool: newPool()}
	if err := t.readModel(fieldOf(top, "model"), top); err != nil {
		return nil, fmt.Errorf("model: %w", err)
	}
	if err := t.readAdded(fieldOf(top, "added_tokens")); err != nil {
		return nil, fmt.Errorf("added_tokens: %w", err)
	}
	if err := t.readPipeline(top); err != nil {
		return nil, err
	}
	for _, f := range top {
		if f.key != "model" && f.key != "added_tokens" {
			t.doc.top = append(t.doc.top, field{f.key, slices.Clone(f.raw)})
		}
	}
	t.finish()
	if t.general != nil {
		if err := t.finishGeneral(top); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// finish derives what follows from vocabulary and added tokens.
func (t *Tokenizer) finish() {
	t.size = len(t.vocab.pieces)
	for _, a := range t.added.tokens {
		t.size = max(t.size, int(a.ID)+1)
	}
	t.eot = t.findEndOfText()
}

// unsupported is the refusal of a component that no version of the reference has.
func unsupported(name string) error {
	if name == "" {
		return errors.New("has no type")
	}
	return fmt.Errorf("%s is not known", shown(name))
}

// typeOf returns the "type" of a component.
func typeOf(raw []byte) (string, error) {
	var c struct {
		Type string `json:"type"`
	}
	err := json.Unmarshal(raw, &c)
	return c.Type, err
}

// readPipeline reads the components around the model.
func (t *Tokenizer) readPipeline(top []field) error {
	if t.general == nil {
		if err := t.readPreTokenizer(fieldOf(top, "pre_tokenizer")); err != nil {
			return fmt.Errorf("pre_tokenizer %w", err)
		}
		t.joins = fieldOf(top, "decoder") == nil
	} else if err := t.readDecoder(fieldOf(top, "decoder")); err != nil {
		return fmt.Errorf("decoder %w", err)
	}
	if raw := fieldOf(top, "post_processor"); raw != nil {
		if err := t.readPost(raw); err != nil {
			return fmt.Errorf("post_processor %w", err)
		}
	}
	return t.readLimits(top)
}

// readPreTokenizer reads ByteLevel. Its trim_offsets has no effect here: the post-processor's counts, as in the reference.
func (t *Tokenizer) readPreTokenizer(raw []byte) error {
	if scan := knownSplit(raw); scan != nil {
		t.level = byteLevel{scan: scan}
		return nil
	}
	p := struct {
		Type   string `json:"type"`
		Prefix *bool  `json:"add_prefix_space"`
		Regex  *bool  `json:"use_regex"`
	}{}
	if err := json.Unmarshal(raw, &p); err != nil {
		return err
	}
	if p.Prefix == nil {
		return errors.New("ByteLevel does not say add_prefix_space")
	}
	t.level = byteLevel{prefix: *p.Prefix, regex: p.Regex == nil || *p.Regex}
	return nil
}

// readAdded reads the added tokens. As in the reference, one that is also a piece of the model has the piece's id whatever the file says, and the others
// are numbered from the size of the vocabulary on: the ids of every file that the reference has written.
func (t *Tokenizer) readAdded(raw []byte) error {
	var list []json.RawMessage
	if raw != nil {
		if err := json.Unmarshal(raw, &list); err != nil {
			return errors.New("a list is wanted")
		}
	}
	limit := idLimit(len(t.vocab.pieces) + len(list))
	seen := map[int32]string{}
	next := int32(len(t.vocab.ids))
	if t.general != nil {
		next = max(next, int32(len(t.vocab.pieces))) // Unigram counts pieces that appear twice
	}
	tokens := make([]AddedToken, 0, len(list))
	for i, item := range list {
		var a AddedToken
		if err := json.Unmarshal(item, &a); err != nil {
			return fmt.Errorf("token %d: %w", i+1, err)
		}
		id, known := t.vocab.ids[a.Content]
		switch {
		case a.Content == "":
			return fmt.Errorf("token %d has no content", i+1)
		case a.ID < 0:
			return fmt.Errorf("token %s has no id", shown(a.Content))
		case int64(a.ID) >= limit:
			return fmt.Errorf("token %s has id %d, far beyond the number of pieces (%d)", shown(a.Content), a.ID, len(t.vocab.pieces))
		case !known && int(a.ID) < len(t.vocab.pieces) && t.vocab.pieces[a.ID] != "":
			return fmt.Errorf("token %s and piece %s share id %d", shown(a.Content), shown(t.vocab.pieces[a.ID]), a.ID)
		}
		switch free := int(next) >= len(t.vocab.pieces) || t.vocab.pieces[next] == ""; {
		case known:
			a.ID = id
		case free:
			a.ID = next
			next++
		}
		if other, ok := seen[a.ID]; ok {
			return fmt.Errorf("tokens %s and %s share id %d", shown(other), shown(a.Content), a.ID)
		}
		seen[a.ID] = a.Content
		for j := range a.extra {
			a.extra[j].raw = slices.Clone(a.extra[j].raw)
		}
		tokens = append(tokens, a)
	}
	t.setAdded(tokens)
	return nil
}

// setAdded orders the tokens by id, as the reference writes them.
func (t *Tokenizer) setAdded(tokens []AddedToken) {
	slices.SortFunc(tokens, func(a, b AddedToken) int { return int(a.ID - b.ID) })
	t.added = newAddedSet(tokens)
	for _, a := range tokens {
		if t.general == nil && t.model.whole != nil && a.Special {
			delete(t.model.whole, a.Content) // text must not become a special token by way of ignore_merges
		}
	}
}
