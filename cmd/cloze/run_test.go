package main

import (
	"bytes"
	"context"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite testdata/cli/*.stdout from what the command prints")

// result is what one call of the command left behind.
type result struct {
	status         int
	stdout, stderr string
}

// cloze calls the command as a shell would, in the test's process.
func cloze(t *testing.T, stdin string, args ...string) result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	status := run(context.Background(), strings.NewReader(stdin), &stdout, &stderr, args)
	return result{status, stdout.String(), stderr.String()}
}

// done calls the command and wants status 0.
func done(t *testing.T, stdin string, args ...string) result {
	t.Helper()
	r := cloze(t, stdin, args...)
	if r.status != statusDone {
		t.Fatalf("cloze %s: status %d, %s", strings.Join(args, " "), r.status, r.stderr)
	}
	return r
}

// failure calls the command and wants the status and one line on standard error that holds each of the words.
func failure(t *testing.T, status int, args []string, words ...string) {
	t.Helper()
	r := cloze(t, "", args...)
	if r.status != status {
		t.Errorf("cloze %s: status %d, want %d\n%s", strings.Join(args, " "), r.status, status, r.stderr)
		return
	}
	if r.stdout != "" {
		t.Errorf("cloze %s: a failure wrote to standard output: %s", strings.Join(args, " "), r.stdout)
	}
	lines := strings.Split(strings.TrimSuffix(r.stderr, "\n"), "\n")
	last := lines[len(lines)-1]
	if !strings.HasPrefix(last, "cloze: ") {
		t.Errorf("cloze %s: the error does not begin with the program's name: %s", strings.Join(args, " "), last)
	}
	for _, word := range words {
		if !strings.Contains(last, word) {
			t.Errorf("cloze %s: the error lacks %q: %s", strings.Join(args, " "), word, last)
		}
	}
	if strings.Contains(last, "goroutine") || len(last) > 700 {
		t.Errorf("cloze %s: not a line for a user: %.700s", strings.Join(args, " "), last)
	}
}

// golden compares text with testdata/cli/NAME.stdout, or writes it with -update.
func golden(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join("..", "..", "testdata", "cli", name+".stdout")
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; go test -run %s -update writes it", err, t.Name())
	}
	if text != string(want) {
		t.Errorf("%s differs from what the command prints (-update rewrites it):\n%s", path, text)
	}
}

// write makes a file in dir and returns its path.
func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// prose is some text with words that repeat, n lines of it, no two alike.
func prose(n int) string {
	subjects := []string{"the sailor", "a tired clerk", "my neighbour", "the old engine", "every child"}
	verbs := []string{"watches", "repairs", "forgets", "carries", "paints"}
	objects := []string{"the harbour", "a broken clock", "the red door", "letters from home", "a field of oats", "the long bridge"}
	var b strings.Builder
	for i := range n {
		b.WriteString(subjects[i%5] + " " + verbs[i/5%5] + " " + objects[i/25%6] + " for the " + strings.Repeat("very ", i/150%4) + "last time, day " + strings.Repeat("i", i%7) + string(rune('a'+i%26)) + ".\n")
	}
	return b.String()
}
