package pipeline

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/go-cloze/cloze/models"
	"github.com/go-cloze/cloze/models/torch"
	"github.com/go-cloze/cloze/tokenize"
)

// LM is a language model with its tokenizer, open for use. Close it.
type LM struct {
	Model     models.Network
	Tokenizer *tokenize.Tokenizer
	Weights   string  // the file that the weights came from
	Ends      []int32 // ids that end a text beside the tokenizer's own end of text
	Note      string  // what a user should know about the folder, "" for nothing
}

// Open opens a run folder (its newest checkpoint) or a Hugging Face folder.
func Open(path string) (*LM, error) { return Options{}.Open(path) }

// Options say which of a folder's weights are wanted.
type Options struct {
	// Checkpoint is last (also ""), best, or the name of a folder under checkpoints, step-0001000. A Hugging
	// Face folder has only its one.
	Checkpoint string
}

// Open opens a run folder or a Hugging Face folder.
func (o Options) Open(path string) (*LM, error) {
	configPath, weightsPath, err := o.locate(path)
	if err != nil {
		return nil, err
	}
	config, err := models.ReadConfig(configPath)
	if err != nil {
		return nil, err
	}
	tokenizer, err := tokenize.Open(path)
	if err != nil {
		return nil, err
	}
	note, err := models.CheckVocab(config.Shape().VocabSize, tokenizer.VocabSize(), nil)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	lm := &LM{Tokenizer: tokenizer, Weights: weightsPath, Note: note}
	if err := lm.readEnds(path, config); err != nil {
		return nil, err
	}
	err = torch.Do(func() (err error) {
		lm.Model, err = models.Load(config, weightsPath)
		return err
	})
	if err != nil {
		return nil, err
	}
	return lm, nil
}

// ReadConfig reads the configuration of the network in a run folder or a Hugging Face folder, without its weights.
func ReadConfig(path string) (models.Config, error) {
	configPath, _, err := Options{}.locate(path)
	if err != nil {
		return nil, err
	}
	return models.ReadConfig(configPath)
}

// Close frees the model. A second call does nothing.
func (lm *LM) Close() error {
	return torch.Do(func() error {
		lm.Model.Params().Free()
		torch.ForgetBest()
		return nil
	})
}

// locate finds the configuration and the weights in a folder.
func (o Options) locate(dir string) (config, weights string, err error) {
	info, err := os.Stat(dir)
	if err != nil {
		return "", "", fmt.Errorf("%s: there is no such folder; give a run folder or a Hugging Face folder", dir)
	}
	if !info.IsDir() {
		if err := models.RefusePickle(dir); err != nil {
			return "", "", err
		}
		return "", "", fmt.Errorf("%s: is a file; give the folder of the run or model", dir)
	}
	if config = filepath.Join(dir, "config.json"); exists(config) {
		if o.Checkpoint != "" && o.Checkpoint != "last" {
			return "", "", fmt.Errorf("%s: is a Hugging Face folder, which has no checkpoint %s", dir, o.Checkpoint)
		}
		for _, name := range []string{models.WeightsFile, models.WeightsIndex} {
			if weights = filepath.Join(dir, name); exists(weights) {
				return config, weights, nil
			}
		}
		return "", "", missingWeights(dir)
	}
	if config = filepath.Join(dir, "model.json"); !exists(config) {
		return "", "", fmt.Errorf("%s: holds neither config.json (a Hugging Face folder) nor model.json (a run folder)", dir)
	}
	checkpoint, err := o.checkpoint(dir)
	if err != nil {
		return "", "", err
	}
	return config, filepath.Join(checkpoint, "model.safetensors"), nil
}

// checkpoint finds the wanted checkpoint of a run: the files last and best hold its path in the run folder.
func (o Options) checkpoint(run string) (string, error) {
	checkpoint := filepath.Join("checkpoints", o.Checkpoint)
	if o.Checkpoint == "" || o.Checkpoint == "last" || o.Checkpoint == "best" {
		pointer := filepath.Join(run, "last")
		if o.Checkpoint == "best" {
			pointer = filepath.Join(run, "best")
		}
		data, err := os.ReadFile(pointer)
		if errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("%s: the run has not written a checkpoint yet", pointer)
		}
		if err != nil {
			return "", err
		}
		checkpoint = filepath.FromSlash(strings.TrimSpace(string(data)))
	}
	if !filepath.IsLocal(checkpoint) {
		return "", fmt.Errorf("%s: checkpoint %q is not inside the run folder", run, checkpoint)
	}
	if checkpoint = filepath.Join(run, checkpoint); !exists(filepath.Join(checkpoint, "model.safetensors")) {
		return "", fmt.Errorf("%s: holds no model.safetensors; choose another folder of %s", checkpoint, filepath.Join(run, "checkpoints"))
	}
	return checkpoint, nil
}

// missingWeights names what a Hugging Face folder has instead of model.safetensors.
func missingWeights(dir string) error {
	if pickle := models.PickleIn(dir); pickle != "" {
		return fmt.Errorf("%s %s", pickle, models.PickleRemedy(dir))
	}
	return fmt.Errorf("%s: holds no model.safetensors", dir)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
