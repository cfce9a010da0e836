package embeddings

import (
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// file writes content to a file of its own.
func file(t testing.TB, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// reading opens content in memory.
func reading(t testing.TB, content string) *Vectors {
	t.Helper()
	v, err := Options{}.Read("test", strings.NewReader(content))
	if err != nil {
		t.Fatalf("%q: %v", content, err)
	}
	return v
}

// refused wants an *Error in one line that holds every one of the parts.
func refused(t testing.TB, err error, parts ...string) {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) || e.Remedy == "" || strings.Contains(err.Error(), "\n") {
		t.Errorf("not one line with a remedy: %v", err)
		return
	}
	for _, p := range parts {
		if !strings.Contains(err.Error(), p) {
			t.Errorf("%q does not hold %q", err, p)
		}
	}
}

// holds compares words and numbers, numbers bit by bit.
func holds(t testing.TB, v *Vectors, words []string, rows ...float32) {
	t.Helper()
	if v.Len() != len(words) || len(v.Rows()) != len(rows) {
		t.Errorf("%d words %q, %d numbers; want %q %v", v.Len(), v.Words(), len(v.Rows()), words, rows)
		return
	}
	for i, w := range words {
		if v.Word(i) != w {
			t.Errorf("word %d is %q, want %q", i, v.Word(i), w)
		}
	}
	for i, x := range rows {
		if math.Float32bits(x) != math.Float32bits(v.Rows()[i]) {
			t.Errorf("number %d is %v, want %v", i, v.Rows()[i], x)
		}
	}
}

// repaired wants exactly these repairs, as "count what".
func repaired(t testing.TB, v *Vectors, want map[string]int64) {
	t.Helper()
	got := v.Report().Repairs
	if len(got) != len(want) {
		t.Errorf("repairs %v, want %v", got, want)
	}
	for _, r := range got {
		if r.Count != want[r.What] || r.First < 1 || r.Unit == "" {
			t.Errorf("repair %+v, want %v", r, want)
		}
	}
}

// random makes vectors with numbers of all sizes.
func random(t testing.TB, words []string, dim int) *Vectors {
	t.Helper()
	rng := rand.New(rand.NewPCG(3, 4))
	rows := make([]float32, len(words)*dim)
	for i := range rows {
		for rows[i] = float32(math.NaN()); !finite(rows[i]); {
			rows[i] = math.Float32frombits(rng.Uint32())
		}
	}
	v, err := FromRows(words, dim, rows)
	if err != nil {
		t.Fatal(err)
	}
	return v
}
