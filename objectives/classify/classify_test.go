package classify

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/go-cloze/cloze/corpus/labelled"
	"github.com/go-cloze/cloze/objectives/metrics"
	"github.com/go-cloze/cloze/objectives/ngram"
)

// weather is a set of texts about rain, sun and wind; each is about one of them, of the task multi about up to two.
func weather(n int, task labelled.Task, seed uint64) *labelled.Set {
	rng := rand.New(rand.NewPCG(seed, 1))
	words := [][]string{strings.Fields("rain drizzle puddle umbrella wet"), strings.Fields("sun bright warm shade dry"), strings.Fields("wind gust storm breeze kite")}
	filler := strings.Fields("today we saw some more of it and then the day was over for us all")
	s := &labelled.Set{Task: task, Labels: []string{"rain", "sun", "wind"}}
	for i := range n {
		labels := []int{i % 3}
		if task == labelled.Multi {
			labels = labels[:0]
			for l := range 3 {
				if rng.IntN(3) == 0 {
					labels = append(labels, l)
				}
			}
		}
		var text []string
		for range 4 + rng.IntN(5) {
			text = append(text, filler[rng.IntN(len(filler))])
		}
		for _, l := range labels {
			text = append(text, words[l][rng.IntN(5)])
		}
		rng.Shuffle(len(text), func(i, j int) { text[i], text[j] = text[j], text[i] })
		s.Records = append(s.Records, labelled.Record{Text: strings.Join(text, " ") + fmt.Sprint(" no", rng.IntN(1e6)), Labels: labels,
			Fields: map[string]string{"kind": []string{"short", "long"}[len(text)/8]}})
	}
	return s
}

func options() NgramOptions {
	o := NgramOptions{Config: ngram.DefaultConfig(), Calibrate: true, Seed: 1}
	o.Dim, o.LR, o.Epochs, o.WordNgrams, o.Bucket = 16, 0.5, 12, 2, 10000
	return o
}

func trained(t *testing.T, task labelled.Task, o NgramOptions) *Classifier {
	t.Helper()
	c, _, err := TrainNgram(context.Background(), weather(400, task, 1), weather(120, task, 2), o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestAFolderAnswersAsTheClassifierDid(t *testing.T) {
	for _, task := range []labelled.Task{labelled.Single, labelled.Multi} {
		o := options()
		o.Thresholds = true
		c := trained(t, task, o)
		dir := filepath.Join(t.TempDir(), "c")
		if err := c.Save(dir); err != nil {
			t.Fatal(err)
		}
		if err := c.Save(dir); err == nil || !strings.Contains(err.Error(), "exists") {
			t.Errorf("a folder was overwritten: %v", err)
		}
		again, err := Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		s := weather(90, task, 3)
		a, err := Evaluate(context.Background(), c, s, EvalOptions{})
		if err != nil {
			t.Fatal(err)
		}
		b, err := Evaluate(context.Background(), again, s, EvalOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for i := range a.Answers {
			if !slices.Equal(a.Answers[i].Probabilities, b.Answers[i].Probabilities) || !slices.Equal(a.Answers[i].Given, b.Answers[i].Given) {
				t.Fatalf("%s: record %d: %v and %v", task, i, a.Answers[i], b.Answers[i])
			}
		}
		if a.MacroF1.Value < 0.9 {
			t.Errorf("%s: macro-F1 %v", task, a.MacroF1.Value)
		}
		if entries, _ := os.ReadDir(filepath.Dir(dir)); len(entries) != 1 {
			t.Errorf("%d entries beside the folder", len(entries))
		}
	}
}

// TestTheBatchDoesNotMatter: the same text gets the same answer whatever is asked beside it, by many at once too.
func TestTheBatchDoesNotMatter(t *testing.T) {
	c := trained(t, labelled.Single, options())
	var texts []Text
	for _, r := range weather(50, labelled.Single, 4).Records {
		texts = append(texts, Text{Text: r.Text})
	}
	all, err := c.Predict(context.Background(), texts)
	if err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	for i, text := range texts {
		wait.Go(func() {
			one, err := c.Predict(context.Background(), []Text{text})
			if err != nil || !slices.Equal(one[0].Probabilities, all[i].Probabilities) {
				t.Errorf("text %d: %v, %v", i, one, err)
			}
		})
	}
	wait.Wait()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := c.Predict(ctx, texts); err == nil {
		t.Error("a cancelled call answered")
	}
}

func TestCalibrationMakesProbabilitiesHonest(t *testing.T) {
	o := options()
	o.LR, o.Epochs = 1, 60 // learnt by heart
	sure := o
	sure.Calibrate = false
	s := weather(2000, labelled.Single, 5)
	for i := range s.Records { // a fifth of the labels is wrong, so nobody can be sure
		if i%5 == 0 {
			s.Records[i].Labels = []int{(s.Records[i].Labels[0] + 1) % 3}
		}
	}
	in, out, err := labelled.Split(s, labelled.SplitConfig{Kind: labelled.Stratified, Fraction: 0.3}, 1)
	if err != nil {
		t.Fatal(err)
	}
	var ece [2]Number
	for i, o := range []NgramOptions{sure, o} {
		c, _, err := TrainNgram(context.Background(), s.Subset(in), s.Subset(out), o)
		if err != nil {
			t.Fatal(err)
		}
		r, err := Evaluate(context.Background(), c, s.Subset(out), EvalOptions{})
		if err != nil {
			t.Fatal(err)
		}
		ece[i] = r.ECE
	}
	if ece[1] > ece[0]/2 {
		t.Errorf("the calibration error is %v, and %v with a temperature", ece[0], ece[1])
	}
}

// fixed is a classifier that says what it is told.
func fixed(t *testing.T, labels []string, thresholds []float64, p [][]float64) *Classifier {
	t.Helper()
	next := 0
	c, err := New(Card{Version: 1, Model: "fixed", Task: labelled.Single, Labels: labels, Thresholds: thresholds}, func(_ context.Context, texts []Text) ([]Scored, error) {
		var out []Scored
		for range texts {
			out = append(out, Scored{Probabilities: p[next%len(p)]})
			next++
		}
		return out, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func records(labels []string, gold ...int) *labelled.Set {
	s := &labelled.Set{Task: labelled.Single, Labels: labels}
	for i, g := range gold {
		s.Records = append(s.Records, labelled.Record{Text: fmt.Sprint("text ", i), Labels: []int{g}, Fields: map[string]string{"kind": []string{"a", "b"}[i%2]}})
	}
	return s
}

// TestAClassThatIsNeverPredictedIsNamed is a public report: nine negatives, a positive, and always no.
func TestAClassThatIsNeverPredictedIsNamed(t *testing.T) {
	labels := []string{"no", "yes"}
	r, err := Evaluate(context.Background(), fixed(t, labels, nil, [][]float64{{0.9, 0.1}}), records(labels, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1), EvalOptions{Rounds: 50})
	if err != nil {
		t.Fatal(err)
	}
	if r.Accuracy.Value != 0.9 || math.Abs(float64(r.MacroF1.Value)-0.4737) > 5e-5 || r.Labels[1].F1.Value != 0 || r.MCC.Value != 0 {
		t.Errorf("%+v", r)
	}
	if len(r.Warnings) != 1 || !strings.Contains(r.Warnings[0], `class never predicted: "yes"`) {
		t.Errorf("%q", r.Warnings)
	}
	if !math.IsNaN(float64(r.Labels[1].Precision)) || r.Labels[1].Precision.String() != "n/a" {
		t.Errorf("a precision of nothing is %v", r.Labels[1].Precision)
	}
	data, err := json.Marshal(r)
	if err != nil || !strings.Contains(string(data), `"precision":null`) {
		t.Errorf("%v: %s", err, data)
	}
}

func TestASetOfOneClassHasDefinedMeasuresOnly(t *testing.T) {
	labels := []string{"no", "yes"}
	r, err := Evaluate(context.Background(), fixed(t, labels, nil, [][]float64{{0.9, 0.1}, {0.2, 0.8}}), records(labels, 0, 0, 0, 0), EvalOptions{Rounds: 20})
	if err != nil {
		t.Fatal(err)
	}
	if r.Accuracy.Value != 0.5 || r.Labels[0].Recall != 0.5 || r.Labels[0].Precision != 1 {
		t.Errorf("%+v", r)
	}
	for name, v := range map[string]Number{"MCC": r.MCC.Value, "AUROC": r.AUROC, "recall of the absent": r.Labels[1].Recall} {
		if v.String() != "n/a" {
			t.Errorf("%s is %v", name, v)
		}
	}
	if len(r.Warnings) != 2 {
		t.Errorf("%q", r.Warnings)
	}
}

func TestThresholdsRaiseMacroF1(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	s := &labelled.Set{Task: labelled.Single, Labels: []string{"often", "rare", "seldom"}}
	var p []float64
	for range 1500 {
		g := 0
		if x := rng.IntN(100); x < 6 {
			g = 1
		} else if x < 16 {
			g = 2
		}
		row := []float64{0.75, 0.1, 0.15}
		for l := range row {
			row[l] *= math.Exp(0.8 * rng.NormFloat64())
		}
		row[g] *= 2
		sum := row[0] + row[1] + row[2]
		s.Records = append(s.Records, labelled.Record{Labels: []int{g}})
		p = append(p, row[0]/sum, row[1]/sum, row[2]/sum)
	}
	macro := func(thresholds []float64) float64 {
		m := metrics.NewConfusion(3)
		c := Card{Task: labelled.Single, Thresholds: thresholds}
		for i, r := range s.Records {
			m.Add(r.Labels[0], c.decide(p[3*i : 3*i+3])[0])
		}
		return metrics.Macro(m.Labels()).F1
	}
	tuned := Tune(s, p)
	plain, best := macro(nil), macro(tuned)
	if best < plain+0.05 {
		t.Errorf("macro-F1 %.4f with thresholds %.3v, %.4f without", best, tuned, plain)
	}
	// No single other divisor may be better: the search looks at every decision.
	for l := range tuned {
		for _, factor := range []float64{0.5, 0.8, 0.9, 1.1, 1.25, 2} {
			other := slices.Clone(tuned)
			other[l] *= factor
			if f1 := macro(other); f1 > best+1e-9 {
				t.Errorf("label %d times %v gives %.6f, above %.6f", l, factor, f1, best)
			}
		}
	}
}

func TestLabelMaps(t *testing.T) {
	m, err := ParseLabelMap("0=hateful, 1=not,2=not")
	if err != nil {
		t.Fatal(err)
	}
	set, err := m.Labels([]string{"0", "1", "2"})
	if err != nil || !slices.Equal(set, []string{"hateful", "not"}) {
		t.Fatalf("%q, %v", set, err)
	}
	c := fixed(t, []string{"0", "1", "2"}, nil, [][]float64{{0.4, 0.35, 0.25}})
	r, err := Evaluate(context.Background(), c, records(set, 0, 1), EvalOptions{Map: m})
	if err != nil {
		t.Fatal(err)
	}
	// The model's own decision is kept; the probability of what was joined is the sum.
	if a := r.Answers[0]; !slices.Equal(a.Given, []int{0}) || math.Abs(a.Probabilities[1]-0.6) > 1e-12 {
		t.Errorf("%+v", a)
	}
	for _, bad := range []string{"0", "0=", "0=a,0=b"} {
		if _, err := ParseLabelMap(bad); err == nil {
			t.Errorf("%q is a map", bad)
		}
	}
	if _, err := m.Labels([]string{"0", "3"}); err == nil {
		t.Error("a label that the map lacks passed")
	}
	if _, err := m.Labels([]string{"0", "1"}); err == nil {
		t.Error("a label that the model lacks passed")
	}
}

func TestSlicesBiasAndErrors(t *testing.T) {
	labels := []string{"no", "yes"}
	c := fixed(t, labels, nil, [][]float64{{0.9, 0.1}, {0.4, 0.6}, {0.3, 0.7}, {0.2, 0.8}})
	s := records(labels, 0, 0, 1, 1)
	r, err := Evaluate(context.Background(), c, s, EvalOptions{})
	if err != nil {
		t.Fatal(err)
	}
	sl := r.BySlice(s, "kind")
	if len(sl) != 2 || sl[0].Name != "a" || sl[0].Records != 2 || sl[0].Accuracy != 1 || sl[1].Accuracy != 0.5 || sl[0].Gold != "" {
		t.Errorf("%+v", sl)
	}
	if worst := r.Worst(1); worst[0] != 1 {
		t.Errorf("the worst is %v", worst)
	}
	b := r.Bias(s, "kind", 1)
	if len(b.Groups) != 2 || b.Overall != 1 || b.Groups[1].Subgroup != 1 {
		t.Errorf("%+v", b)
	}
	other, err := Evaluate(context.Background(), fixed(t, labels, nil, [][]float64{{0.9, 0.1}}), s, EvalOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if m := r.Compare(other); m.OnlyFirst != 2 || m.OnlySecond != 1 {
		t.Errorf("%+v", m)
	}
}

func TestThePageIsWholeAndHoldsNamesAsData(t *testing.T) {
	labels := []string{"no", "<script>yes"}
	s := records(labels, 0, 0, 1, 1)
	r, err := Evaluate(context.Background(), fixed(t, labels, nil, [][]float64{{0.9, 0.1}, {0.4, 0.6}, {0.3, 0.7}}), s, EvalOptions{Rounds: 10})
	if err != nil {
		t.Fatal(err)
	}
	bias := r.Bias(s, "kind", 1)
	var b strings.Builder
	if err := r.HTML(&b, Page{Title: "a <b>", Functional: r.BySlice(s, "kind"), Groups: r.BySlice(s, "kind"), Bias: &bias}); err != nil {
		t.Fatal(err)
	}
	text := b.String()
	for _, bad := range []string{"<script>", "<b>", "http", "src=", "url(", "ZgotmplZ", "NaN", "text 1"} {
		if strings.Contains(text, bad) {
			t.Errorf("the page holds %s", bad)
		}
	}
	if strings.Count(text, "<svg") != 3 || strings.Count(text, "<polyline") != 4 || !strings.Contains(text, "power mean") {
		t.Errorf("%d plots, %d curves", strings.Count(text, "<svg"), strings.Count(text, "<polyline"))
	}
	for rest := text; ; { // the drawings are well-formed
		at := strings.Index(rest, "<svg")
		if at < 0 {
			break
		}
		end := strings.Index(rest[at:], "</svg>")
		d := xml.NewDecoder(strings.NewReader(rest[at : at+end+6]))
		for {
			if _, err := d.Token(); err == io.EOF {
				break
			} else if err != nil {
				t.Fatal(err)
			}
		}
		rest = rest[at+end:]
	}
}

func TestRefusals(t *testing.T) {
	ctx := context.Background()
	one := weather(9, labelled.Single, 1)
	for i := range one.Records {
		one.Records[i].Labels = []int{0}
	}
	if _, _, err := TrainNgram(ctx, one, nil, options()); err == nil || !strings.Contains(err.Error(), "at least two labels") {
		t.Errorf("%v", err)
	}
	if _, _, err := TrainNgram(ctx, &labelled.Set{Task: labelled.Regression}, nil, options()); err == nil || !strings.Contains(err.Error(), "regression") {
		t.Errorf("%v", err)
	}
	o := options()
	o.Weights = "heavy"
	if _, _, err := TrainNgram(ctx, weather(9, labelled.Single, 1), nil, o); err == nil || !strings.Contains(err.Error(), `"heavy"`) {
		t.Errorf("%v", err)
	}
	if _, err := Open(t.TempDir()); err == nil || !strings.Contains(err.Error(), "not a classifier folder") {
		t.Errorf("%v", err)
	}
	dir := t.TempDir()
	for card, want := range map[string]string{`{`: "JSON", `{"version":2}`: "version 2", `{"version":1,"task":"single","labels":["a"],"model":"bert"}`: "libtorch",
		`{"version":1,"task":"single","labels":["a"],"thresholds":[1,2]}`: "2 thresholds"} {
		if err := os.WriteFile(filepath.Join(dir, CardFile), []byte(card), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", card, err)
		}
	}
}

func TestOverlapIsCounted(t *testing.T) {
	c := trained(t, labelled.Single, options())
	s := weather(60, labelled.Single, 9)
	s.Records[0] = weather(400, labelled.Single, 1).Records[0]
	s.Records[0].Text = strings.ToUpper(s.Records[0].Text) + " !!"
	r, err := Evaluate(context.Background(), c, s, EvalOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if r.Repeated != 1 || !r.Answers[0].Seen || r.New == nil || !slices.ContainsFunc(r.Warnings, func(w string) bool { return strings.Contains(w, "overlap") }) {
		t.Errorf("%d repeated, %q", r.Repeated, r.Warnings)
	}
}

func TestPerturbationsChangeSpellingAndNothingElse(t *testing.T) {
	const text = "@someone we like the calm weather of September and http://x.example"
	for _, p := range Perturbations {
		got := p.apply(text, 1)
		if got == text || p.apply(text, 1) != got {
			t.Errorf("%s: %q, then %q", p.Name, got, p.apply(text, 1))
		}
		if p.apply("", 1) != "" {
			t.Errorf("%s makes something of nothing", p.Name)
		}
		if p.Name == "typos" || p.Name == "letters repeated" {
			if !strings.HasPrefix(got, "@someone ") || !strings.HasSuffix(got, " http://x.example") || len(strings.Fields(got)) != len(strings.Fields(text)) {
				t.Errorf("%s: %q", p.Name, got)
			}
		}
	}
	c := trained(t, labelled.Single, options())
	s := weather(60, labelled.Single, 9)
	r, err := Evaluate(context.Background(), c, s, EvalOptions{})
	if err != nil {
		t.Fatal(err)
	}
	rows, err := r.Robust(context.Background(), c, s, EvalOptions{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		switch row.Name {
		case "upper case": // texts are read in lower case
			if row.Changed != 0 || row.MacroF1 != r.MacroF1.Value {
				t.Errorf("%+v", row)
			}
		case "look-alike letters": // nearly every word is unknown then
			if row.Changed < 10 || row.MacroF1 > r.MacroF1.Value-0.2 {
				t.Errorf("%+v", row)
			}
		}
	}
}

func TestFoldUndoesHiddenSpellings(t *testing.T) {
	for text, want := range map[string]string{
		"th3 w34th3r 15 n1c3": "the weather 15 nice", "ѕunny dаy": "sunny day", "sooooo cool": "so cool", "su\u200bnny": "sunny", "w@rm $un": "warm sun",
		"@w34th3r http://x.3xample": "@w34th3r http://x.3xample", "at 15:30, 100 or 2000": "at 15:30, 100 or 2000", "мороз и солнце": "мороз и солнце",
		"so nice!!! day!": "so nice!!! day!", "  two\n\tlines ": "  two\n\tlines ", "": "", "r!ver": "river",
	} {
		if got := Fold(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
	o := options()
	o.Fold = true
	c := trained(t, labelled.Single, o)
	s := weather(60, labelled.Single, 9)
	r, err := Evaluate(context.Background(), c, s, EvalOptions{})
	if err != nil {
		t.Fatal(err)
	}
	rows, err := r.Robust(context.Background(), c, s, EvalOptions{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		if (row.Name == "look-alike letters" || row.Name == "digits for letters") && row.MacroF1 < r.MacroF1.Value-0.05 {
			t.Errorf("%+v, %v as it was", row, r.MacroF1.Value)
		}
	}
}

func FuzzFold(f *testing.F) {
	for _, text := range []string{"w34th3r", "аbс", "  a ", "!!!", "\xff\x00", "@", "aaa"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := Fold(text)
		if len(strings.Fields(got)) > len(strings.Fields(text)) {
			t.Errorf("%q becomes %q", text, got)
		}
	})
}
