package models

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/go-cloze/cloze/models/torch"
)

// encoderGolden is what testdata/gen/models_bert.py wrote down of one of transformers' encoders, run over a padded batch.
type encoderGolden struct {
	gptGolden
	Hidden, Pairs []float32
}

// eachEncoder runs the body for every tiny encoder, without dropout; those without a head come only where bare is true.
func eachEncoder(t *testing.T, bare bool, body func(t *testing.T, golden encoderGolden, model Network, dir string)) {
	t.Helper()
	goldens := tinyGoldens[encoderGolden](t, "encoder_tiny")
	if len(goldens) < 7 {
		t.Fatalf("the golden holds %d models", len(goldens))
	}
	for name, golden := range goldens {
		if golden.Logits != nil || bare {
			t.Run(name, func(t *testing.T) {
				withTiny(t, filepath.Join(testdata, "encoder_tiny", name), withoutDropout, func(model Network, dir string) { body(t, golden, model, dir) })
			})
		}
	}
}

// tinyGoldens reads what is known of the networks of a folder of testdata, by their names.
func tinyGoldens[G any](t *testing.T, folder string) map[string]G {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(testdata, folder+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var goldens struct{ Models map[string]G }
	if err := json.Unmarshal(data, &goldens); err != nil {
		t.Fatal(err)
	}
	return goldens.Models
}

// withTiny runs the body with the network of a folder, its configuration changed, inside torch.Do.
func withTiny(t *testing.T, dir string, change func(Config) Config, body func(model Network, dir string)) {
	t.Helper()
	config, err := ReadConfig(filepath.Join(dir, "config.json"))
	if err != nil {
		t.Fatal(err)
	}
	onTorch(t, func() {
		defer torch.SetThreads(torch.Threads())
		torch.SetThreads(1) // the models are too small to be shared out
		model, err := Load(change(config), filepath.Join(dir, WeightsFile))
		if err != nil {
			t.Fatal(err)
		}
		defer model.Params().Free()
		body(model, dir)
	})
}

func withoutDropout(c Config) Config {
	if bert, ok := c.(BERTConfig); ok {
		bert.HiddenDrop, bert.AttnDrop = 0, 0
		return bert
	}
	return c // ModernBERT's has none
}

// TestEncodersEqualTransformers: rows of 7, 12, 1 and 5 tokens, packed here and padded there.
func TestEncodersEqualTransformers(t *testing.T) {
	eachEncoder(t, true, func(t *testing.T, golden encoderGolden, model Network, _ string) {
		hidden := model.Hidden(golden.input(false))
		// 1e-5 absolute on numbers of size 3: float32 with sums in another order.
		if d := largestDifference(hidden.Float32s(), golden.Hidden); d > 1e-5 {
			t.Errorf("hidden states differ by %g", d)
		}
		if golden.Pairs != nil {
			first := torch.FromInt64([]int64{0, 7, 19, 20}, 4)
			if d := largestDifference(model.(*BERT).Pairs(hidden.IndexSelect(0, first)).Float32s(), golden.Pairs); d > 1e-5 {
				t.Errorf("logits of pairs differ by %g", d)
			}
		}
		if golden.Logits == nil {
			return
		}
		if d := largestDifference(logits(model, golden.input(false)).Float32s(), golden.Logits); d > 1e-5 {
			t.Errorf("logits differ by %g", d)
		}
		if loss := golden.meanLoss(model, golden.input(false)).Item(); math.Abs(loss-golden.Loss) > 1e-6 {
			t.Errorf("loss %.8f, transformers %.8f", loss, golden.Loss)
		}
	})
}

func TestEncoderGradientsEqualTransformers(t *testing.T) {
	eachEncoder(t, false, func(t *testing.T, golden encoderGolden, model Network, dir string) {
		golden.compareGradients(t, model, filepath.Join(dir, "gradients.safetensors"))
	})
}

func TestEncoderTenAdamWStepsEqualTransformers(t *testing.T) {
	eachEncoder(t, false, func(t *testing.T, golden encoderGolden, model Network, _ string) {
		untrained := []string{}
		for param := range model.Params().All() {
			if golden.Pairs != nil && (param.Name == "cls.seq_relationship.weight" || param.Name == "bert.pooler.dense.weight") {
				untrained = append(untrained, param.Name)
			}
		}
		if len(untrained) > 0 {
			t.Skip("no loss reaches", untrained)
		}
		golden.compareSteps(t, model)
	})
}

// TestEncoderRowsNeverSeeEachOther: a row's numbers do not change with the rows beside it, and every token of a row sees all.
func TestEncoderRowsNeverSeeEachOther(t *testing.T) {
	eachEncoder(t, true, func(t *testing.T, golden encoderGolden, model Network, _ string) {
		offsets := []int32{0, 3, 5}
		run := func(ids, offsets []int32) []float32 {
			return model.Hidden(NewInput(ids, RowPositions(offsets), offsets, torch.CPU, false)).Float32s()
		}
		d := model.Configuration().Shape().Dim
		first := run([]int32{5, 6, 7, 8, 9}, offsets)
		second := run([]int32{5, 6, 50, 8, 9}, offsets)
		if d := largestDifference(first[3*d:], second[3*d:]); d != 0 {
			t.Errorf("row 2 changes by %g with row 1", d)
		}
		if largestDifference(first[:d], second[:d]) == 0 {
			t.Error("a row's first token does not change with its last")
		}
		// Alone or packed: 1e-5 absolute, as another number of rows may block the matrix products otherwise.
		if d := largestDifference(first[3*d:], run([]int32{8, 9}, []int32{0, 2})); d > 1e-5 {
			t.Errorf("row 2 alone differs by %g", d)
		}
	})
}

// TestABareEncoderGetsHeads: what it computes stays, the heads are fresh, and the other names find the same weights.
func TestABareEncoderGetsHeads(t *testing.T) {
	eachEncoder(t, true, func(t *testing.T, golden encoderGolden, model Network, dir string) {
		if golden.Logits != nil {
			return
		}
		config, err := WithHeads(model.Configuration(), true)
		if err != nil {
			t.Fatal(err)
		}
		larger := Extend(model, config, 4)
		defer larger.Params().Free()
		if d := largestDifference(larger.Hidden(golden.input(false)).Float32s(), golden.Hidden); d > 1e-5 {
			t.Errorf("hidden states differ by %g", d)
		}
		if table, bias := larger.Head(); table != larger.InputTable() || bias == nil {
			t.Error("the head is not tied, or has no bias")
		}
		if weight, ok := larger.Params().Get("cls.predictions.transform.dense.weight"); !ok || weight.Tensor.Mul(weight.Tensor).Mean().Sqrt().Item() < 0.015 {
			t.Error("the head's transform is missing or not fresh")
		}
		if _, ok := larger.Params().Get("bert.embeddings.word_embeddings.weight"); !ok {
			t.Error("the trunk has no prefix beside a head")
		}
	})
	distil, err := BERTPreset("distilbert-base")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := WithHeads(distil, true); err == nil {
		t.Error("distilbert has a head for pairs")
	}
}

func TestEncoderSameSeedSameBits(t *testing.T) {
	eachEncoder(t, false, func(t *testing.T, golden encoderGolden, loaded Network, _ string) {
		config := loaded.Configuration()
		switch c := config.(type) {
		case BERTConfig:
			c.HiddenDrop, c.AttnDrop = 0.1, 0.1
			config = c
		case ModernBERTConfig:
			c.EmbedDrop, c.AttnDrop, c.MLPDrop = 0.1, 0.1, 0.1
			config = c
		}
		golden.sameSeedSameBits(t, config)
	})
}
