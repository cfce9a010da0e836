package models

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/go-cloze/cloze/models/safetensors"
)

// TestBERTPresetsHaveThePublishedSizes: of ForMaskedLM, counted by transformers 5.24 (num_parameters).
func TestBERTPresetsHaveThePublishedSizes(t *testing.T) {
	published := map[string]int64{
		"bert-tiny": 4_416_698, "bert-mini": 11_201_594, "bert-small": 28_795_194, "bert-medium": 41_404_730, "bert-base": 109_514_298,
		"bert-large": 335_174_458, "minilm-l6": 22_744_506, "minilm-l12": 33_391_290, "roberta-base": 124_697_433,
		"xlm-roberta-base": 278_295_186, "distilbert-base": 66_985_530, "xlm-mini": 11_135_290, "xlm-mlm-tlm": 249_071_384,
	}
	for _, name := range BERTPresets() {
		config, err := BERTPreset(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := config.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if n := config.NumParams(); n != published[name] {
			t.Errorf("%s has %d parameters, published are %d", name, n, published[name])
		}
	}
}

func TestWrongBERTSettingsAreNamed(t *testing.T) {
	for key, change := range map[string]func(*BERTConfig){
		"model_type":                   func(c *BERTConfig) { c.Type = "albert" },
		"num_hidden_layers":            func(c *BERTConfig) { c.NumLayers = 0 },
		"num_attention_heads":          func(c *BERTConfig) { c.NumHeads = 0 },
		"hidden_size":                  func(c *BERTConfig) { c.Dim = 769 },
		"intermediate_size":            func(c *BERTConfig) { c.InnerDim = 0 },
		"max_position_embeddings":      func(c *BERTConfig) { c.Type, c.PadID, c.NumPositions = "roberta", 1, 2 },
		"vocab_size":                   func(c *BERTConfig) { c.VocabSize = 1 << 40 },
		"type_vocab_size":              func(c *BERTConfig) { c.Type = "distilbert" },
		"n_langs":                      func(c *BERTConfig) { c.NumLanguages = 2 },
		"hidden_act":                   func(c *BERTConfig) { c.Activation = "gelo" },
		"hidden_dropout_prob":          func(c *BERTConfig) { c.HiddenDrop = 1 },
		"attention_probs_dropout_prob": func(c *BERTConfig) { c.AttnDrop = -0.1 },
		"layer_norm_eps":               func(c *BERTConfig) { c.Type, c.NumSegments, c.NormEpsilon = "distilbert", 0, 1e-5 },
		"initializer_range":            func(c *BERTConfig) { c.InitStd = -1 },
		"pad_token_id":                 func(c *BERTConfig) { c.PadID = -1 },
	} {
		config := DefaultBERT()
		change(&config)
		if err := config.Validate(); err == nil || !strings.Contains(err.Error(), "model."+key) {
			t.Errorf("%s: %v", key, err)
		}
		if _, err := New(config, 0); err == nil {
			t.Errorf("%s: New takes it", key)
		}
	}
	xlm := DefaultBERT()
	xlm.Type, xlm.NumSegments, xlm.InnerDim = "xlm", 0, 100
	if err := xlm.Validate(); err == nil || !strings.Contains(err.Error(), "intermediate_size") {
		t.Error(err)
	}
}

func TestBERTConfigJSONRefusesWhatItCannotCompute(t *testing.T) {
	for body, want := range map[string]string{
		`{"model_type": "bert", "position_embedding_type": "relative_key"}`: "position_embedding_type",
		`{"model_type": "bert", "is_decoder": true}`:                        "is_decoder is true",
		`{"model_type": "xlm", "causal": true}`:                             "causal is true",
		`{"model_type": "xlm", "asm": true}`:                                "asm is true",
		`{"model_type": "bert", "hidden_size": "x"}`:                        `hidden_size is "x"; want int`,
		`{"model_type": "distilbert", "dim": "x"}`:                          "want int",
		`{"model_type": "albert"}`:                                          "reads bert, camembert",
	} {
		if _, err := ParseConfig([]byte(body)); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %s", body, err, want)
		}
	}
}

// TestEncodersComeBackFromTheirFolders: saved under the names that the golden's folder has, with the same configuration,
// numbers and heads.
func TestEncodersComeBackFromTheirFolders(t *testing.T) {
	eachEncoder(t, true, func(t *testing.T, golden encoderGolden, model Network, dir string) {
		saved := t.TempDir()
		config, names, err := SaveHF(model, saved, 1<<30)
		if err != nil || len(names) != 1 {
			t.Fatal(names, err)
		}
		written, err := safetensors.Open(filepath.Join(saved, WeightsFile))
		if err != nil {
			t.Fatal(err)
		}
		defer written.Close()
		theirs, err := safetensors.Open(filepath.Join(dir, WeightsFile))
		if err != nil {
			t.Fatal(err)
		}
		defer theirs.Close()
		for _, tensor := range written.Tensors() {
			if _, ok := theirs.Tensor(tensor.Name); !ok && tensor.Name != "roberta.embeddings.word_embeddings.weight" { // tied, saved under its other name
				t.Errorf("%s is not a name of transformers", tensor.Name)
			}
		}
		data, err := config.ConfigJSON()
		if err != nil {
			t.Fatal(err)
		}
		again, err := ParseConfig(data)
		if err != nil {
			t.Fatal(err)
		}
		if was, ok := model.Configuration().(BERTConfig); ok {
			is := again.(BERTConfig)
			is.Head, is.Pooler, is.PairHead, is.twoBiases = was.Head, was.Pooler, was.PairHead, was.twoBiases
			again = is
		}
		if !reflect.DeepEqual(model.Configuration(), again) {
			t.Errorf("was %+v\nis  %+v", model.Configuration(), again)
		}
		loaded, err := Load(again, filepath.Join(saved, WeightsFile))
		if err != nil {
			t.Fatal(err)
		}
		defer loaded.Params().Free()
		if d := largestDifference(logits(loaded, golden.input(false)).Float32s(), logits(model, golden.input(false)).Float32s()); d != 0 {
			t.Errorf("logits differ by %g", d)
		}
	})
}

func FuzzParseBERTConfig(f *testing.F) {
	for _, name := range []string{"bert", "xlm", "distilbert", "roberta"} {
		golden, err := os.ReadFile(filepath.Join(testdata, "encoder_tiny", name, "config.json"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(golden)
	}
	f.Add([]byte(`{"model_type": "xlm", "use_lang_emb": false, "gelu_activation": null, "n_langs": 1e99}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		config, err := ParseBERTConfig(data)
		if err != nil {
			return
		}
		out, err := config.ConfigJSON()
		if err != nil {
			t.Fatal(err)
		}
		again, err := ParseBERTConfig(out)
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		if again.Shape() != config.Shape() {
			t.Fatalf("%+v comes back as %+v", config, again)
		}
	})
}

func FuzzParseModernBERTConfig(f *testing.F) {
	golden, err := os.ReadFile(filepath.Join(testdata, "encoder_tiny", "modernbert", "config.json"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(golden)
	f.Add([]byte(`{"model_type": "modernbert", "global_rope_theta": 1e5, "local_rope_theta": 1e4, "global_attn_every_n_layers": 3}`))
	f.Add([]byte(`{"model_type": "modernbert", "num_hidden_layers": 2, "layer_types": ["full_attention", "full_attention"], "rope_parameters": {"full_attention": null}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		config, err := ParseModernBERTConfig(data)
		if err != nil {
			return
		}
		out, err := config.ConfigJSON()
		if err != nil {
			t.Fatal(err)
		}
		again, err := ParseModernBERTConfig(out)
		if err != nil || again.Shape() != config.Shape() {
			t.Fatalf("%+v comes back as %+v: %v", config, again, err)
		}
	})
}

func TestModernBERTPresetsAndRefusals(t *testing.T) {
	published := map[string]int64{"modernbert-mini": 16_356_032, "modernbert-base": 149_655_232, "modernbert-large": 395_881_664}
	for _, name := range ModernBERTPresets() {
		config, err := ModernBERTPreset(name)
		if err != nil || config.Validate() != nil || config.NumParams() != published[name] {
			t.Errorf("%s has %d parameters, published are %d (%v, %v)", name, config.NumParams(), published[name], err, config.Validate())
		}
	}
	for body, want := range map[string]string{
		`{"model_type": "modernbert", "num_hidden_layers": 3, "layer_types": ["sliding_attention", "full_attention", "full_attention"]}`: "layer_types has",
		`{"model_type": "modernbert", "layer_types": ["full_attention"]}`:                                                                "22 layers",
		`{"model_type": "modernbert", "rope_parameters": {"full_attention": {"rope_type": "yarn"}}}`:                                     "rope_type is \"yarn\"",
		`{"model_type": "modernbert", "local_attention": 0}`:                                                                             "local_attention is 0",
		`{"model_type": "modernbert", "num_attention_heads": 7}`:                                                                         "num_attention_heads 7",
	} {
		if _, err := ParseConfig([]byte(body)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", body, err, want)
		}
	}
}
