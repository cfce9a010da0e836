package tokenize

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"unicode/utf8"
)

// ParseVocabText reads BERT's vocab.txt, a piece a line: ids are the numbers of lines, so that weights fit. Lines may end in CR LF; blank lines at the end make
// no row; a blank line before it, or one that repeats a piece, keeps its row but is never used in encoding ([Tokenizer.Notes] lists them). The pipeline is
// BERT's; lower says whether text is lowered and loses its accents. data is not kept.
func ParseVocabText(data []byte, lower bool) (*Tokenizer, error) {
	if !utf8.Valid(data) {
		return nil, errors.New("is not UTF-8; a vocab.txt is wanted")
	}
	lines := strings.Split(strings.TrimRight(string(data), "\r\n \t"), "\n")
	seen := make(map[string]int, len(lines))
	var notes []string
	vocab := &writer{}
	vocab.open('{')
	for i, line := range lines {
		piece := strings.TrimRight(line, "\r\n \t")
		if i == 0 {
			piece = strings.TrimPrefix(piece, "\ufeff")
		}
		if first, ok := seen[piece]; ok {
			notes = append(notes, fmt.Sprintf("line %d repeats %s of line %d: its row is kept and never used", i+1, shown(piece), first+1))
			piece = fmt.Sprintf("[duplicate%d]", i)
		} else if piece == "" {
			notes = append(notes, fmt.Sprintf("line %d is blank: its row is kept and never used", i+1))
			piece = fmt.Sprintf("[blank%d]", i)
		}
		seen[piece] = i
		vocab.key(piece)
		vocab.b = strconv.AppendInt(vocab.b, int64(i), 10)
	}
	vocab.close('}')
	if _, ok := seen["[UNK]"]; !ok {
		return nil, errors.New("has no line [UNK]; a vocab.txt of BERT is wanted")
	}
	t, err := Parse(bertDocument(seen, vocab.b, lower))
	if err == nil {
		if extra := len(data) - len(strings.TrimRight(string(data), "\r\n \t")); extra > len("\r\n") {
			notes = append(notes, "blank lines at the end make no row")
		}
		t.notes = notes
	}
	return t, err
}

// bertDocument writes the tokenizer.json of BERT's pipeline.
func bertDocument(ids map[string]int, vocab []byte, lower bool) []byte {
	w := &writer{}
	w.open('{')
	w.key("added_tokens")
	w.open('[')
	for _, s := range []string{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"} {
		if id, ok := ids[s]; ok {
			w.item()
			w.raw(fmt.Appendf(nil, `{"id":%d,"content":"%s","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true}`, id, s))
		}
	}
	w.close(']')
	w.key("normalizer")
	w.raw(fmt.Appendf(nil, `{"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":true,"strip_accents":null,"lowercase":%t}`, lower))
	w.key("pre_tokenizer")
	w.raw([]byte(`{"type":"BertPreTokenizer"}`))
	cls, hasCLS := ids["[CLS]"]
	sep, hasSEP := ids["[SEP]"]
	if hasCLS && hasSEP {
		w.key("post_processor")
		w.raw(fmt.Appendf(nil, `{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"[CLS]","type_id":0}},{"Sequence":{"id":"A","type_id":0}},{"SpecialToken":{"id":"[SEP]","type_id":0}}],`+
			`"pair":[{"SpecialToken":{"id":"[CLS]","type_id":0}},{"Sequence":{"id":"A","type_id":0}},{"SpecialToken":{"id":"[SEP]","type_id":0}},{"Sequence":{"id":"B","type_id":1}},{"SpecialToken":{"id":"[SEP]","type_id":1}}],`+
			`"special_tokens":{"[CLS]":{"id":"[CLS]","ids":[%d],"tokens":["[CLS]"]},"[SEP]":{"id":"[SEP]","ids":[%d],"tokens":["[SEP]"]}}}`, cls, sep))
	}
	w.key("decoder")
	w.raw([]byte(`{"type":"WordPiece","prefix":"##","cleanup":true}`))
	w.key("model")
	w.open('{')
	w.key("type")
	w.str("WordPiece")
	w.key("unk_token")
	w.str("[UNK]")
	w.key("vocab")
	w.raw(vocab)
	w.close('}')
	w.close('}')
	return w.b
}

// openVocabText opens a vocab.txt. Whether it is lowered is what tokenizer_config.json beside it says, or else what its pieces look like.
func openVocabText(path string) (*Tokenizer, error) {
	data, err := readBounded(path)
	if err != nil {
		return nil, err
	}
	lower := !bytes.ContainsFunc(dropControl(data), func(r rune) bool { return 'A' <= r && r <= 'Z' })
	var config struct {
		Lower *bool `json:"do_lower_case"`
	}
	if raw, err := os.ReadFile(filepath.Join(filepath.Dir(path), "tokenizer_config.json")); err == nil && json.Unmarshal(raw, &config) == nil && config.Lower != nil {
		lower = *config.Lower
	}
	t, err := ParseVocabText(data, lower)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return t, nil
}

// dropControl leaves out the lines of control tokens, [CLS] and the like.
func dropControl(data []byte) []byte {
	var out []byte
	for line := range bytes.Lines(data) {
		if line[0] != '[' && line[0] != '<' {
			out = append(out, line...)
		}
	}
	return out
}
