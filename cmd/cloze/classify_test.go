package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// weatherCSV has rows of two labels that a classifier tells apart, and a functionality and a group for some of them.
func weatherCSV(n int, labels [2]string) string {
	var b strings.Builder
	b.WriteString("text,label,kind,who\n")
	words := [2][]string{strings.Fields("rain drizzle puddle umbrella"), strings.Fields("sun bright warm shade")}
	for i := range n {
		fmt.Fprintf(&b, "\"day %d, we saw %s and then %s\",%s,%s,%s\n", i, words[i%2][i/2%4], words[i%2][i/8%4], labels[i%2], []string{"plain", "long"}[i/2%2], []string{"", "us", "them"}[i%3])
	}
	return b.String()
}

// finetuned trains on n rows and returns the folder.
func finetuned(t *testing.T, n int, labels [2]string, more ...string) (dir string, r result) {
	t.Helper()
	tmp := t.TempDir()
	dir = filepath.Join(tmp, "c")
	args := append([]string{"finetune", "--model", "ngram", "--out", dir, "--set", "ngram.dim=12", "--set", "ngram.epochs=20", "--set", "ngram.lr=0.5"}, more...)
	return dir, done(t, "", append(args, write(t, tmp, "train.csv", weatherCSV(n, labels)))...)
}

func TestAnyLabelsTrainAndComeBack(t *testing.T) {
	for _, labels := range [][2]string{{"-1", "1"}, {"1", "2"}, {"ja", "nein"}, {"0.0", "1.0"}} {
		dir, r := finetuned(t, 80, labels)
		for _, l := range labels {
			if !strings.Contains(r.stderr, l+" ") {
				t.Errorf("the label map lacks %q: %s", l, r.stderr)
			}
		}
		p := done(t, "rain and a puddle\nwarm sun\n", "predict", dir, "--quiet")
		lines := strings.Split(strings.TrimSpace(p.stdout), "\n")
		for i, line := range lines {
			var got struct {
				Index  int
				Label  string
				Scores map[string]float64
			}
			if err := json.Unmarshal([]byte(line), &got); err != nil || got.Index != i || got.Label != labels[i] || len(got.Scores) != 2 {
				t.Errorf("%q: %s, %v", labels, line, err)
			}
			for _, p := range got.Scores {
				if p < 0 || p > 1 {
					t.Errorf("a probability of %v", p)
				}
			}
		}
	}
}

func TestPredictAnswersEachRecordOnce(t *testing.T) {
	dir, _ := finetuned(t, 80, [2]string{"wet", "dry"})
	const six = "rain today\n\n   \nqqq zzz\nwarm\u0085 sun\nlast rain without an end"
	r := done(t, six, "predict", dir)
	lines := strings.Split(strings.TrimSpace(r.stdout), "\n")
	if len(lines) != 6 || !strings.Contains(r.stderr, "6 records, 3 of them empty") {
		t.Fatalf("%d answers: %s", len(lines), r.stderr)
	}
	for i, line := range lines {
		if empty := strings.Contains(line, `"empty":true`); empty != (i >= 1 && i <= 3) || !strings.HasPrefix(line, fmt.Sprintf(`{"index":%d,`, i)) {
			t.Errorf("answer %d: %s", i, line)
		}
	}
	c := done(t, `{"id":1}`+"\n"+`{"text":"rain"}`+"\n", "predict", dir, "--format", "csv", "--input", "jsonl", "--quiet")
	rows := strings.Split(strings.TrimSpace(c.stdout), "\n")
	if len(rows) != 3 || rows[0] != "index,label,empty,dry,wet" || !strings.HasPrefix(rows[1], "0,") || !strings.Contains(rows[1], ",true,") || !strings.HasPrefix(rows[2], "1,wet,false,") {
		t.Errorf("%q", rows)
	}
}

// TestTheEndOfTheFileDoesNotMatter: a final newline, a file or standard input change no probability.
func TestTheEndOfTheFileDoesNotMatter(t *testing.T) {
	dir, _ := finetuned(t, 80, [2]string{"wet", "dry"})
	tmp := t.TempDir()
	want := done(t, "weak sun", "predict", dir, "--quiet").stdout
	for _, got := range []string{
		done(t, "weak sun\n", "predict", dir, "--quiet").stdout,
		done(t, "", "predict", dir, write(t, tmp, "a.txt", "weak sun"), "--quiet").stdout,
		done(t, "", "predict", dir, write(t, tmp, "b.txt", "weak sun\n"), "--quiet").stdout,
		done(t, "", "predict", dir, write(t, tmp, "c.csv", "text\nweak sun\n"), "--quiet").stdout,
	} {
		if got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func TestFinetuneRefusesWhatCannotBeLearnt(t *testing.T) {
	tmp := t.TempDir()
	out := filepath.Join(tmp, "out")
	base := []string{"finetune", "--model", "ngram", "--out", out, "--quiet"}
	scores := write(t, tmp, "scores.csv", "text,label\na,0.2\nb,3.6\nc,5.0\n")
	failure(t, statusFailed, append(base, scores), "--task regression", "--task single")
	failure(t, statusFailed, append(base, "--task", "regression", scores), "cannot learn numbers")
	failure(t, statusFailed, append(base, write(t, tmp, "one.csv", "text,label\na,x\nb,x\n")), "at least two labels")
	failure(t, statusFailed, append(base, "--label-field", "labl", scores), `no column "labl"`, `"label"`)
	valid := write(t, tmp, "valid.csv", "text,label\nrain,wet\nfog,grey\n")
	failure(t, statusFailed, append(base, "--valid", valid, write(t, tmp, "t.csv", weatherCSV(10, [2]string{"wet", "dry"}))), "valid.csv:3", `"grey"`, `"dry", "wet"`)
	failure(t, statusFailed, append(base, "--set", "split.kind=random", scores), "split.kind", "stratified")
	failure(t, statusFailed, []string{"finetune", "--model", "bert", "--out", out, scores}, `"bert"`, "ngram")
	failure(t, statusUsage, []string{"finetune", "--model", "ngram", scores}, "--out")
	failure(t, statusFailed, []string{"finetune", "--model", "ngram", "--out", tmp, scores}, "exists")
	if _, err := os.Stat(out); err == nil {
		t.Error("a refused training left a folder")
	}
}

func TestRareLabelsAreNamedWithTheirLines(t *testing.T) {
	tmp := t.TempDir()
	path := write(t, tmp, "b.csv", weatherCSV(20, [2]string{"wet", "dry"})+",rare,plain,\n")
	if r := done(t, "", "finetune", "--model", "ngram", "--out", filepath.Join(tmp, "one"), "--set", "split.fraction=0", path); !strings.Contains(r.stderr, "rare") || !strings.Contains(r.stderr, "1 of them without text") {
		t.Errorf("the label of the empty text is not there: %s", r.stderr)
	}
	r := done(t, "", "finetune", "--model", "ngram", "--out", filepath.Join(tmp, "two"), "--set", "min_label_count=2", path)
	if !strings.Contains(r.stderr, `label "rare" is dropped`) || !strings.Contains(r.stderr, "b.csv:22") {
		t.Errorf("%s", r.stderr)
	}
}

func TestEvalClassifierTellsAllThatWasAsked(t *testing.T) {
	dir, _ := finetuned(t, 120, [2]string{"wet", "dry"})
	other, _ := finetuned(t, 20, [2]string{"wet", "dry"}, "--set", "weights=balanced", "--set", "ngram.epochs=1")
	tmp := t.TempDir()
	test := write(t, tmp, "test.csv", strings.ReplaceAll(weatherCSV(60, [2]string{"wet", "dry"}), "day ", "later day "))
	page := filepath.Join(tmp, "report.html")
	args := []string{"eval", "classifier", dir, test, "--against", other, "--functional", "kind", "--group-field", "who", "--positive", "wet", "--errors", "2", "--robust", "--html", page}
	r := done(t, "", args...)
	for _, want := range []string{"macro-F1  1.0000", "gold \\ predicted", "McNemar exact p", "functionality", "group", "power mean", "highest loss", "test.csv:", "look-alike letters"} {
		if !strings.Contains(r.stdout, want) {
			t.Errorf("the table lacks %q:\n%s", want, r.stdout)
		}
	}
	if strings.Contains(r.stdout, "umbrella") {
		t.Error("a text is in the report")
	}
	data, err := os.ReadFile(page)
	if err != nil || strings.Contains(string(data), "umbrella") || !strings.Contains(string(data), "<svg") {
		t.Errorf("the page: %v", err)
	}
	failure(t, statusFailed, args, "exists")
	// No record tells a classifier from itself: chi-square is undefined, which JSON must hold, too.
	same := []string{"eval", "classifier", dir, test, "--against", dir}
	if r := done(t, "", append(same, "--json")...); !strings.Contains(r.stdout, `"exact_p":1,"chi_square":null,"p":null`) {
		t.Error(r.stdout)
	}
	if r := done(t, "", same...); !strings.Contains(r.stdout, "McNemar exact p 1\n") {
		t.Error(r.stdout)
	}
}

func TestEvalClassifierHoldsToTheLabelMap(t *testing.T) {
	dir, _ := finetuned(t, 60, [2]string{"wet", "dry"})
	tmp := t.TempDir()
	mapped := write(t, tmp, "mapped.csv", weatherCSV(40, [2]string{"w", "d"}))
	failure(t, statusFailed, []string{"eval", "classifier", dir, mapped}, "mapped.csv:2", `"w"`, `"dry", "wet"`)
	failure(t, statusFailed, []string{"eval", "classifier", dir, mapped, "--label-map", "wet=w"}, "lacks", `"dry"`)
	failure(t, statusFailed, []string{"eval", "classifier", dir, mapped, "--label-field", "lable"}, `no column "lable"`, `"kind"`)
	failure(t, statusUsage, []string{"eval", "classifier", dir, mapped, "--label-map", "wet=w,dry=d", "--positive", "w"}, "--group-field")
	r := done(t, "", "eval", "classifier", dir, mapped, "--label-map", "wet=w,dry=d", "--json")
	var got struct {
		Records  int
		Labels   []struct{ Label string }
		MacroF1  struct{ Value, Low, High float64 } `json:"macro_f1"`
		Warnings []string
	}
	if err := json.Unmarshal([]byte(r.stdout), &got); err != nil || got.Records != 40 || got.Labels[0].Label != "d" || got.MacroF1.Value < 0.99 || got.MacroF1.Low == 0 {
		t.Errorf("%v: %+v", err, got)
	}
	if len(got.Warnings) == 0 || !strings.Contains(got.Warnings[0], "overlap") { // the same rows were trained on
		t.Errorf("%q", got.Warnings)
	}
}

func TestManyLabelsFoldsAndFastTextFiles(t *testing.T) {
	tmp := t.TempDir()
	var b strings.Builder
	b.WriteString("text,rain,wind\n")
	for i := range 120 {
		text, rain, wind := fmt.Sprint("day ", i), i%2, i/2%2
		if rain == 1 {
			text += " a puddle"
		}
		if wind == 1 {
			text += " the kite"
		}
		fmt.Fprintf(&b, "%s,%d,%d\n", text, rain, wind)
	}
	dir := filepath.Join(tmp, "c")
	bin := filepath.Join(tmp, "c.bin")
	r := done(t, "", "finetune", "--model", "ngram", "--out", dir, "--label-field", "rain", "--label-field", "wind", "--set", "folds=3", "--set", "thresholds=true",
		"--set", "ngram.lr=0.5", "--set", "ngram.epochs=30", "--fasttext", bin, write(t, tmp, "many.csv", b.String()))
	if !strings.Contains(r.stdout, "over 3 folds") || !strings.Contains(r.stdout, "Hamming loss") {
		t.Errorf("%s", r.stdout)
	}
	if head, err := os.ReadFile(bin); err != nil || len(head) < 1000 {
		t.Errorf("the .bin: %v", err)
	}
	p := done(t, "puddle and kite\nnothing much\n", "predict", dir, "--quiet")
	if !strings.Contains(p.stdout, `"labels":["rain","wind"]`) || !strings.Contains(p.stdout, `"labels":[]`) {
		t.Errorf("%s", p.stdout)
	}
}

// TestSeedsAreSpread: three seeds are trained, told apart, and the best is kept; the same seed alone gives the same classifier.
func TestSeedsAreSpread(t *testing.T) {
	labels := [2]string{"wet", "dry"}
	few := []string{"--json", "--set", "ngram.epochs=2", "--set", "ngram.bucket=50", "--set", "split.fraction=0.4"}
	dir, r := finetuned(t, 60, labels, append(few, "--set", "seeds=3", "--seed", "5")...)
	var got struct {
		Card  struct{ Seed int }
		Valid struct {
			MacroF1 struct{ Value float64 } `json:"macro_f1"`
		}
		Seeds []struct {
			Measure string
			Mean    float64
			Spread  float64 `json:"standard_deviation"`
			Values  []float64
		}
	}
	if err := json.Unmarshal([]byte(r.stdout), &got); err != nil {
		t.Fatal(err)
	}
	f1 := got.Seeds[0]
	if f1.Measure != "macro-F1" || len(f1.Values) != 3 || got.Valid.MacroF1.Value != slices.Max(f1.Values) || f1.Values[got.Card.Seed-5] != got.Valid.MacroF1.Value {
		t.Errorf("%+v", got)
	}
	if mean := (f1.Values[0] + f1.Values[1] + f1.Values[2]) / 3; math.Abs(mean-f1.Mean) > 1e-12 {
		t.Errorf("the mean of %v is %v", f1.Values, f1.Mean)
	}
	if !strings.Contains(r.stderr, "seed 7 (3 of 3): macro-F1 ") {
		t.Error(r.stderr)
	}
	alone, _ := finetuned(t, 60, labels, append(few, "--seed", fmt.Sprint(got.Card.Seed))...)
	if one, two := done(t, "rain\n", "predict", dir, "--quiet").stdout, done(t, "rain\n", "predict", alone, "--quiet").stdout; one != two {
		t.Errorf("%s of three seeds, %s of that one", one, two)
	}
	path := write(t, t.TempDir(), "t.csv", weatherCSV(20, labels))
	base := []string{"finetune", "--model", "ngram", "--out", dir + "2", "--quiet", path, "--set"}
	failure(t, statusFailed, append(base, "seeds=0"), "seeds is 0")
	failure(t, statusFailed, append(base, "seeds=2", "--set", "split.fraction=0"), "nothing is held out")
	failure(t, statusFailed, append(base, "weights=sampling"), "balanced")
}

func TestASplitThatLacksALabelIsWarnedOf(t *testing.T) {
	tmp := t.TempDir()
	train := write(t, tmp, "train.csv", weatherCSV(20, [2]string{"wet", "dry"}))
	valid := write(t, tmp, "valid.csv", "text,label\nrain,wet\nmore rain,wet\n")
	r := done(t, "", "finetune", "--model", "ngram", "--out", filepath.Join(tmp, "c"), "--quiet", "--valid", valid, train)
	if !strings.Contains(r.stderr, `warning: the validation part has no record of the label "dry"`) {
		t.Errorf("%q", r.stderr)
	}
}

func TestFinetuneLeavesExcludedTextsOut(t *testing.T) {
	held := write(t, t.TempDir(), "held.csv", "said\n@USER DAY 7: we saw shade and then sun!\n\"day 12, we saw puddle and then drizzle\"\n")
	_, r := finetuned(t, 80, [2]string{"wet", "dry"}, "--json", "--exclude", held+"#said")
	var report struct {
		Corpus struct {
			Documents, Records int
			Excluded           int `json:"texts_to_exclude"`
			Counts             map[string]int
		}
		Card struct{ Train, Valid int }
	}
	if err := json.Unmarshal([]byte(r.stdout), &report); err != nil {
		t.Fatal(err)
	}
	c := report.Corpus
	if left := c.Counts["repeats_of_excluded"] + c.Counts["near_duplicates_of_excluded"]; c.Excluded != 2 || left == 0 || c.Documents != 80-left || c.Records != 80 {
		t.Errorf("%+v", c)
	}
	if _, r = finetuned(t, 80, [2]string{"wet", "dry"}, "--exclude", held+"#said"); !strings.Contains(r.stdout, "documents left out") {
		t.Errorf("the report is silent of what was left out:\n%s", r.stdout)
	}
}
