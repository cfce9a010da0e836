//go:build torch

package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-cloze/cloze/corpus/shard"
)

// onTokens trains three steps with the tokenizer of tinyRun and gives the weights and the report.
func onTokens(t *testing.T, corpus string, flags ...string) (weights []byte, report map[string]any, stderr string) {
	t.Helper()
	dir, _ := tinyRun()
	out := filepath.Join(t.TempDir(), "run")
	args := append([]string{"pretrain", "--out", out, "--steps", "3", "--tokenizer", filepath.Join(dir, "run", "tokenizer.json"), "--json"}, tiny...)
	r := done(t, "", append(append(append(args, "--quiet=false"), flags...), corpus)...)
	if err := json.Unmarshal([]byte(r.stdout), &report); err != nil {
		t.Fatal(err)
	}
	weights, err := os.ReadFile(filepath.Join(out, "checkpoints/step-0000003/model.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(out), ".*")); len(left) > 0 {
		t.Errorf("%v is left beside the run", left)
	}
	return weights, report, r.stderr
}

func TestTokensStayInTheRun(t *testing.T) {
	dir, _ := tinyRun()
	s, err := shard.Open(filepath.Join(dir, "run", "tokens"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if info := s.Info(); info.Documents != 600 || info.Words == 0 {
		t.Errorf("%+v, want 600 documents and their words", info)
	}
}

// A cache is found by what the texts hold, not by where they lie, and changes nothing but the time.
func TestTokensAreReusedFromTheCache(t *testing.T) {
	dir, _ := tinyRun()
	corpus, cache := filepath.Join(dir, "corpus.txt"), filepath.Join(t.TempDir(), "cache")
	want, wantReport, _ := onTokens(t, corpus)
	first, report, said := onTokens(t, corpus, "--cache", cache)
	if !strings.Contains(said, "tokens go to "+cache) || !strings.Contains(said, "kB") {
		t.Errorf("the size of the tokens was not said first:\n%s", said)
	}
	data, err := os.ReadFile(corpus)
	if err != nil {
		t.Fatal(err)
	}
	moved := write(t, t.TempDir(), "moved.txt", string(data))
	second, again, said := onTokens(t, moved, "--cache", cache)
	if !strings.Contains(said, "tokens of an earlier run") {
		t.Errorf("the tokens were not reused:\n%s", said)
	}
	if !bytes.Equal(first, want) || !bytes.Equal(second, want) {
		t.Error("tokens in a cache, or reused, give other weights")
	}
	for _, key := range []string{"repeated_lines", "preflight", "split", "documents_without_tokens"} {
		a, _ := json.Marshal(wantReport[key])
		b, _ := json.Marshal(again[key])
		if !bytes.Equal(a, b) {
			t.Errorf("%s of reused tokens is %s, want %s", key, b, a)
		}
	}
	if report["tokens"] != again["tokens"] || wantReport["tokens"] == again["tokens"] {
		t.Errorf("tokens in %v, then %v; without cache %v", report["tokens"], again["tokens"], wantReport["tokens"])
	}
	// Another text, or another way to read it, is another key.
	onTokens(t, write(t, t.TempDir(), "more.txt", string(data)+"one more line\n"), "--cache", cache)
	onTokens(t, corpus, "--cache", cache, "--set", "corpus.unit=paragraph", "--set", "data.valid_fraction=0")
	if sets, _ := os.ReadDir(cache); len(sets) != 3 {
		t.Errorf("%d sets in the cache, want 3", len(sets))
	}
	file := filepath.Join(report["tokens"].(string), "tokens-00000.shard")
	shards, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	shards[600] ^= 1
	if err := os.WriteFile(file, shards, 0o644); err != nil {
		t.Fatal(err)
	}
	tokenizer := filepath.Join(dir, "run", "tokenizer.json")
	refused(t, []string{"--tokenizer", tokenizer, "--cache", cache, corpus}, file, "damaged", "remove the folder")
	refused(t, []string{"--tokenizer", tokenizer, "--cache", cache, "-"}, "--cache", "standard input")
}
