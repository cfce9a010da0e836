package pipeline

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Sentence says how the vectors of a text's tokens become the text's, as sentence-transformers keeps it in a folder.
type Sentence struct {
	Pooling   string // one of Poolings; "" where the folder does not say
	Normalize bool   // the vector is scaled to length 1
	MaxTokens int    // longest text, template and all; 0 where the folder does not say
	Lower     bool   // texts are made lower case first
	Prompt    string // put before every text
}

// The files of a sentence-transformers folder.
const (
	modulesFile  = "modules.json"
	sentenceFile = "sentence_bert_config.json"
	promptsFile  = "config_sentence_transformers.json"
	poolingDir   = "1_Pooling"
)

// sentenceModule is a step of a sentence-transformers folder.
type sentenceModule struct {
	Index int    `json:"idx"`
	Name  string `json:"name"`
	Path  string `json:"path"`
	Type  string `json:"type"`
}

// sentenceLimits is sentence_bert_config.json.
type sentenceLimits struct {
	MaxTokens int  `json:"max_seq_length"`
	Lower     bool `json:"do_lower_case"`
}

// poolingKeys are the keys of 1_Pooling/config.json, true for the ways that are used; others are not computed here.
var poolingKeys = map[string]string{
	"pooling_mode_mean_tokens": "mean", "pooling_mode_cls_token": "cls", "pooling_mode_lasttoken": "last", "pooling_mode_max_tokens": "max",
}

// ReadSentence reads what sentence-transformers keeps in a folder; all is zero where there is no modules.json.
func ReadSentence(dir string) (s Sentence, err error) {
	var modules []sentenceModule
	if found, err := readJSON(filepath.Join(dir, modulesFile), &modules); !found || err != nil {
		return s, err
	}
	for _, module := range modules {
		kind := module.Type[strings.LastIndex(module.Type, ".")+1:]
		switch kind {
		case "Transformer":
			if module.Path != "" && module.Path != "." {
				return s, fmt.Errorf("%s: the network is in its folder %s; open that", filepath.Join(dir, modulesFile), module.Path)
			}
		case "Pooling":
			if s.Pooling, err = readPooling(filepath.Join(dir, filepath.FromSlash(module.Path), "config.json")); err != nil {
				return s, err
			}
		case "Normalize":
			s.Normalize = true
		default:
			return s, fmt.Errorf("%s: a step of type %s is not computed here; there are Transformer, Pooling and Normalize", filepath.Join(dir, modulesFile), module.Type)
		}
	}
	var limits sentenceLimits
	if _, err := readJSON(filepath.Join(dir, sentenceFile), &limits); err != nil {
		return s, err
	}
	s.MaxTokens, s.Lower = max(limits.MaxTokens, 0), limits.Lower
	s.Prompt, err = readPrompt(filepath.Join(dir, promptsFile))
	return s, err
}

func readPooling(path string) (pooling string, err error) {
	var keys map[string]any
	found, err := readJSON(path, &keys)
	if err != nil {
		return "", err
	}
	if !found {
		return "", fmt.Errorf("%s: is missing, but %s names it; fetch it", path, modulesFile)
	}
	var modes []string
	if mode, ok := keys["pooling_mode"].(string); ok { // sentence-transformers 6
		modes = append(modes, strings.TrimSuffix(mode, "token"))
	}
	for key, on := range keys {
		if on == true && strings.HasPrefix(key, "pooling_mode_") {
			modes = append(modes, poolingKeys[key])
		}
	}
	if len(modes) != 1 || !slices.Contains(Poolings(), modes[0]) {
		return "", fmt.Errorf("%s: pools in a way that is not computed here, or in several; there are %s", path, strings.Join(Poolings(), ", "))
	}
	return modes[0], nil
}

// readPrompt returns the text that the folder puts before every text.
func readPrompt(path string) (string, error) {
	var c struct {
		Prompts map[string]string `json:"prompts"`
		Default string            `json:"default_prompt_name"`
	}
	if _, err := readJSON(path, &c); err != nil {
		return "", err
	}
	prompt, ok := c.Prompts[c.Default]
	if c.Default != "" && !ok {
		return "", fmt.Errorf("%s: default_prompt_name is %q, which is not among prompts", path, c.Default)
	}
	return prompt, nil
}

// readJSON fills to from a file and says whether there is one.
func readJSON(path string, to any) (found bool, err error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if err := json.Unmarshal(data, to); err != nil {
		return true, fmt.Errorf("%s: %w; fetch it again", path, err)
	}
	return true, nil
}

// write writes the files that make a Hugging Face folder one of sentence-transformers.
func (s Sentence) write(dir string, dim int) error {
	const package_ = "sentence_transformers.models."
	modules := []sentenceModule{{0, "0", "", package_ + "Transformer"}, {1, "1", poolingDir, package_ + "Pooling"}}
	if s.Normalize {
		modules = append(modules, sentenceModule{2, "2", "2_Normalize", package_ + "Normalize"})
	}
	pooling := map[string]any{"word_embedding_dimension": dim, "include_prompt": true}
	for key, mode := range poolingKeys {
		pooling[key] = mode == s.Pooling
	}
	prompts := map[string]any{"prompts": map[string]string{}, "default_prompt_name": nil, "similarity_fn_name": "cosine"}
	if s.Prompt != "" {
		prompts["prompts"], prompts["default_prompt_name"] = map[string]string{"text": s.Prompt}, "text"
	}
	if err := os.MkdirAll(filepath.Join(dir, poolingDir), 0o755); err != nil {
		return err
	}
	for name, content := range map[string]any{
		modulesFile: modules, sentenceFile: sentenceLimits{s.MaxTokens, s.Lower}, promptsFile: prompts, filepath.Join(poolingDir, "config.json"): pooling,
	} {
		if err := writeJSON(filepath.Join(dir, name), content); err != nil {
			return err
		}
	}
	return nil
}
