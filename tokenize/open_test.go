package tokenize

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

const goodFile = `{"version":"1.0","added_tokens":[{"id":3,"content":"<e>","special":true,"mine":[1,{"x":"y"}]}],"other":{"a":1.50},
"pre_tokenizer":{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"later":null},"decoder":{"type":"ByteLevel"},
"model":{"type":"BPE","new":"\u00e9","vocab":{"a":0,"b":1,"ab":2},"merges":[["a","b"]]}}`

func TestDamagedFilesGiveOneLineAboutTheirDamage(t *testing.T) {
	swap := func(old, replacement string) string {
		if !strings.Contains(goodFile, old) {
			t.Fatalf("no %q", old)
		}
		return strings.Replace(goodFile, old, replacement, 1)
	}
	if _, err := Parse([]byte(goodFile)); err != nil {
		t.Fatal(err)
	}
	cases := map[string]string{
		"":                                          "is empty",
		"hello":                                     "not JSON at byte 0",
		goodFile[:150]:                              "not JSON at byte",
		goodFile + "x":                              "not JSON at byte",
		"[1]":                                       "not JSON at byte 0",
		"{}":                                        "model: is missing",
		`{"model":{}}`:                              "model: has no type",
		`{"model":7}`:                               "model: an object is wanted",
		"{\"a\":\"\xff\"}":                          "not UTF-8 at byte 6",
		swap(`"b":1`, `"b":0`):                      `pieces "a" and "b" share id 0`,
		swap(`"b":1`, `"a":1`):                      `piece "a" appears twice`,
		swap(`"b":1`, `"b":2147483647`):             "far beyond the number of pieces",
		swap(`"b":1`, `"b":99999999999`):            "ids run from 0",
		swap(`"b":1`, `"b":-1`):                     "ids run from 0",
		swap(`"b":1`, `"b":1.5`):                    "whole number",
		swap(`"b":1`, `"b":"1"`):                    "whole number",
		swap(`"id":3,`, ``):                         `token "<e>" has no id`,
		swap(`"id":3,`, `"id":1,`):                  `token "<e>" and piece "b" share id 1`,
		swap(`"id":3,`, `"id":2000000000,`):         "far beyond",
		swap(`["a","b"]`, `["a","c"]`):              `merge 1: piece "c" is not in the vocabulary`,
		swap(`["a","b"]`, `["b","a"]`):              `merge 1 makes "ba", which is not`,
		swap(`["a","b"]`, `"a"`):                    "merge 1: \"a\" is not two pieces",
		swap(`["a","b"]`, `["a","b","c"]`):          "merge 1 has more than two parts",
		swap(`["a","b"]`, `["a",7]`):                "a string is wanted",
		swap(`["a","b"]`, `["a","\ud800"]`):         "half a surrogate pair",
		swap(`"type":"BPE"`, `"type":"WordPieces"`): `model: "WordPieces" is not known`,
		swap(`"type":"BPE"`, `"type":"BPE","dropout":0.1`):                                                            "dropout 0.1 is not supported",
		swap(`"type":"BPE"`, `"type":"BPE","end_of_word_suffix":"</w>","unk_token":"?"`):                              `unk_token "?" is not in`,
		swap(`"version"`, `"normalizer":{"type":"NFX"},"version"`):                                                    `normalizer "NFX" is not known`,
		swap(`"pre_tokenizer":{"type":"ByteLevel"`, `"pre_tokenizer":{"type":"Metaspace"`):                            "pre_tokenizer Metaspace: replacement",
		swap(`"decoder":{"type":"ByteLevel"`, `"decoder":{"type":"WordPieces"`):                                       `decoder "WordPieces" is not known`,
		swap(`"version"`, `"post_processor":{"type":"BertProcessing"},"version"`):                                     "post_processor BertProcessing: cls: a token and its id",
		swap(`"version"`, `"post_processor":{"type":"RobertaProcessing","sep":["</s>",9],"cls":["<e>",3]},"version"`): "has id 9, which the tokenizer does not have",
		`{"model":` + strings.Repeat("[", 200_000) + strings.Repeat("]", 200_000) + "}":                               "nests deeper than 128 levels",
	}
	for file, want := range cases {
		_, err := Parse([]byte(file))
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") || len(err.Error()) > 300 {
			t.Errorf("%.80q: error %v, want one line with %q", file, err, want)
		}
	}
}

// A hostile file ends within a second and 200 MB.
func TestHostileFilesAreQuickAndSmall(t *testing.T) {
	var huge strings.Builder
	huge.WriteString(`{"model":{"type":"BPE","merges":[],"vocab":{`)
	for i := range 200_000 {
		fmt.Fprintf(&huge, `"p%d":%d,`, i, i*9)
	}
	huge.WriteString(`"x":1}},"pre_tokenizer":{"type":"ByteLevel","add_prefix_space":false}}`)
	files := []string{huge.String(), `{"a":"` + strings.Repeat(":", 4<<20), strings.Repeat("[", 4<<20),
		`{"model":{"type":"BPE","merges":[],"vocab":{"` + strings.Repeat(":", 4<<20) + `":100000000}}}`}
	for _, f := range files {
		data := []byte(f)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		start := time.Now()
		_, err := Parse(data)
		took := time.Since(start)
		runtime.ReadMemStats(&after)
		if took > 5*time.Second || after.TotalAlloc-before.TotalAlloc > 200<<20 { // a second on a machine of its own
			t.Errorf("%.40q: %v, %d MiB (%v)", f, took, (after.TotalAlloc-before.TotalAlloc)>>20, err)
		}
	}
}

func TestUnknownFieldsSurviveSaving(t *testing.T) {
	tok, err := Parse([]byte(goodFile))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "tokenizer.json")
	if err := tok.Save(path); err != nil {
		t.Fatal(err)
	}
	raw, _ := os.ReadFile(path)
	for _, want := range []string{`"later": null`, `"a": 1.50`, `"new": "é"`, `"x": "y"`, `"a b"`} {
		if !strings.Contains(string(raw), want) {
			t.Errorf("saved file lacks %s:\n%s", want, raw)
		}
	}
	again, err := Open(path)
	if err != nil || again.Hash() != tok.Hash() {
		t.Errorf("reopened: %v", err)
	}
}

func TestAFailedSaveLeavesTheOldFile(t *testing.T) {
	tok, _ := Parse([]byte(goodFile))
	dir := t.TempDir()
	if err := tok.Save(filepath.Join(dir, "none", "tokenizer.json")); err == nil || !strings.Contains(err.Error(), "none") {
		t.Errorf("error %v", err)
	}
	target := filepath.Join(dir, "taken")
	os.Mkdir(target, 0o755)
	if err := tok.Save(target); err == nil {
		t.Error("a folder was replaced")
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
}

func TestOpenFolders(t *testing.T) {
	tok := tiny(t, []string{"green", " tea"}, "<|endoftext|>")
	whole, parts := t.TempDir(), t.TempDir()
	if err := tok.Save(filepath.Join(whole, "tokenizer.json")); err != nil {
		t.Fatal(err)
	}
	vocab, merges := "{", "#version: 0.2\n"
	for id := range int32(tok.VocabSize()) {
		piece, _ := tok.Token(id)
		if id > 0 {
			vocab += ","
		}
		vocab += string(appendString(nil, piece)) + fmt.Sprintf(":%d", id)
	}
	for _, m := range tok.model.merges {
		merges += tok.vocab.pieces[m[0]] + " " + tok.vocab.pieces[m[1]] + "\r\n"
	}
	os.WriteFile(filepath.Join(parts, "vocab.json"), []byte(vocab+"}"), 0o644)
	os.WriteFile(filepath.Join(parts, "merges.txt"), []byte(merges), 0o644)
	const text = "green tea <|endoftext|> x"
	for _, dir := range []string{whole, parts} {
		again, err := Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		if got := again.Encode(text); !slices.Equal(got.IDs, tok.Encode(text).IDs) {
			t.Errorf("%v", got.IDs)
		}
		if id, ok := again.EndOfText(); !ok || id != 0 {
			t.Errorf("end of text %d", id)
		}
	}
	for _, path := range []string{t.TempDir(), filepath.Join(whole, "no")} {
		if _, err := Open(path); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("error %v", err)
		}
	}
	if _, err := Open("/dev/zero"); err == nil {
		t.Error("/dev/zero is a tokenizer")
	}
}

func TestPublishedFilesOpen(t *testing.T) {
	files, _ := filepath.Glob(filepath.Join(data(t), "tokenizers", "*", "*.json"))
	for _, f := range files {
		if base := filepath.Base(f); base == "vocab.json" || base == "tokenizer_config.json" || strings.Contains(f, "expected") {
			continue
		}
		tok, err := Open(f)
		if err != nil {
			t.Error(err)
			continue
		}
		again, err := Parse(tok.Bytes())
		if err != nil || again.Hash() != tok.Hash() {
			t.Errorf("%s: saved and read again: %v", f, err)
		}
	}
}
