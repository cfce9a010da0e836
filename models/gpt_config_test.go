package models

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestPresetsHaveThePublishedSizes(t *testing.T) {
	published := map[string]int64{
		"gpt2": 124439808, "gpt2-medium": 354823168, "gpt2-large": 774030080, "gpt2-xl": 1557611200,
	}
	for name, want := range published {
		config, err := GPTPreset(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := config.NumParams(); got != want {
			t.Errorf("%s has %d parameters, published are %d", name, got, want)
		}
	}
}

func TestPresetsHoldWhatTheirCommentsSay(t *testing.T) {
	for name, blocks := range map[string]int64{"gpt-nano": 200064, "gpt-micro": 793344, "gpt-mini": 2669568, "gpt-small": 10647552} {
		config, err := GPTPreset(name)
		if err != nil {
			t.Fatal(err)
		}
		tables := int64((config.VocabSize + config.NumContext) * config.Dim)
		if got := config.NumParams() - tables; got != blocks {
			t.Errorf("%s: %d numbers outside its tables, want %d", name, got, blocks)
		}
	}
}

func TestEveryPresetIsValid(t *testing.T) {
	last := int64(0)
	for _, name := range GPTPresets() {
		config, err := GPTPreset(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := config.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if n := config.NumParams(); n < last {
			t.Errorf("%s (%d) is listed after a larger model (%d)", name, n, last)
		} else {
			last = n
		}
	}
}

func TestUnknownPresetSuggestsTheNearest(t *testing.T) {
	for word, want := range map[string]string{"gpt-nanno": `"gpt-nano"?`, "gpt2-midium": `"gpt2-medium"?`, "gpt2xl": `"gpt2-xl"?`, "llama": "known: [gpt-nano"} {
		_, err := GPTPreset(word)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", word, err, want)
		}
	}
}

func TestWrongSettingsAreNamed(t *testing.T) {
	for key, change := range map[string]func(*GPTConfig){
		"n_layer":             func(c *GPTConfig) { c.NumLayers = 0 },
		"n_head":              func(c *GPTConfig) { c.NumHeads = 7 },
		"n_embd":              func(c *GPTConfig) { c.Dim = -1 },
		"n_positions":         func(c *GPTConfig) { c.NumContext = 0 },
		"n_inner":             func(c *GPTConfig) { c.InnerDim = -5 },
		"vocab_size":          func(c *GPTConfig) { c.VocabSize = 1 << 40 },
		"attn_pdrop":          func(c *GPTConfig) { c.AttnDrop = 1 },
		"layer_norm_epsilon":  func(c *GPTConfig) { c.NormEpsilon = 0 },
		"initializer_range":   func(c *GPTConfig) { c.InitStd = -1 },
		"activation_function": func(c *GPTConfig) { c.Activation = "gelu_neu" },
	} {
		config := DefaultGPT()
		change(&config)
		if err := config.Validate(); err == nil || !strings.Contains(err.Error(), "model."+key) {
			t.Errorf("%s: %v", key, err)
		}
		if _, err := NewGPT(config, 0); err == nil {
			t.Errorf("%s: NewGPT takes it", key)
		}
	}
}

func TestConfigJSONRefusesWhatItCannotCompute(t *testing.T) {
	for body, want := range map[string]string{
		`{`:                       "line 1",
		`{"n_layer": 2}`:          `model_type is ""`,
		`{"model_type": "llama"}`: `model_type is "llama", want gpt2`,
		`{"model_type": 7}`:       "model_type",
		`{"model_type": "gpt2", "scale_attn_by_inverse_layer_idx": true}`: "scale_attn_by_inverse_layer_idx is true",
		`{"model_type": "gpt2", "quantization_config": {"bits": 4}}`:      `quantization_config is {"bits":4}`,
		`{"model_type": "gpt2", "add_cross_attention": true}`:             "add_cross_attention is true",
		`{"model_type": "gpt2", "n_layer": "two"}`:                        `n_layer is "two"; want int`,
		`{"model_type": "gpt2", "n_layer": 2.5}`:                          "n_layer is 2.5; want int",
		`{"model_type": "gpt2", "activation_function": "mish"}`:           "mish",
		`[1]`: "not a model's configuration",
	} {
		if _, err := ParseGPTConfig([]byte(body)); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %s", body, err, want)
		}
	}
}

func TestConfigJSONKeepsHarmlessKeys(t *testing.T) {
	body := `{"model_type": "gpt2", "n_layer": 3, "n_inner": null, "summary_type": "cls_index", "use_cache": true,
		"task_specific_params": {"text-generation": {"max_length": 50}}, "scale_attn_weights": true, "transformers_version": "4.0.0"}`
	config, err := ParseGPTConfig([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	if config.NumLayers != 3 || config.InnerDim != 0 || config.AttnDrop != 0.1 || !config.Bias || !config.TiedHead {
		t.Errorf("read as %+v", config)
	}
	out, err := config.ConfigJSON()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"summary_type": "cls_index"`, `"max_length": 50`, `"use_cache": true`, `"n_inner": null`, `"architectures"`} {
		if !strings.Contains(string(out), want) {
			t.Errorf("%s is not in\n%s", want, out)
		}
	}
	for _, no := range []string{"transformers_version", `"bias"`} {
		if strings.Contains(string(out), no) {
			t.Errorf("%s is in\n%s", no, out)
		}
	}
	again, err := ParseGPTConfig(out)
	if err != nil {
		t.Fatal(err)
	}
	second, _ := again.ConfigJSON()
	if string(second) != string(out) {
		t.Errorf("read back it is\n%s\nwas\n%s", second, out)
	}
}

func TestAConfigWithoutBiasesComesBack(t *testing.T) {
	config := DefaultGPT()
	config.Bias = false
	out, err := config.ConfigJSON()
	if err != nil {
		t.Fatal(err)
	}
	again, err := ParseGPTConfig(out)
	if err != nil || again.Bias {
		t.Errorf("bias %v, %v", again.Bias, err)
	}
}

func TestIDsOutsideTheTableAreRefused(t *testing.T) {
	ids := []int32{3, 49, 64, 50}
	_, err := CheckVocab(50, 65, ids)
	for _, want := range []string{"id 64", "token 2", "table of 50", "65 tokens"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %q", err, want)
		}
	}
	if _, err := CheckVocab(50, 65, nil); err == nil || !strings.Contains(err.Error(), "id 50 has no row") {
		t.Errorf("without data: %v", err)
	}
	if _, err := CheckVocab(50, 50, []int32{-1}); err == nil {
		t.Error("a negative id is accepted")
	}
	note, err := CheckVocab(65, 50, []int32{0, 49})
	if err != nil || !strings.Contains(note, "15 rows stay unused") {
		t.Errorf("larger table: %q, %v", note, err)
	}
	if note, err := CheckVocab(50, 50, ids[:2]); note != "" || err != nil {
		t.Errorf("equal sizes: %q, %v", note, err)
	}
}

func FuzzParseGPTConfig(f *testing.F) {
	golden, err := os.ReadFile(filepath.Join(testdata, "gpt2_tiny", "config.json"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(golden)
	f.Add([]byte(`{"model_type": "gpt2", "n_inner": null, "n_layer": 1e99, "bos_token_id": -1}`))
	f.Add([]byte(`{"model_type": "gpt2", "Extra": {"a": [1]}, "summary_type": "\u0000"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		config, err := ParseGPTConfig(data)
		if err != nil {
			return
		}
		out, err := config.ConfigJSON()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ParseGPTConfig(out); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	})
}
