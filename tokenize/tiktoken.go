package tokenize

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// tiktokenKind is a published vocabulary: its file says neither how text is cut nor which tokens are special.
type tiktokenKind struct {
	pattern string
	special map[string]int
}

// tiktokenKinds are found by the number of pieces.
var tiktokenKinds = map[int]tiktokenKind{
	50256:  {gpt2Pattern, map[string]int{"<|endoftext|>": 50256}},
	50280:  {gpt2Pattern, map[string]int{"<|endoftext|>": 50256}},
	100256: {cl100kPattern, map[string]int{"<|endoftext|>": 100257, "<|fim_prefix|>": 100258, "<|fim_middle|>": 100259, "<|fim_suffix|>": 100260, "<|endofprompt|>": 100276}},
	128000: {cl100kPattern, map[string]int{"<|begin_of_text|>": 128000, "<|end_of_text|>": 128001}},
	199998: {o200kPattern, map[string]int{"<|endoftext|>": 199999, "<|endofprompt|>": 200018}},
}

// ParseTiktoken reads a .tiktoken file (base64 of the bytes of a piece, a blank, its rank; a line each). pattern cuts the text into words, special gives the
// special tokens their ids; with "" and nil they are those of the published encoding of that size (gpt2, p50k, cl100k, o200k, Llama 3). Save writes a
// tokenizer.json. data is not kept.
func ParseTiktoken(data []byte, pattern string, special map[string]int) (*Tokenizer, error) {
	pieces := map[string]int{}
	var order []string
	for n, rest := 1, data; len(rest) > 0; n++ {
		var line []byte
		line, rest, _ = bytes.Cut(rest, []byte("\n"))
		line = bytes.TrimSpace(line)
		if len(line) == 0 {
			continue
		}
		code, number, ok := bytes.Cut(line, []byte(" "))
		raw, err := base64.StdEncoding.DecodeString(string(code))
		rank, err2 := strconv.Atoi(string(number))
		if !ok || err != nil || err2 != nil || len(raw) == 0 || rank < 0 {
			return nil, fmt.Errorf("line %d is not a piece in base64, a blank and a rank", n)
		}
		if len(raw) > 1<<12 {
			return nil, fmt.Errorf("line %d: piece has %d bytes; %d is the limit", n, len(raw), 1<<12)
		}
		if _, ok := pieces[string(raw)]; ok {
			return nil, fmt.Errorf("line %d repeats a piece", n)
		}
		pieces[string(raw)] = rank
		order = append(order, string(raw))
	}
	if len(order) == 0 {
		return nil, errors.New("is empty; lines of base64 and rank are wanted")
	}
	if pattern == "" {
		kind, ok := tiktokenKinds[len(order)]
		if !ok {
			return nil, fmt.Errorf("has %d pieces, which no published encoding has; use ParseTiktoken with its pattern", len(order))
		}
		pattern = kind.pattern
		if special == nil {
			special = kind.special
		}
	}
	slices.SortFunc(order, func(a, b string) int { return pieces[a] - pieces[b] })
	return Parse(tiktokenDocument(order, pieces, pattern, special))
}

// tiktokenDocument writes the tokenizer.json: merges are all ways to make a piece of two, in the order of ranks.
func tiktokenDocument(order []string, pieces map[string]int, pattern string, special map[string]int) []byte {
	spell := func(s string) string { return string(appendPieceOf(nil, s)) }
	w := &writer{}
	w.open('{')
	w.key("added_tokens")
	w.open('[')
	for _, name := range slices.SortedFunc(maps.Keys(special), func(a, b string) int { return special[a] - special[b] }) {
		w.item()
		w.open('{')
		w.key("id")
		w.b = strconv.AppendInt(w.b, int64(special[name]), 10)
		w.key("content")
		w.str(name)
		w.key("special")
		w.b = append(w.b, "true"...)
		w.close('}')
	}
	w.close(']')
	const level = `{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":false,"use_regex":`
	w.key("pre_tokenizer")
	if pattern == gpt2Pattern {
		w.raw([]byte(level + "true}"))
	} else {
		split := append(appendString([]byte(`{"type":"Sequence","pretokenizers":[{"type":"Split","pattern":{"Regex":`), pattern), `},"behavior":"Isolated","invert":false},`...)
		w.raw(append(split, level+"false}]}"...))
	}
	w.key("decoder")
	w.raw([]byte(level + "true}"))
	w.key("model")
	w.open('{')
	w.key("type")
	w.str("BPE")
	w.key("ignore_merges")
	w.b = append(w.b, "true"...)
	w.key("vocab")
	w.open('{')
	for _, p := range order {
		w.key(spell(p))
		w.b = strconv.AppendInt(w.b, int64(pieces[p]), 10)
	}
	for _, name := range slices.SortedFunc(maps.Keys(special), func(a, b string) int { return special[a] - special[b] }) {
		w.key(name)
		w.b = strconv.AppendInt(w.b, int64(special[name]), 10)
	}
	w.close('}')
	w.key("merges")
	tiktokenMerges(w, order, pieces)
	w.close('}')
	w.close('}')
	return w.b
}

// tiktokenMerges writes all ways to make a piece of two.
func tiktokenMerges(w *writer, order []string, pieces map[string]int) {
	w.open('[')
	for _, p := range order {
		var ways [][2]string
		for i := 1; i < len(p); i++ {
			_, left := pieces[p[:i]]
			if _, right := pieces[p[i:]]; left && right {
				ways = append(ways, [2]string{p[:i], p[i:]})
			}
		}
		slices.SortFunc(ways, func(a, b [2]string) int { return cmp.Or(pieces[a[0]]-pieces[b[0]], pieces[a[1]]-pieces[b[1]]) })
		for _, x := range ways {
			w.item()
			w.str(string(appendPieceOf(nil, x[0])) + " " + string(appendPieceOf(nil, x[1])))
		}
	}
	w.close(']')
}

// openOther opens a file that is no tokenizer.json, by what its first bytes look like: SentencePiece's, tiktoken's, a vocab.txt.
func openOther(path string, data []byte) (*Tokenizer, error) {
	var t *Tokenizer
	var err error
	first, _, _ := bytes.Cut(data, []byte("\n"))
	code, number, _ := bytes.Cut(bytes.TrimSpace(first), []byte(" "))
	_, badCode := base64.StdEncoding.DecodeString(string(code))
	_, badNumber := strconv.Atoi(string(number))
	switch {
	case strings.HasSuffix(path, ".txt"):
		return openVocabText(path)
	case badCode == nil && badNumber == nil:
		t, err = ParseTiktoken(data, "", nil)
	case data[0] == 0x0A && strings.Contains(filepath.Base(path), "model"):
		t, err = ParseSentencePiece(data)
	default:
		return nil, errNotOther
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return t, nil
}

// errNotOther says that a file is none of the older kinds.
var errNotOther = errors.New("not an older kind of file")
