//go:build torch

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-cloze/cloze/models/safetensors"
)

// lettersEncoder is a folder of a tiny encoder that knows the letters.
func lettersEncoder(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	for _, name := range []string{"config.json", "model.safetensors"} {
		data, err := os.ReadFile(filepath.Join("..", "..", "testdata", "models", "encoder_tiny", "bert_bare", name))
		if err != nil {
			t.Fatal(err)
		}
		write(t, folder, name, string(data))
	}
	write(t, folder, "vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n"+strings.Join(strings.Split("abcdefghijklmnopqrstuvwxyz", ""), "\n")+"\n")
	return folder
}

// lettersCSV has n texts, of early letters and late ones in turns, all different.
func lettersCSV(n int, labels [2]string) string {
	var b strings.Builder
	b.WriteString("text,label\n")
	for i := range n {
		first := rune('a' + 16*(i%2))
		fmt.Fprintf(&b, "%c %c %c %c,%s\n", first+rune(i/2%8), first+rune(i/16%8), first+rune(i/4%8), first+rune(i/8%8), labels[i%2])
	}
	return b.String()
}

// spreadOut is a classify.Spread in JSON.
type spreadOut struct {
	Measure string
	Mean    float64
	Spread  float64 `json:"standard_deviation"`
	Values  []float64
}

// tuned trains the tiny encoder on n texts.
func tuned(t *testing.T, labels [2]string, more ...string) (dir string, r result) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "c")
	args := []string{"finetune", "--model", lettersEncoder(t), "--out", dir, "--threads", "1", "--set", "encoder.learning_rate=5e-3", "--set", "encoder.epochs=12",
		"--set", "encoder.batch_size=8", "--set", "split.fraction=0.3"}
	return dir, done(t, "", append(append(args, more...), write(t, t.TempDir(), "train.csv", lettersCSV(192, labels)))...)
}

// An encoder learns from a csv, and its folder answers, is judged, and is an encoder's folder for the next training.
func TestAnEncoderIsFineTuned(t *testing.T) {
	dir, r := tuned(t, [2]string{"early", "late"}, "--json", "--set", "weights=balanced", "--set", "encoder.early_stopping_patience=6", "--set", "folds=2")
	var report struct {
		Card  struct{ Model, Task string }
		Train struct{ Best struct{ Score float64 } }
		Folds []spreadOut
		Valid struct {
			MacroF1 struct{ Value float64 } `json:"macro_f1"`
		}
	}
	if err := json.Unmarshal([]byte(r.stdout), &report); err != nil {
		t.Fatal(err)
	}
	if report.Card.Model != "bert" || report.Train.Best.Score != 1 || report.Valid.MacroF1.Value != 1 || len(report.Folds[0].Values) != 2 || report.Folds[0].Measure != "macro-F1" {
		t.Errorf("%+v", report)
	}
	p := done(t, "a b c\nx w v\n\n", "predict", dir, "--quiet").stdout
	lines := strings.Split(strings.TrimSpace(p), "\n")
	if len(lines) != 3 || !strings.Contains(lines[0], `"label":"early"`) || !strings.Contains(lines[1], `"label":"late"`) || !strings.Contains(lines[2], `"empty":true`) {
		t.Errorf("answers:\n%s", p)
	}
	test := write(t, t.TempDir(), "test.csv", lettersCSV(32, [2]string{"early", "late"}))
	if e := done(t, "", "eval", "classifier", dir, test, "--against", dir).stdout; !strings.Contains(e, "macro-F1  1.0000") || !strings.Contains(e, "McNemar") {
		t.Errorf("eval:\n%s", e)
	}
	again := filepath.Join(t.TempDir(), "again")
	done(t, "", "finetune", "--model", dir, "--out", again, "--quiet", "--set", "encoder.epochs=1", test)
	failure(t, statusFailed, []string{"finetune", "--model", dir, "--out", again + "2", "--set", "encoder.epochs=0", test}, "encoder.epochs is 0")
}

// tensorsIn are the bytes of all weights in a folder, by their names without the trunk's prefix.
func tensorsIn(t *testing.T, dir string) map[string]string {
	t.Helper()
	file, err := safetensors.Open(filepath.Join(dir, "model.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	weights := map[string]string{}
	for _, tensor := range file.Tensors() {
		weights[strings.TrimPrefix(tensor.Name, "bert.")] = string(tensor.Data)
	}
	return weights
}

// What is frozen has the same bits after the training, the rest has not.
func TestFrozenLayersKeepTheirWeights(t *testing.T) {
	before := tensorsIn(t, lettersEncoder(t))
	for freeze, frozen := range map[string][]string{"none": {}, "embeddings": {"embeddings."}, "1": {"embeddings.", "encoder.layer.0."},
		"all": {"embeddings.", "encoder."}} {
		dir, r := tuned(t, [2]string{"early", "late"}, "--set", "encoder.freeze="+freeze, "--set", "encoder.epochs=2", "--set", "encoder.layer_decay=0.9", "--json")
		changed := 0
		for name, after := range tensorsIn(t, dir) {
			stands := slices.ContainsFunc(frozen, func(prefix string) bool { return strings.HasPrefix(name, prefix) })
			if stands != (after == before[name]) {
				t.Errorf("freeze=%s: %s, frozen %v, is the same %v", freeze, name, stands, after == before[name])
			}
			if !stands {
				changed++
			}
		}
		if changed == 0 || !strings.Contains(r.stdout, `"steps":`) {
			t.Errorf("freeze=%s: %d weights changed: %s", freeze, changed, r.stdout)
		}
	}
	// Head, two blocks and embeddings thaw one by one: after three epochs the embeddings have not, after four they have.
	var dir string
	for _, epochs := range []string{"3", "4"} {
		dir, _ = tuned(t, [2]string{"early", "late"}, "--set", "encoder.unfreeze_epochs=1", "--set", "encoder.epochs="+epochs, "--set", "split.fraction=0", "--quiet")
		after := tensorsIn(t, dir)
		for name, thawed := range map[string]bool{"embeddings.word_embeddings.weight": epochs == "4", "encoder.layer.0.output.dense.weight": true} {
			if thawed != (after[name] != before[name]) {
				t.Errorf("after %s epochs %s has thawed: %v", epochs, name, !thawed)
			}
		}
	}
	failure(t, statusFailed, []string{"finetune", "--model", dir, "--out", dir + "2", "--set", "encoder.freeze=9", write(t, t.TempDir(), "t.csv", lettersCSV(32, [2]string{"a", "b"}))}, "encoder.freeze is 9 and the model has 2 layers")
}

// Rare labels are drawn as often as common ones; of a task without labels of their own records cannot be drawn so.
func TestRareLabelsAreSampled(t *testing.T) {
	dir, _ := tuned(t, [2]string{"early", "late"}, "--set", "weights=sampling", "--quiet")
	p := done(t, "a b c\nx w v\n", "predict", dir, "--quiet").stdout
	if lines := strings.Split(p, "\n"); !strings.Contains(lines[0], `"label":"early"`) || !strings.Contains(lines[1], `"label":"late"`) {
		t.Errorf("answers:\n%s", p)
	}
	scores := write(t, t.TempDir(), "scores.csv", lettersCSV(32, [2]string{"1", "2"}))
	failure(t, statusFailed, []string{"finetune", "--model", dir, "--out", dir + "2", "--task", "regression", "--quiet", "--set", "weights=sampling", scores}, "weights=sampling", "balanced")
}

// Scores train a regression, several columns a label each.
func TestAnEncoderLearnsScoresAndSeveralLabels(t *testing.T) {
	dir, r := tuned(t, [2]string{"0", "4.5"}, "--task", "regression", "--quiet")
	if !strings.Contains(r.stdout, "Pearson   ") {
		t.Errorf("the report lacks the measures:\n%s", r.stdout)
	}
	p := done(t, "a b c\nx w v\n", "predict", dir, "--quiet").stdout
	var low, high struct{ Value *float64 }
	lines := strings.Split(p, "\n")
	for i, to := range []any{&low, &high} {
		if err := json.Unmarshal([]byte(lines[i]), to); err != nil {
			t.Fatal(err)
		}
	}
	if low.Value == nil || high.Value == nil || *low.Value > 1.5 || *high.Value < 3 {
		t.Errorf("values:\n%s", p)
	}
	if c := done(t, "a\n", "predict", dir, "--quiet", "--format", "csv").stdout; !strings.HasPrefix(c, "index,label,empty,value\n0,,false,") {
		t.Errorf("csv:\n%s", c)
	}
	test := write(t, t.TempDir(), "test.csv", lettersCSV(32, [2]string{"0", "4.5"}))
	page := filepath.Join(t.TempDir(), "page.html")
	if e := done(t, "", "eval", "classifier", dir, test, "--errors", "1", "--html", page).stdout; !strings.Contains(e, "Spearman  0.") || !strings.Contains(e, "squared") || strings.Contains(e, "F1") {
		t.Errorf("eval:\n%s", e)
	}
	var judged struct {
		MSE, Spearman struct{ Value, Low, High float64 }
	}
	if err := json.Unmarshal([]byte(done(t, "", "eval", "classifier", dir, test, "--json").stdout), &judged); err != nil || judged.MSE.Value > 2 || judged.Spearman.Value < 0.7 || judged.Spearman.Low > judged.Spearman.Value {
		t.Errorf("%v, %+v", err, judged)
	}
	failure(t, statusUsage, []string{"eval", "classifier", dir, test, "--robust"}, "--robust is about labels")
	rows := strings.Replace(lettersCSV(192, [2]string{"1,0", "0,1"}), "text,label", "text,early,late", 1)
	several := filepath.Join(t.TempDir(), "several")
	done(t, "", "finetune", "--model", lettersEncoder(t), "--out", several, "--quiet", "--threads", "1", "--label-field", "early", "--label-field", "late", "--set",
		"encoder.learning_rate=5e-3", "--set", "encoder.epochs=12", "--set", "encoder.batch_size=8", "--set", "split.fraction=0.3", "--set", "thresholds=true", write(t, t.TempDir(), "several.csv", rows))
	if p := done(t, "a b c\nx w v\n", "predict", several, "--quiet").stdout; !strings.Contains(p, `"labels":["early"]`) || !strings.Contains(p, `"labels":["late"]`) {
		t.Errorf("answers:\n%s", p)
	}
}
