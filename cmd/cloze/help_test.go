package main

import (
	"strings"
	"testing"
)

// plainHelp are the verbs of both builds.
var plainHelp = [][]string{{}, {"setup"}, {"doctor"}, {"tokenizer"}, {"tokenizer", "train"}, {"tokenizer", "encode"},
	{"tokenizer", "decode"}, {"tokenizer", "inspect"}, {"neighbors"}, {"analogy"}, {"embed"}, {"eval", "vectors"}, {"eval", "classifier"}, {"finetune"}, {"predict"},
	{"embeddings"}, {"embeddings", "convert"}, {"embeddings", "index"}, {"embeddings", "plot"}, {"embeddings", "quantize"},
	{"embeddings", "reduce"}, {"embeddings", "verify"}, {"completion"}, {"version"}}

// TestHelpTexts shows each new flag and key in review.
func TestHelpTexts(t *testing.T) {
	for _, verb := range plainHelp {
		if len(verb) == 0 && buildKind != "torch" {
			continue // the plain build marks the verbs it lacks
		}
		r := done(t, "", append(verb, "--help")...)
		golden(t, strings.Join(append([]string{"help"}, verb...), "-"), r.stdout)
	}
}

func TestCompletionServesFourShells(t *testing.T) {
	for shell, word := range map[string]string{"bash": "__start_cloze", "zsh": "#compdef cloze", "fish": "complete -c cloze", "powershell": "Register-ArgumentCompleter"} {
		if r := done(t, "", "completion", shell); !strings.Contains(r.stdout, word) {
			t.Errorf("completion %s lacks %q", shell, word)
		}
	}
	failure(t, statusFailed, []string{"completion", "fisch"}, `unknown shell "fisch"`, "did you mean fish?")
	failure(t, statusUsage, []string{"completion"}, "missing argument")
}

func TestVerbsCompleteInTheShell(t *testing.T) {
	if r := done(t, "", "__complete", "tokenizer", "enc"); !strings.Contains(r.stdout, "encode") {
		t.Errorf("completion of enc: %s", r.stdout)
	}
}

func TestUnknownWordsNameTheNearest(t *testing.T) {
	failure(t, statusFailed, []string{"neighbours", "x"}, `unknown verb "neighbours"`, "did you mean neighbors?")
	failure(t, statusFailed, []string{"tokenizer", "trian"}, `unknown verb "trian"`, "did you mean train?")
	failure(t, statusFailed, []string{"serve"}, `unknown verb "serve"`)
	failure(t, statusFailed, []string{"tokenizer", "encode", "--tokeniser", "x"}, "unknown flag --tokeniser", "did you mean --tokenizer?")
	failure(t, statusFailed, []string{"neighbors", "-q", "x", "y"}, "unknown flag -q", "--help")
	failure(t, statusFailed, []string{"neighbors", "-k", "many", "x", "y"}, "wants a whole number", `"many"`)
}

func TestWrongUsageIsStatusTwo(t *testing.T) {
	failure(t, statusUsage, []string{"tokenizer"}, "decode, encode, inspect, train")
	failure(t, statusUsage, []string{"tokenizer", "encode"}, "missing --tokenizer")
	failure(t, statusUsage, []string{"tokenizer", "encode", "--tokenizer", "t", "a", "b"}, "too many arguments", `"b"`)
	failure(t, statusUsage, []string{"tokenizer", "train", "--out", "x"}, "missing argument")
	failure(t, statusUsage, []string{"tokenizer", "train", "x"}, "missing --out")
	failure(t, statusUsage, []string{"neighbors"}, "missing argument")
	failure(t, statusUsage, []string{"neighbors", "x", "y", "-k"}, "-k wants a value")
	failure(t, statusUsage, []string{"version", "now"}, "too many arguments")
}
