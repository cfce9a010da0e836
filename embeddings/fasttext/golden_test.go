package fasttext

import (
	"archive/zip"
	"encoding/json"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const goldenDir = "../../testdata/embeddings/fasttext"

// answers are what the original says of a model.
type answers struct {
	Words       int
	Vectors     []pair[string, []float32]
	Subwords    []pair[string, []int32]
	Predictions []asked
}

// pair is a JSON list of two things.
type pair[A, B any] struct {
	a A
	b B
}

func (p *pair[A, B]) UnmarshalJSON(b []byte) error { return json.Unmarshal(b, &[]any{&p.a, &p.b}) }

// asked is a JSON list: text, k, threshold, labels with probabilities.
type asked struct {
	text      string
	k         int
	threshold float32
	labels    []pair[string, float32]
}

func (a *asked) UnmarshalJSON(b []byte) error {
	return json.Unmarshal(b, &[]any{&a.text, &a.k, &a.threshold, &a.labels})
}

func golden(t testing.TB, name string, to any) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(goldenDir, name))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, to); err != nil {
		t.Fatal(err)
	}
}

func TestVectorsEqualTheOriginals(t *testing.T) {
	eachModel(t, func(t *testing.T, m *Model, want answers) {
		if len(m.Dictionary.Words) != want.Words {
			t.Errorf("%d words, want %d", len(m.Dictionary.Words), want.Words)
		}
		for _, w := range want.Vectors {
			got := make([]float32, m.Args.Dim)
			found := m.Vector(got, w.a)
			for i, x := range w.b {
				if d := math.Abs(float64(got[i] - x)); d > 1e-6 {
					t.Errorf("%q: number %d is %g, want %g", w.a, i, got[i], x)
				}
			}
			if zero := slices.Max(got) == 0 && slices.Min(got) == 0; found == NotFound && !zero || found == Composed && zero {
				t.Errorf("%q: found %v, vector %v", w.a, found, got)
			}
		}
		for _, w := range want.Subwords {
			rows := m.Dictionary.appendRows(nil, w.a, &m.Args)
			if !slices.Equal(rows, w.b) {
				t.Errorf("%q uses rows %v, want %v", w.a, rows, w.b)
			}
		}
	})
}

func TestPredictionsEqualTheOriginals(t *testing.T) {
	eachModel(t, func(t *testing.T, m *Model, want answers) {
		if (m.Args.Model == Supervised) != (len(want.Predictions) > 0) {
			t.Fatalf("%v with %d predictions", m.Args.Model, len(want.Predictions))
		}
		for _, w := range want.Predictions {
			got, err := m.Predict(w.text, w.k, w.threshold)
			if err != nil {
				t.Fatal(err)
			}
			same(t, w.text, got.Labels, w.labels)
		}
	})
}

// The languages of 388 translations of one text, whole and line by line.
func TestLanguagesEqualTheOriginals(t *testing.T) {
	m, err := Open(data(t, "fasttext_lid176/lid.176.ftz"))
	if err != nil {
		t.Fatal(err)
	}
	archive, err := zip.OpenReader(filepath.Join(os.Getenv("CLOZE_DATA"), "parallel/udhr2/udhr2.zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	var want struct {
		Texts map[string][][]pair[string, float32]
	}
	golden(t, "lid176.json", &want)
	if len(want.Texts) != 388 {
		t.Fatalf("%d texts", len(want.Texts))
	}
	for name, answers := range want.Texts {
		file, err := archive.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		all, err := io.ReadAll(file)
		if err != nil {
			t.Fatal(err)
		}
		text := string(all)
		lines := strings.Split(text, "\n")
		for i, at := range []int{-1, 0, 7, 20, 40} {
			if i >= len(answers) {
				break
			}
			if at >= 0 {
				text = lines[at]
			}
			got, err := m.Predict(text, 2, 0)
			if err != nil {
				t.Fatal(err)
			}
			same(t, name, got.Labels, answers[i])
		}
	}
}

// same wants the same labels in the same order, probabilities to 1e-5 (the
// original's go up to 1.0001). Two that are equal to rounding may change places,
// also with one that is not in the list where both are as good as nothing.
func same(t *testing.T, text string, got []Prediction, want []pair[string, float32]) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%.40q: %d labels %.6v, want %d %.6v", text, len(got), got, len(want), want)
		return
	}
	for i, w := range want {
		if d := math.Abs(float64(got[i].Probability - min(1, w.b))); d > 1e-5 || got[i].Probability > 1 {
			t.Errorf("%.40q: label %d has probability %g, want %g", text, i, got[i].Probability, w.b)
		}
		if got[i].Label == w.a {
			continue
		}
		j := slices.IndexFunc(want, func(p pair[string, float32]) bool { return p.a == got[i].Label })
		if j < 0 && w.b > 2e-5 || j >= 0 && math.Abs(float64(want[j].b-w.b)) > 1e-7 {
			t.Errorf("%.40q: label %d is %s, want %s", text, i, got[i].Label, w.a)
		}
	}
}

// eachModel runs a check on the models in the repository and on the real ones.
func eachModel(t *testing.T, check func(*testing.T, *Model, answers)) {
	var all struct{ Trained, Real map[string]answers }
	golden(t, "golden.json", &all)
	if len(all.Trained) < 10 || len(all.Real) < 5 {
		t.Fatalf("%d and %d models", len(all.Trained), len(all.Real))
	}
	run := func(path func(testing.TB, string) string, models map[string]answers) {
		for name, want := range models {
			t.Run(name, func(t *testing.T) {
				m, err := Open(path(t, name))
				if err != nil {
					t.Fatal(err)
				}
				check(t, m, want)
			})
		}
	}
	run(func(_ testing.TB, name string) string { return filepath.Join(goldenDir, name) }, all.Trained)
	run(data, all.Real)
}
