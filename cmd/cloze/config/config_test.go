package config

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

// Training is a section as another package would declare it.
type training struct {
	Steps           int     `json:"steps"`
	LearningRate    float64 `json:"learning_rate"`
	MinLearningRate float64
	Fast            bool
	Wait            time.Duration
	Hook            func() // no key
}

type shape struct {
	Dim   int  `json:"n_embd"`
	Inner *int `json:"n_inner"`
}

type all struct {
	Name  string
	Train training
	Model struct {
		Preset string `yaml:"preset"`
		shape
	}
	Include []string
	Hidden  int `json:"-"`
}

func defaults() all {
	a := all{Name: "first", Include: []string{"*.go", "a, b"}}
	a.Train = training{Steps: 10, LearningRate: 1e-5, MinLearningRate: 1, Wait: time.Second}
	a.Model.Preset, a.Model.Dim = "no", 64
	return a
}

func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "c.yaml")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestFormatIsReadBack(t *testing.T) {
	inner := 256
	want := defaults()
	want.Name, want.Model.Inner = "a: #'\"\n\x01é", &inner
	want.Train.LearningRate, want.Train.Fast = 3.14159e-12, true
	text := string(Format(&want))
	for _, line := range []string{"  learning_rate: 3.14159e-12\n", "  min_learning_rate: 1\n", "  n_embd: 64\n", "  preset: \"no\"\n", "  wait: 1s\n"} {
		if !strings.Contains(text, line) {
			t.Errorf("lacks %q:\n%s", line, text)
		}
	}
	var got all
	if _, err := Load(&got, file(t, text), nil); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("read back\n%+v, want\n%+v", got, want)
	}
}

func TestKeysAreLaidOverInOrder(t *testing.T) {
	a := defaults()
	given, err := Load(&a, file(t, "# comment\ntrain:\n  steps: 1e3\n  learning_rate: 1e-3\nmodel.n_embd: 128\nname: 17\n"),
		[]string{"train.steps=2_000", "include=*.go,*.md", "train.wait=90s", "name=*x", "train.fast=true"})
	if err != nil {
		t.Fatal(err)
	}
	want := defaults()
	want.Train = training{Steps: 2000, LearningRate: 1e-3, MinLearningRate: 1, Wait: 90 * time.Second, Fast: true}
	want.Model.Dim, want.Name, want.Include = 128, "*x", []string{"*.go", "*.md"}
	if !reflect.DeepEqual(a, want) {
		t.Errorf("got\n%+v, want\n%+v", a, want)
	}
	if strings.Join(given, " ") != "train.steps train.learning_rate model.n_embd name train.steps include train.wait name train.fast" {
		t.Errorf("given: %v", given)
	}
}

func TestEachFaultNamesItsPlace(t *testing.T) {
	for text, want := range map[string]string{
		"train:\n  stpes: 5\n":                    `:2: unknown key "train.stpes"; did you mean train.steps?`,
		"trian:\n  steps: 5\n":                    `unknown key "trian"; did you mean train?`,
		"steps: 5\n":                              `:1: unknown key "steps"; did you mean train.steps?`,
		"hidden: 5\n":                             `unknown key "hidden"`,
		"train:\n  hook: 5\n":                     `unknown key "train.hook"`,
		"train:\n\n  steps: many\n":               `:3: train.steps: want a whole number, found "many"`,
		"train:\n  steps: 1.5\n":                  `train.steps: want a whole number, found "1.5"`,
		"train:\n  steps: 99999999999999999999\n": `train.steps: want a whole number`,
		"train:\n  learning_rate: .nan\n":         `train.learning_rate: want a number`,
		"train:\n  fast: yes please\n":            `train.fast: want true or false, found "yes please"`,
		"train:\n  wait: 3\n":                     `want a duration such as 30s, found "3"`,
		"train: 5\n":                              `train is a section: want its keys below it, found "5"`,
		"name:\n  x: 5\n":                         `name: want text, found keys`,
		"name: [1, 2]\n":                          `name: want text, found a list`,
		"name:\n":                                 `name: want text, found nothing`,
		"- a\n- b\n":                              `want key: value lines, found a list`,
		"a: &x 1\nb: *x\n":                        `unknown key "a"`,
		"name: &x hello\n":                        `anchors, aliases and tags are not used`,
		"name: !!binary aGk=\n":                   `anchors, aliases and tags are not used`,
		"name: a\nname: b\n":                      `c.yaml:`,
		"train: {steps: 5\n":                      `not YAML`,
		"name: \"open\n":                          `not YAML`,
		"\tname: x\n":                             `not YAML`,
		"name: a\x00b\n":                          `this is not a text file`,
		"name: a\n---\nname: b\n":                 `a second YAML document`,
		strings.Repeat("[", 100000):               `nested deeper than 64 levels`,
		strings.Repeat("- ", 100000) + "x":        `nested deeper than 64 levels`,
		strings.Repeat("#\n", 200000):             `more than 256 KiB`,
		"name.x: 5\n":                             `name is a value and has no key "x" below it`,
		"include: [a, [b]]\n":                     `include[1]: want text, found a list`,
	} {
		a := defaults()
		_, err := Load(&a, file(t, text), nil)
		var e *Error
		if !errors.As(err, &e) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%.40q: error %v, want %s", text, err, want)
		}
	}
}

func TestSetFaultsNameTheFlag(t *testing.T) {
	for set, want := range map[string]string{
		"train.steps":       "want KEY=VALUE",
		"=5":                "want KEY=VALUE",
		"train.stes=5":      `--set train.stes=5: unknown key "train.stes"; did you mean train.steps?`,
		"train.steps=x":     `--set train.steps=x: train.steps: want a whole number, found "x"`,
		"train.steps=":      `want a whole number, found ""`,
		"include=[a":        `not YAML`,
		"train.fast.deep=1": `train.fast is a value`,
	} {
		a := defaults()
		if _, err := Load(&a, "", []string{set}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %s", set, err, want)
		}
	}
	a := defaults()
	if _, err := Load(&a, filepath.Join(t.TempDir(), "none.yaml"), nil); err == nil || !strings.Contains(err.Error(), "none.yaml: cannot read the configuration: no such file") {
		t.Error(err)
	}
}

func TestNearestKnowsSlips(t *testing.T) {
	names := []string{"steps", "batch_size", "block_size", "learning_rate"}
	for word, want := range map[string]string{"stpes": "steps", "blocksize": "block_size", "learning-rate": "learning_rate", "batch": "batch_size",
		"zzz": "", "": "", "STEPS": "steps", strings.Repeat("x", 100): ""} {
		if got := Nearest(word, names); got != want {
			t.Errorf("%q: %q, want %q", word, got, want)
		}
	}
}

func FuzzLoad(f *testing.F) {
	for _, seed := range []string{"train:\n  steps: 5\n", "a: [1, {b: c}]", "name: |\n  x\n y", "? a\n: b", "<<: {name: x}", "%YAML 1.2\n---\nname: x\n...", "name: *a", "- - - a", "\xff\xfe", "'", "{{}: 1}", "train: {steps: 0x10, wait: 1s}"} {
		f.Add(seed)
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, text string) {
		path := filepath.Join(dir, "c.yaml")
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Skip(err)
		}
		a := defaults()
		if _, err := Load(&a, path, nil); err != nil {
			if strings.Contains(err.Error(), "\n") || !strings.HasPrefix(err.Error(), path) {
				t.Errorf("not one line with its file: %q", err)
			}
			return
		}
		var b all
		if _, err := Load(&b, "", nil); err != nil {
			t.Error(err)
		}
		again := defaults()
		if err := os.WriteFile(path, Format(&a), 0o644); err != nil {
			t.Skip(err)
		}
		if _, err := Load(&again, path, nil); err != nil {
			t.Errorf("what was written is not read: %v\n%s", err, Format(&a))
		}
	})
}

// Section is an embedded interface: its keys are those of what it holds.
type Section any

func TestAnEmbeddedInterfaceLendsTheKeysOfWhatItHolds(t *testing.T) {
	type verb struct {
		Model struct {
			Preset string
			Section
		}
	}
	var v verb
	v.Model.Section = &shape{Dim: 64}
	given, err := Load(&v, file(t, "model:\n  preset: a\n  n_embd: 128\n"), nil)
	if err != nil || v.Model.Section.(*shape).Dim != 128 || len(given) != 2 {
		t.Errorf("%+v, given %v, %v", v.Model.Section, given, err)
	}
	if got := string(Format(&v)); !strings.Contains(got, "  preset: a\n  n_embd: 128\n") {
		t.Errorf("written as\n%s", got)
	}
	v.Model.Section = &training{}
	if _, err := Load(&v, "", []string{"model.n_embd=5"}); err == nil || !strings.Contains(err.Error(), "n_embd") {
		t.Errorf("the keys of another section are taken: %v", err)
	}
}
