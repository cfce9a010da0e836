//go:build torch

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// heldTexts is a csv of three texts of prose(600), spelled in another way.
func heldTexts(t *testing.T, dir, name string) string {
	t.Helper()
	lines := strings.Split(prose(600), "\n")
	return write(t, dir, name, "id,said\n1,\"@USER "+strings.ToUpper(lines[3])+" URL\"\n2,\""+lines[17]+"\"\n3,\"RT "+lines[40]+"\"\n")
}

// leftOut is what a report says of excluded texts.
func leftOut(t *testing.T, report map[string]any) (documents, repeats, near float64) {
	t.Helper()
	c := report["corpus"].(map[string]any)
	if c["texts_to_exclude"] != 3.0 {
		t.Errorf("texts_to_exclude: %v, want 3", c["texts_to_exclude"])
	}
	number := func(v any) float64 { x, _ := v.(float64); return x }
	counts := c["counts"].(map[string]any)
	return number(c["documents"]), number(counts["repeats_of_excluded"]), number(counts["near_duplicates_of_excluded"])
}

func TestExcludedTextsAreNotTrainedOn(t *testing.T) {
	dir, _ := tinyRun()
	corpus, tmp := filepath.Join(dir, "corpus.txt"), t.TempDir()
	held := heldTexts(t, tmp, "held.csv")
	plain, _, _ := onTokens(t, corpus, "--cache", filepath.Join(tmp, "cache"))
	weights, report, _ := onTokens(t, corpus, "--exclude", held+"#said", "--cache", filepath.Join(tmp, "cache"))
	documents, repeats, near := leftOut(t, report)
	if repeats < 3 || documents+repeats+near != 600 {
		t.Errorf("%v documents, %v repeats, %v near, of 600", documents, repeats, near)
	}
	if string(plain) == string(weights) {
		t.Error("the cache gave the tokens of all texts to the run that excludes some")
	}
	again, _, said := onTokens(t, corpus, "--set", "corpus.exclude="+heldTexts(t, t.TempDir(), "moved.csv")+"#said", "--cache", filepath.Join(tmp, "cache"))
	if string(again) != string(weights) || !strings.Contains(said, "tokens of an earlier run") {
		t.Errorf("the same texts in another file are other tokens:\n%s", said)
	}
	failure(t, statusFailed, []string{"pretrain", "--out", filepath.Join(tmp, "r"), "--exclude", "nowhere.txt", "--quiet", corpus}, "exclude", "nowhere.txt")
	failure(t, statusFailed, []string{"pretrain", "--out", filepath.Join(tmp, "s"), "--set", "corpus.exclude_threshold=0", "--exclude", held, "--quiet", corpus}, "no column", "said")
}

// A run is not gone on with when its excluded texts are others now, and needs them no more when no text is named.
func TestExcludedTextsBelongToTheRun(t *testing.T) {
	dir, _ := tinyRun()
	tmp := t.TempDir()
	held, out, corpus := heldTexts(t, tmp, "held.csv"), filepath.Join(tmp, "run"), filepath.Join(dir, "corpus.txt")
	args := append([]string{"pretrain", "--out", out, "--exclude", held + "#said", "--tokenizer", filepath.Join(dir, "run", "tokenizer.json")}, tiny...)
	done(t, "", append(args, "--steps", "2", corpus)...)
	if err := os.WriteFile(held, []byte("id,said\n1,other words\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	failure(t, statusFailed, append(args, "--steps", "4", "--resume", corpus), "held.csv", "is not what")
	if err := os.Remove(held); err != nil {
		t.Fatal(err)
	}
	done(t, "", "pretrain", "--out", out, "--resume", "--steps", "4", "--quiet")
}

func TestPairsAndWordVectorsLeaveExcludedTextsOut(t *testing.T) {
	dir := t.TempDir()
	first, second := twoLanguages(t, dir, 300)
	data, err := os.ReadFile(second)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(data), "\n")
	held := write(t, dir, "held.txt", "RT "+strings.ToUpper(lines[5])+"\n")
	r := done(t, "", tinyTranslation(filepath.Join(dir, "pairs"), "--quiet", "--exclude", held, first, second)...)
	for _, want := range []string{"texts to exclude", "documents left out", "lines whose partner is blank, or excluded, were left out"} {
		if !strings.Contains(r.stdout, want) {
			t.Errorf("the report of pairs lacks %q:\n%s", want, r.stdout)
		}
	}
	r = done(t, "", "pretrain", "--objective", "word2vec", "--out", filepath.Join(dir, "vectors"), "--quiet", "--exclude", held, "--set", "dim=8", "--set", "min-count=1", second)
	if !strings.Contains(r.stdout, "documents left out") {
		t.Errorf("the report of word vectors lacks what was left out:\n%s", r.stdout)
	}
}
