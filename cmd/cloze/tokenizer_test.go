package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// trained makes a small tokenizer in a folder of the test.
func trained(t *testing.T) (dir, tokenizer string) {
	t.Helper()
	dir = t.TempDir()
	corpus := write(t, dir, "corpus.txt", prose(400))
	tokenizer = filepath.Join(dir, "tokenizer.json")
	r := done(t, "", "tokenizer", "train", "--vocab-size", "400", "--quiet", "--out", tokenizer, corpus)
	if !strings.Contains(r.stdout, "400 tokens") || r.stderr != "" {
		t.Fatalf("report %q, progress in spite of --quiet %q", r.stdout, r.stderr)
	}
	return dir, tokenizer
}

func TestTokenizerGivesALineForEachLine(t *testing.T) {
	_, tokenizer := trained(t)
	text := "the sailor paints\n\n  héllo <|endoftext|> \r\nno newline"
	ids := done(t, text, "tokenizer", "encode", "--as-data", "--tokenizer", tokenizer).stdout
	if n := strings.Count(ids, "\n"); n != 4 {
		t.Fatalf("%d lines of ids for 4 lines of text", n)
	}
	if got := done(t, ids, "tokenizer", "decode", "--tokenizer", tokenizer).stdout; got != strings.ReplaceAll(text, "\r", "")+"\n" {
		t.Errorf("decoded %q, encoded %q", got, text)
	}
	records := done(t, text, "tokenizer", "encode", "--json", "--tokenizer", tokenizer, "-").stdout
	for line := range strings.Lines(records) {
		var r encodingRecord
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		if len(r.IDs) != len(r.Pieces) || len(r.IDs) != len(r.Offsets) || len(r.IDs) != len(r.ByteOffsets) || len(r.IDs) != len(r.WordIDs) {
			t.Errorf("lists of different lengths: %s", line)
		}
	}
}

func TestSpecialTextIsDataOnlyWhenSaidSo(t *testing.T) {
	_, tokenizer := trained(t)
	if got := done(t, "<|endoftext|>\n", "tokenizer", "encode", "--tokenizer", tokenizer).stdout; got != "0\n" {
		t.Errorf("special text: %q, want its id", got)
	}
	if got := done(t, "<|endoftext|>\n", "tokenizer", "encode", "--as-data", "--tokenizer", tokenizer).stdout; strings.HasPrefix(got, "0\n") || len(strings.Fields(got)) < 3 {
		t.Errorf("as data: %q, want no special id", got)
	}
}

func TestManyLinesKeepTheirOrder(t *testing.T) {
	dir, tokenizer := trained(t)
	text := write(t, dir, "long.txt", strings.Repeat(prose(300), 100))
	ids := done(t, "", "tokenizer", "encode", "--tokenizer", tokenizer, "--threads", "4", text).stdout
	back := done(t, ids, "tokenizer", "decode", "--tokenizer", tokenizer, "--threads", "3").stdout
	if want, _ := os.ReadFile(text); back != string(want) {
		t.Error("30,000 lines do not come back as they were")
	}
}

func TestCodePointOffsets(t *testing.T) {
	text := "aé😀b"
	got := codePoints(text, [][2]int{{0, 1}, {1, 3}, {3, 7}, {7, 8}, {0, 8}, {0, 0}})
	want := [][2]int{{0, 1}, {1, 2}, {2, 3}, {3, 4}, {0, 4}, {0, 0}}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("offset %d: %v, want %v", i, got[i], want[i])
		}
	}
}

func TestDecodeRefusesWhatIsNoID(t *testing.T) {
	dir, tokenizer := trained(t)
	for text, words := range map[string][]string{
		"1 2\n3 x\n":     {"ids:2", `"x" is not an id`},
		"1 99999\n":      {"ids:1", "99999", "0 to 399"},
		"99999999999 1 ": {"ids:1", "not an id"},
	} {
		path := write(t, dir, "ids", text)
		r := cloze(t, "", "tokenizer", "decode", "--tokenizer", tokenizer, path)
		if r.status != statusFailed {
			t.Errorf("%q: status %d", text, r.status)
		}
		for _, word := range words {
			if !strings.Contains(r.stderr, word) {
				t.Errorf("%q: %q lacks %q", text, r.stderr, word)
			}
		}
	}
}

// TestAFaultIsToldWhileInputStaysOpen reads from a pipe that is never closed, as a terminal is.
func TestAFaultIsToldWhileInputStaysOpen(t *testing.T) {
	_, tokenizer := trained(t)
	in, feed := io.Pipe()
	go feed.Write([]byte("not ids\n"))
	var stdout, stderr bytes.Buffer
	status := run(context.Background(), in, &stdout, &stderr, []string{"tokenizer", "decode", "--tokenizer", tokenizer})
	if status != statusFailed || !strings.Contains(stderr.String(), "standard input:1") {
		t.Errorf("status %d, %s", status, stderr.String())
	}
}

func TestTrainingWritesWholeNewFilesOnly(t *testing.T) {
	dir, tokenizer := trained(t)
	before, err := os.ReadFile(tokenizer)
	if err != nil {
		t.Fatal(err)
	}
	corpus := write(t, dir, "corpus.txt", prose(10))
	failure(t, statusFailed, []string{"tokenizer", "train", "--out", tokenizer, corpus}, tokenizer, "exists", "nothing was overwritten")
	if after, _ := os.ReadFile(tokenizer); string(after) != string(before) {
		t.Error("the tokenizer was changed")
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestEveryModelIsTrainedAndEncodes(t *testing.T) {
	dir := t.TempDir()
	corpus := write(t, dir, "corpus.txt", prose(400))
	for model, want := range map[string]string{"wordpiece": "2 ", "unigram": "", "word": "", "bpe": ""} {
		out := filepath.Join(dir, model+".json")
		r := done(t, "", "tokenizer", "train", "--model", model, "--vocab-size", "450", "--memory", "64MiB", "--quiet", "--out", out, corpus)
		if !strings.Contains(r.stdout, "read ") || !strings.Contains(r.stdout, out) {
			t.Errorf("%s: report %q", model, r.stdout)
		}
		ids := done(t, "the sailor paints\n", "tokenizer", "encode", "--tokenizer", out).stdout
		if len(strings.Fields(ids)) < 3 || !strings.HasPrefix(ids, want) {
			t.Errorf("%s: ids %q", model, ids)
		}
		if got := done(t, ids, "tokenizer", "decode", "--tokenizer", out).stdout; !strings.Contains(got, "the sailor paints") {
			t.Errorf("%s: decoded %q", model, got)
		}
	}
	failure(t, statusFailed, []string{"tokenizer", "train", "--model", "unigramm", "--out", filepath.Join(dir, "x.json"), corpus}, "unigramm", "unigram")
	failure(t, statusFailed, []string{"tokenizer", "train", "--model", "wordpiece", "--set", "tokenizer.special_tokens=[<s>]", "--out", filepath.Join(dir, "x.json"), corpus}, "[UNK]", "special_tokens")
	failure(t, statusFailed, []string{"tokenizer", "train", "--memory", "1MB", "--out", filepath.Join(dir, "x.json"), corpus}, "memory 1000000 bytes is less than")
}
