package main

import (
	"bufio"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-cloze/cloze/objectives/classify"
)

// explainedLine is what a line of jsonl says of an explanation.
type explainedLine struct {
	Label       string
	Explanation *struct {
		Of, Label             string
		Output, Baseline, Sum float64
		Read                  string `json:"read_0"`
		Tokens                []struct {
			Token       string
			Start, End  int
			Attribution float64
		}
	}
}

func TestNgramAnswersAreTakenApart(t *testing.T) {
	dir, _ := finetuned(t, 200, [2]string{"wet", "dry"}, "--set", "ngram.lowercase=true")
	page := filepath.Join(t.TempDir(), "page.html")
	text := "Today <b>rain</b> & drizzle then"
	out := done(t, text+"\n\n", "predict", dir, "--quiet", "--explain", "--explain-html", page).stdout
	lines := strings.Split(strings.TrimSpace(out), "\n")
	var got explainedLine
	if err := json.Unmarshal([]byte(lines[0]), &got); err != nil || len(lines) != 2 {
		t.Fatal(err, out)
	}
	e := got.Explanation
	if got.Label != "wet" || e.Of != "logit" || e.Label != "wet" || e.Baseline != 0 || math.Abs(e.Sum-e.Output) > 1e-5*(1+math.Abs(e.Sum)) || e.Read != strings.ToLower(text) {
		t.Errorf("%s", lines[0])
	}
	best := 0
	for i, token := range e.Tokens {
		if token.Attribution > e.Tokens[best].Attribution {
			best = i
		}
	}
	if w := e.Tokens[best]; w.Token != "drizzle" || text[w.Start:w.End] != "drizzle" {
		t.Errorf("the word that gave most is %+v", w)
	}
	data, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"<b>", "ZgotmplZ", "http:", "https:", "src=", "url("} {
		if strings.Contains(string(data), bad) {
			t.Errorf("the page holds %s", bad)
		}
	}
	if !strings.Contains(string(data), "&lt;b&gt;rain&lt;/b&gt;") || !strings.Contains(string(data), ">drizzle</span>") || strings.Count(string(data), "<article>") != 2 {
		t.Errorf("%s", data)
	}
	failure(t, statusFailed, []string{"predict", dir, "--explain-html", page}, "exists")
	failure(t, statusUsage, []string{"predict", dir, "--explain", "--format", "csv"}, "csv")
	failure(t, statusUsage, []string{"predict", dir, "--explain", "--explain-steps", "0"}, "explain-steps is 0")
	failure(t, statusUsage, []string{"predict", dir, "--explain", "--int8"}, "--int8")
	if plain := done(t, text+"\n", "predict", dir, "--quiet").stdout; strings.Contains(plain, "explanation") {
		t.Errorf("explained without being asked: %s", plain)
	}
}

// TestATextCannotMoveTheCursor: its control characters are shown as marks; tokens have the colours of what they gave.
func TestATextCannotMoveTheCursor(t *testing.T) {
	e := classify.Explanation{Of: "probability", Output: 0.75, Baseline: 0.5, Texts: []string{"good\x1b[2J bad\u009b", "é"}, Tokens: []classify.Attribution{
		{Token: "good", Start: 0, End: 4, Value: 0.5}, {Token: "bad", Start: 9, End: 12, Value: -0.25},
		{Token: "first of é", Text: 1, Start: 0, End: 2, Value: 0}, {Token: "second of é", Text: 1, Start: 0, End: 2, Value: 0}}}
	var b strings.Builder
	w := bufio.NewWriter(&b)
	writeColoured(w, 7, e, classify.Card{Labels: []string{"fine"}})
	w.Flush()
	want := "7  fine: probability 0.7500, 0.5000 without its tokens, which gave +0.2500\n" +
		"   \x1b[30;48;2;70;200;110mgood\x1b[0m·[2J \x1b[30;48;2;247;172;172mbad\x1b[0m·\n   \x1b[30;48;2;255;255;255mé\x1b[0m\n"
	if b.String() != want {
		t.Errorf("%q\nwant %q", b.String(), want)
	}
}
