package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/go-cloze/cloze/tokenize"
)

// tokenizerFile is what inspect reads of a tokenizer.json; older files are turned into one first (Tokenizer.Bytes).
type tokenizerFile struct {
	Truncation    any            `json:"truncation"`
	Padding       any            `json:"padding"`
	Normalizer    any            `json:"normalizer"`
	PreTokenizer  any            `json:"pre_tokenizer"`
	Model         map[string]any `json:"model"`
	PostProcessor any            `json:"post_processor"`
	Decoder       any            `json:"decoder"`
}

// pipelineText is the way of the text, a line a stage; "none" where the file has none.
type pipelineText struct {
	Normalizer    string `json:"normalizer"`
	PreTokenizer  string `json:"pre_tokenizer"`
	Model         string `json:"model"`
	PostProcessor string `json:"post_processor"`
	Decoder       string `json:"decoder"`
	Truncation    string `json:"truncation"`
	Padding       string `json:"padding"`
}

func readTokenizerFile(t *tokenize.Tokenizer) (f tokenizerFile, err error) {
	return f, json.Unmarshal(t.Bytes(), &f)
}

func (f tokenizerFile) pipeline() pipelineText {
	return pipelineText{component(f.Normalizer), component(f.PreTokenizer), f.modelText(), component(f.PostProcessor),
		component(f.Decoder), component(f.Truncation), component(f.Padding)}
}

// modelType names the model; the oldest files of Unigram leave it out.
func (f tokenizerFile) modelType() string {
	if name, ok := f.Model["type"].(string); ok {
		return name
	}
	switch {
	case f.Model["merges"] != nil:
		return "BPE"
	case f.Model["max_input_chars_per_word"] != nil:
		return "WordPiece"
	case f.Model["unk_id"] != nil:
		return "Unigram"
	}
	if _, list := f.Model["vocab"].([]any); list {
		return "Unigram"
	}
	return "WordLevel"
}

// modelText is the model with its switches; of vocabulary and merges their number.
func (f tokenizerFile) modelText() string {
	parts := []string{}
	for _, key := range slices.Sorted(maps.Keys(f.Model)) {
		switch v := f.Model[key].(type) {
		case map[string]any:
			parts = append(parts, count(len(v))+" pieces")
		case []any:
			name := " " + key
			if key == "vocab" {
				name = " pieces"
			}
			parts = append(parts, count(len(v))+name)
		case nil:
		default:
			if key != "type" {
				parts = append(parts, key+"="+scalar(v))
			}
		}
	}
	return f.modelType() + "(" + strings.Join(parts, ", ") + ")"
}

// component writes one component of the file: its type and all switches that are set to something; the members of a
// sequence one after the other.
func component(v any) string {
	m, ok := v.(map[string]any)
	if !ok {
		return "none"
	}
	kind, _ := m["type"].(string)
	for _, members := range []string{"normalizers", "pretokenizers", "processors", "decoders"} {
		if list, ok := m[members].([]any); ok {
			if len(list) == 0 {
				return "none"
			}
			texts := make([]string, len(list))
			for i, x := range list {
				texts[i] = component(x)
			}
			return strings.Join(texts, ", then ")
		}
	}
	var parts []string
	for _, key := range slices.Sorted(maps.Keys(m)) {
		switch {
		case key == "type" || m[key] == nil:
		case kind == "TemplateProcessing" && key == "special_tokens": // named where they stand
		case kind == "TemplateProcessing":
			parts = append(parts, key+": "+template(m[key]))
		default:
			parts = append(parts, key+"="+scalar(m[key]))
		}
	}
	if kind == "" {
		return strings.Join(parts, ", ")
	}
	if len(parts) == 0 {
		return kind
	}
	return kind + "(" + strings.Join(parts, ", ") + ")"
}

// template writes a template as "[CLS] A [SEP] B:1": what stands behind a colon is the type, where it is not 0.
func template(v any) string {
	list, _ := v.([]any)
	var parts []string
	for _, x := range list {
		m, _ := x.(map[string]any)
		for _, part := range m {
			p, _ := part.(map[string]any)
			text := fmt.Sprint(p["id"])
			if kind, _ := p["type_id"].(float64); kind != 0 {
				text += ":" + scalar(kind)
			}
			parts = append(parts, text)
		}
	}
	return strings.Join(parts, " ")
}

// scalar writes a value in one line; a long one (a charsmap is 300 kB) as its beginning and its size.
func scalar(v any) string {
	switch v := v.(type) {
	case string:
		if len(v) > 120 {
			return fmt.Sprintf("%.12q... (%s)", v, byteSize(int64(len(v))))
		}
		return strconv.Quote(v)
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	case map[string]any: // a pattern, {"Regex": "..."}; the length of a padding, {"Fixed": 64}; a component inside another
		if _, nested := v["type"]; nested {
			return component(v)
		}
		var parts []string
		for _, key := range slices.Sorted(maps.Keys(v)) {
			parts = append(parts, key+" "+scalar(v[key]))
		}
		return strings.Join(parts, ", ")
	case []any:
		var parts []string
		for _, x := range v {
			parts = append(parts, scalar(x))
		}
		return "[" + strings.Join(parts, " ") + "]"
	}
	return fmt.Sprint(v)
}

// unknownToken returns the id of what stands for text without a piece.
func (f tokenizerFile) unknownToken(t *tokenize.Tokenizer) (int32, bool) {
	if name, ok := f.Model["unk_token"].(string); ok {
		return t.ID(name)
	}
	if id, ok := f.Model["unk_id"].(float64); ok {
		return int32(id), true
	}
	return 0, false
}

// byteLevel says whether the pieces are spelled in the byte-level alphabet.
func (f tokenizerFile) byteLevel() bool {
	return hasByteLevel(f.PreTokenizer) || hasByteLevel(f.Normalizer)
}

func hasByteLevel(v any) bool { return strings.Contains(component(v), "ByteLevel") }

// byteFallback says whether <0x0A> is a piece for a byte.
func (f tokenizerFile) byteFallback() bool { on, _ := f.Model["byte_fallback"].(bool); return on }

// missingBytes counts the bytes that have no piece, false where the tokenizer has no pieces for bytes at all.
func (f tokenizerFile) missingBytes(t *tokenize.Tokenizer) (missing []string, asked bool) {
	if !f.byteLevel() && !f.byteFallback() {
		return nil, false
	}
	for b := range 256 {
		name := fmt.Sprintf("<0x%02X>", b)
		piece := name
		if f.byteLevel() {
			piece = string(tokenize.ByteRune(byte(b)))
		}
		if _, ok := t.ID(piece); !ok {
			missing = append(missing, name)
		}
	}
	return missing, true
}
