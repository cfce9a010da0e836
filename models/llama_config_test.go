package models

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func TestLlamaPresetsHaveThePublishedSizes(t *testing.T) {
	published := map[string]int64{
		"llama-nano": 260_032, "llama-15m": 15_191_712, "llama-42m": 41_689_600, "llama-110m": 109_529_856,
		"smollm2-135m": 134_515_008, "tinyllama-1.1b": 1_100_048_384, "llama-3.2-1b": 1_235_814_400,
		"llama-3.2-3b": 3_212_749_824, "llama-2-7b": 6_738_415_616, "llama-3.1-8b": 8_030_261_248,
	}
	last := int64(0)
	for _, name := range LlamaPresets() {
		config, err := LlamaPreset(name)
		if err != nil {
			t.Fatal(err)
		}
		n := config.NumParams()
		if n != published[name] {
			t.Errorf("%s has %d parameters, published are %d", name, n, published[name])
		}
		if err := config.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if n < last {
			t.Errorf("%s is listed after a larger model", name)
		}
		last = n
	}
	if len(LlamaPresets()) != len(published) {
		t.Errorf("%d presets, %d sizes", len(LlamaPresets()), len(published))
	}
}

func TestPresetsOfAllFamiliesAreFoundByName(t *testing.T) {
	for _, name := range Presets() {
		config, err := Preset(name)
		if err != nil {
			t.Fatal(err)
		}
		data, err := config.ConfigJSON()
		if err != nil {
			t.Fatal(err)
		}
		again, err := ParseConfig(data)
		if err != nil || again.NumParams() != config.NumParams() || again.Shape() != config.Shape() {
			t.Errorf("%s does not come back from its config.json: %v", name, err)
		}
	}
	if _, err := Preset("llama-3.1-8"); err == nil || !strings.Contains(err.Error(), `"llama-3.1-8b"?`) {
		t.Error(err)
	}
}

func TestWrongLlamaSettingsAreNamed(t *testing.T) {
	for key, change := range map[string]func(*LlamaConfig){
		"num_hidden_layers":       func(c *LlamaConfig) { c.NumLayers = 0 },
		"num_attention_heads":     func(c *LlamaConfig) { c.NumHeads = 0 },
		"hidden_size":             func(c *LlamaConfig) { c.Dim = 4097 },
		"num_key_value_heads":     func(c *LlamaConfig) { c.NumKVHeads = 5 },
		"head_dim":                func(c *LlamaConfig) { c.HeadDim = 7 },
		"intermediate_size":       func(c *LlamaConfig) { c.InnerDim = 0 },
		"max_position_embeddings": func(c *LlamaConfig) { c.NumContext = -1 },
		"vocab_size":              func(c *LlamaConfig) { c.VocabSize = 1 << 40 },
		"hidden_act":              func(c *LlamaConfig) { c.Activation = "sylu" },
		"attention_dropout":       func(c *LlamaConfig) { c.AttnDrop = 1 },
		"rms_norm_eps":            func(c *LlamaConfig) { c.NormEpsilon = 0 },
		"initializer_range":       func(c *LlamaConfig) { c.InitStd = -1 },
		"rope_theta":              func(c *LlamaConfig) { c.RopeTheta = 1 },
		"rope_scaling.rope_type":  func(c *LlamaConfig) { c.RopeScaling.Type = "dynamic" },
		"rope_scaling.factor":     func(c *LlamaConfig) { c.RopeScaling.Type = "linear" },
		"rope_scaling.low_freq":   func(c *LlamaConfig) { c.RopeScaling = RopeScaling{Type: "llama3", Factor: 8} },
	} {
		config := DefaultLlama()
		change(&config)
		if err := config.Validate(); err == nil || !strings.Contains(err.Error(), "model."+key) {
			t.Errorf("%s: %v", key, err)
		}
		if _, err := New(config, 0); err == nil {
			t.Errorf("%s: New takes it", key)
		}
	}
}

func TestLlamaConfigJSONRefusesWhatItCannotCompute(t *testing.T) {
	for body, want := range map[string]string{
		`{"model_type": "mistral"}`:                                                                     "this build reads bert",
		`{"model_type": "llama", "pretraining_tp": 2}`:                                                  "pretraining_tp is 2",
		`{"model_type": "llama", "rope_scaling": 4}`:                                                    "rope_scaling is 4",
		`{"model_type": "llama", "hidden_size": "x"}`:                                                   `hidden_size is "x"; want int`,
		`{"model_type": "llama", "eos_token_id": "x"}`:                                                  "eos_token_id",
		`{"model_type": "llama", "rope_scaling": {"type": "dynamic", "factor": 2}}`:                     `"dynamic" is not supported`,
		`{"model_type": "llama", "rope_parameters": {"rope_type": "yarn", "factor": 2}}`:                `"yarn" is not supported`,
		`{"model_type": "llama", "rope_parameters": {"rope_theta": 1e4, "partial_rotary_factor": 0.5}}`: "partial_rotary_factor is 0.5",
		`{"model_type": "llama", "quantization_config": {"bits": 4}}`:                                   "quantization_config",
	} {
		if _, err := ParseConfig([]byte(body)); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %s", body, err, want)
		}
	}
}

func TestLlamaConfigsOfThreeAgesSayTheSame(t *testing.T) {
	want := RopeScaling{Type: "llama3", Factor: 8, LowFreqFactor: 1, HighFreqFactor: 4, OldContext: 8192}
	inner := `"factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 8192`
	for _, body := range []string{
		`{"model_type": "llama", "rope_theta": 500000.0, "rope_scaling": {"type": "llama3", ` + inner + `}}`,
		`{"model_type": "llama", "rope_theta": 500000.0, "rope_scaling": {"rope_type": "llama3", ` + inner + `}}`,
		`{"model_type": "llama", "rope_parameters": {"rope_type": "llama3", "rope_theta": 500000.0, ` + inner + `}}`,
	} {
		config, err := ParseLlamaConfig([]byte(strings.Replace(body, "{", `{"eos_token_id": [128001, 128009], "use_cache": true, `, 1)))
		if err != nil {
			t.Fatal(err)
		}
		if config.RopeTheta != 500000 || config.RopeScaling != want || config.NormEpsilon != 1e-6 || config.numKVHeads() != 32 {
			t.Errorf("%s is read as %+v", body, config)
		}
		out, err := config.ConfigJSON()
		if err != nil {
			t.Fatal(err)
		}
		again, err := ParseLlamaConfig(out)
		if err != nil {
			t.Fatal(err)
		}
		config.NumKVHeads, config.HeadDim = 32, 128 // written out
		if !reflect.DeepEqual(config.EOS, again.EOS) || config.RopeScaling != again.RopeScaling || string(again.Extra["use_cache"]) != "true" ||
			again.NumKVHeads != 32 || again.HeadDim != 128 || again.NormEpsilon != 1e-6 {
			t.Errorf("comes back as %+v, was %+v", again, config)
		}
	}
}

func FuzzParseLlamaConfig(f *testing.F) {
	golden, err := os.ReadFile(filepath.Join(testdata, "llama_tiny", "scaled", "config.json"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(golden)
	f.Add([]byte(`{"model_type": "llama", "rope_scaling": {"type": "linear", "factor": 1e99}, "eos_token_id": []}`))
	f.Add([]byte(`{"model_type": "llama", "rope_parameters": {"rope_type": null}, "num_key_value_heads": null}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		config, err := ParseLlamaConfig(data)
		if err != nil {
			return
		}
		out, err := config.ConfigJSON()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ParseLlamaConfig(out); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	})
}
