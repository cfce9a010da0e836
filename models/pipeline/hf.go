package pipeline

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"

	"github.com/go-cloze/cloze/models"
	"github.com/go-cloze/cloze/models/torch"
	"github.com/go-cloze/cloze/tokenize"
)

// WriteHF writes a folder that transformers' AutoModelForCausalLM (or AutoModelForMaskedLM) and AutoTokenizer open as it is: config.json,
// model.safetensors (tied weights once; several files and their index above 5 GB), tokenizer.json, tokenizer_config.json,
// special_tokens_map.json and, of a network that writes text, generation_config.json. dir must not exist or be empty. The folder is read again before it gets its name;
// the report holds the largest difference of weights and logits.
func WriteHF(dir string, model models.Network, tokenizer *tokenize.Tokenizer) (Report, error) {
	lm := &LM{Model: model, Tokenizer: tokenizer}
	return lm.Export(dir, ExportOptions{Format: HF})
}

// writeHF writes the files of the folder, which exists.
func (lm *LM) writeHF(dir string, maxFileBytes int64) error {
	if _, err := models.CheckVocab(lm.Model.Configuration().Shape().VocabSize, lm.Tokenizer.VocabSize(), nil); err != nil {
		return err
	}
	var config models.Config
	err := torch.Do(func() (err error) {
		config, _, err = models.SaveHF(lm.Model, dir, maxFileBytes)
		return err
	})
	if err != nil {
		return err
	}
	special, files := lm.roles(), map[string]any{}
	if config.Shape().Causal {
		special = map[string]any{}
		generation := map[string]any{"_from_model_config": true}
		files["generation_config.json"] = generation
		if end, ok := lm.Tokenizer.EndOfText(); ok {
			begins, ends, err := textEnds(config, end)
			if err != nil {
				return err
			}
			generation["bos_token_id"], generation["eos_token_id"] = begins, ends
			if config, err = models.WithKeys(config, map[string]any{"bos_token_id": begins, "eos_token_id": ends}); err != nil {
				return err
			}
			special["eos_token"], _ = lm.Tokenizer.Token(end)
			if token, ok := lm.Tokenizer.Token(int32(begins[0])); ok {
				special["bos_token"] = token
			}
		}
	}
	configJSON, err := config.ConfigJSON()
	if err != nil {
		return err
	}
	// The general class: it takes all it does from tokenizer.json. gpt2's own would look for vocab.json too.
	tokenizerConfig := map[string]any{
		"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": config.Shape().NumContext, "clean_up_tokenization_spaces": false,
	}
	for name, token := range special {
		tokenizerConfig[name] = token
	}
	if err := os.WriteFile(filepath.Join(dir, "config.json"), configJSON, 0o644); err != nil {
		return err
	}
	files["tokenizer_config.json"], files["special_tokens_map.json"] = tokenizerConfig, special
	for name, content := range files {
		if err := writeJSON(filepath.Join(dir, name), content); err != nil {
			return err
		}
	}
	return lm.Tokenizer.Save(filepath.Join(dir, "tokenizer.json"))
}

// roles are the special tokens of an encoder by transformers' names for them.
func (lm *LM) roles() map[string]any {
	special, r := map[string]any{}, lm.Tokenizer.Roles()
	for name, id := range map[string]int32{"cls_token": r.CLS, "sep_token": r.SEP, "mask_token": r.Mask, "pad_token": r.Pad} {
		if token, ok := lm.Tokenizer.Token(id); ok {
			special[name] = token
		}
	}
	for _, name := range []string{"[UNK]", "<unk>"} {
		if id, ok := lm.Tokenizer.ID(name); ok && lm.Tokenizer.IsSpecial(id) {
			special["unk_token"] = name
			break
		}
	}
	return special
}

func writeJSON(path string, content any) error {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false) // <|endoftext|> stays readable
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(content); err != nil {
		return err
	}
	return os.WriteFile(path, out.Bytes(), 0o644)
}

// textEnds returns the ids that begin and end a text: those of the configuration where they fit the tokenizer, which
// ends a text with end, else that one id for both.
func textEnds(config models.Config, end int32) (begins, ends models.TokenIDs, err error) {
	ids, err := textIDsOf(config)
	if err != nil {
		return nil, nil, err
	}
	if len(ids.BOS) == 1 && slices.Contains(ids.EOS, int(end)) {
		return ids.BOS, ids.EOS, nil
	}
	return models.TokenIDs{int(end)}, models.TokenIDs{int(end)}, nil
}

// compareHF opens the folder and returns the largest difference to the model that was written: of all weights,
// and of the logits of a passage.
func (lm *LM) compareHF(dir string) (weights, logits float64, err error) {
	again, err := Open(dir)
	if err != nil {
		return 0, 0, err
	}
	defer again.Close()
	err = torch.Do(func() error {
		torch.NoGrad(func() {
			for param := range lm.Model.Params().All() {
				torch.Scope(func() {
					written, _ := again.Model.Params().Get(param.Name)
					weights = max(weights, largestDifference(param.Tensor, written.Tensor))
				})
			}
			ids := make([]int32, min(64, lm.Model.Configuration().Shape().NumContext))
			for i := range ids {
				ids[i] = int32(i * 7919 % lm.Tokenizer.VocabSize()) // spread over the vocabulary by a prime
			}
			logits = largestDifference(logitsOf(lm.Model, oneRow(ids)), logitsOf(again.Model, oneRow(ids)))
		})
		return nil
	})
	return weights, logits, err
}

// logitsOf is what the network says of every token, [N,V].
func logitsOf(m models.Model, in models.Input) *torch.Tensor {
	weight, bias := m.Head()
	return m.Transform(m.Hidden(in)).Linear(weight, bias)
}

// largestDifference of two tensors of one shape.
func largestDifference(a, b *torch.Tensor) float64 {
	d := a.Sub(b)
	flat := d.Mul(d).Reshape(-1)
	largest, _ := flat.Max(0)
	return largest.Sqrt().Item()
}
