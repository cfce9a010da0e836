package models

import (
	"encoding/json"
	"math"
	"path/filepath"
	"slices"
	"testing"

	"github.com/go-cloze/cloze/models/torch"
)

// classGolden is what testdata/gen/models_classify.py wrote down of one classifier.
type classGolden struct {
	gptGolden
	Problem string
	Labels  any
}

// eachClassifier runs the body for every tiny classifier.
func eachClassifier(t *testing.T, body func(t *testing.T, golden classGolden, model Classifier)) {
	t.Helper()
	goldens := tinyGoldens[classGolden](t, "classify_tiny")
	if len(goldens) != 6 {
		t.Fatalf("the golden holds %d models", len(goldens))
	}
	asIs := func(c Config) Config { return c }
	for name, golden := range goldens {
		t.Run(name, func(t *testing.T) {
			withTiny(t, filepath.Join(testdata, "classify_tiny", name), asIs, func(model Network, _ string) { body(t, golden, model.(Classifier)) })
		})
	}
}

// classLogits are those of all rows.
func (g classGolden) classLogits(m Classifier, train bool) *torch.Tensor {
	offsets := g.rowOffsets()
	first := torch.FromInt32(offsets[:len(offsets)-1], int64(len(offsets)-1))
	return m.Classify(HiddenAt(m, g.input(train), first), train)
}

// TestClassifiersEqualTransformers: logits of rows of 7, 12, 2 and 5 tokens. 1e-5 absolute, float32 with sums in another order.
func TestClassifiersEqualTransformers(t *testing.T) {
	eachClassifier(t, func(t *testing.T, golden classGolden, m Classifier) {
		got := golden.classLogits(m, false).Float32s()
		if d := largestDifference(got, golden.Logits); d > 1e-5 {
			t.Errorf("logits differ by %g", d)
		}
		labels, problem := Classes(m.Configuration())
		want := []string{"calm", "rain", "storm"}
		if golden.Problem == Regression {
			want = []string{"LABEL_0"}
		}
		if !slices.Equal(labels, want) || problem != golden.Problem {
			t.Errorf("labels %q of %q", labels, problem)
		}
		m.ScaleClasses(0.5)
		for i, x := range golden.classLogits(m, false).Float32s() {
			if math.Abs(float64(x-got[i]/2)) > 1e-6 {
				t.Fatalf("half of logit %d is %g", i, x)
			}
		}
	})
}

// TestClassifiersDropWhileTrainingAlone also that what they write comes back.
func TestClassifiersDropWhileTrainingAlone(t *testing.T) {
	eachClassifier(t, func(t *testing.T, golden classGolden, m Classifier) {
		first := golden.classLogits(m, true).Float32s()
		if slices.Equal(first, golden.classLogits(m, true).Float32s()) {
			t.Error("two draws of dropout give the same")
		}
		dir := t.TempDir()
		config, _, err := SaveHF(m, dir, 1<<30)
		if err != nil {
			t.Fatal(err)
		}
		data, err := config.ConfigJSON()
		if err != nil {
			t.Fatal(err)
		}
		if config, err = ParseConfig(data); err != nil {
			t.Fatal(err)
		}
		again, err := Load(config, filepath.Join(dir, WeightsFile))
		if err != nil {
			t.Fatal(err)
		}
		defer again.Params().Free()
		if d := largestDifference(golden.classLogits(again.(Classifier), false).Float32s(), golden.Logits); d > 1e-5 {
			t.Errorf("written and read, logits differ by %g", d)
		}
		var keys struct{ Architectures []string }
		if json.Unmarshal(data, &keys) != nil || keys.Architectures[0] != bertClasses[again.Configuration().Shape().ModelType]+"ForSequenceClassification" {
			t.Errorf("architecture %q", keys.Architectures)
		}
	})
}

// TestAnEncoderGetsClasses from every kind of file; its own weights stay, and another head is drawn anew.
func TestAnEncoderGetsClasses(t *testing.T) {
	eachEncoder(t, true, func(t *testing.T, golden encoderGolden, model Network, _ string) {
		if _, ok := model.(*BERT); !ok {
			return // ModernBERT has no head for classes yet
		}
		config, err := WithClasses(model.Configuration(), []string{"a", "b"}, SingleLabel)
		if err != nil {
			t.Fatal(err)
		}
		m := Extend(model, config, 3)
		defer m.Params().Free()
		if d := largestDifference(m.Hidden(golden.input(false)).Float32s(), golden.Hidden); d > 1e-5 {
			t.Errorf("hidden states differ by %g", d)
		}
		if shape := (classGolden{gptGolden: golden.gptGolden}).classLogits(m.(Classifier), false).Shape(); !slices.Equal(shape, []int64{4, 2}) {
			t.Errorf("logits are %v", shape)
		}
		more, err := WithClasses(m.Configuration(), []string{"a", "b", "c"}, SingleLabel)
		if err != nil {
			t.Fatal(err)
		}
		larger := Extend(m, more, 3)
		defer larger.Params().Free()
		if shape := (classGolden{gptGolden: golden.gptGolden}).classLogits(larger.(Classifier), false).Shape(); !slices.Equal(shape, []int64{4, 3}) {
			t.Errorf("logits are %v", shape)
		}
	})
	gpt, err := Preset("gpt-nano")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := WithClasses(gpt, []string{"a", "b"}, SingleLabel); err == nil {
		t.Error("a causal network gets a head that its first token cannot serve")
	}
}
