package train

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/go-cloze/cloze/models"
	"github.com/go-cloze/cloze/models/safetensors"
)

// Files of a checkpoint.
const (
	WeightsFile   = "model.safetensors"     // the parameters, under Hugging Face's names and in its layout
	OptimizerFile = "optimizer.safetensors" // exp_avg.NAME and exp_avg_sq.NAME of each parameter, float32, in the layout of the parameter in memory
	StateFile     = "state.json"            // State; written last, so a checkpoint that has it is whole
)

// StateVersion is the version of State that this code writes.
const StateVersion = 1

// State is state.json: what a run needs, beside weights and moments, to go on as if it had never stopped.
type State struct {
	Version     int                 `json:"version"`        // StateVersion
	Step        int                 `json:"step"`           // steps done
	Updates     int64               `json:"updates"`        // steps that changed the weights: the count that AdamW corrects its bias by
	Tokens      int64               `json:"tokens"`         // read so far
	Seed        uint64              `json:"seed"`           // the run's
	Reader      position            `json:"reader"`         // the next block to be read
	Accumulated int                 `json:"accumulated"`    // micro-batches of an unfinished step whose gradients would be lost; 0, since a step is always finished first
	Generator   []byte              `json:"generator"`      // state of libtorch's random generator, base64
	Best        Best                `json:"best"`           // the lowest validation loss so far
	SinceBest   int                 `json:"since_best"`     // evaluations since then
	DataSet     string              `json:"data_set"`       // fingerprint of the training set, hexadecimal
	Tokenizer   string              `json:"tokenizer"`      // sha256 of tokenizer.json
	Files       map[string]Checksum `json:"files"`          // of the checkpoint's other files, by name
	Evaluation  *Evaluation         `json:"eval,omitempty"` // of these very weights, where there was one
}

// Best is the lowest validation loss of a run.
type Best struct {
	Step int     `json:"step"` // 0 before the first evaluation
	Loss float64 `json:"loss"` // nats a target
}

// Checksum tells whether a file is what was written.
type Checksum struct {
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"` // hexadecimal
}

// save writes a checkpoint aside, and renames it when all of it is on the disk. It returns its path relative to the run folder.
// Run it inside torch.Do.
func (f *Folder) save(state State, params *models.Params, o *adamW) (name string, err error) {
	name = filepath.Join(CheckpointsDir, fmt.Sprintf("step-%07d", state.Step))
	final := filepath.Join(f.path, name)
	aside := filepath.Join(f.path, CheckpointsDir, "."+filepath.Base(name)+".tmp")
	if err := os.RemoveAll(aside); err != nil {
		return "", writeError(aside, err)
	}
	if err := os.Mkdir(aside, 0o755); err != nil {
		return "", writeError(aside, err)
	}
	defer func() {
		if err != nil {
			os.RemoveAll(aside)
		}
	}()
	if err := params.Save(filepath.Join(aside, WeightsFile)); err != nil {
		return "", err
	}
	if err := o.save(filepath.Join(aside, OptimizerFile)); err != nil {
		return "", err
	}
	state.Version, state.Files = StateVersion, map[string]Checksum{}
	for _, file := range []string{WeightsFile, OptimizerFile} {
		if state.Files[file], err = checksum(filepath.Join(aside, file)); err != nil {
			return "", err
		}
	}
	data, err := json.MarshalIndent(state, "", "  ")
	if err != nil {
		return "", fmt.Errorf("%s: %w", StateFile, err)
	}
	if err := writeFile(filepath.Join(aside, StateFile), append(data, '\n')); err != nil {
		return "", err
	}
	if err := os.Rename(aside, final); err != nil {
		return "", writeError(final, err)
	}
	if err := syncFolder(filepath.Dir(final)); err != nil {
		return "", writeError(final, err)
	}
	return name, nil
}

// point makes the file last or best name a checkpoint.
func (f *Folder) point(file, checkpoint string) error {
	return writeFile(filepath.Join(f.path, file), []byte(filepath.ToSlash(checkpoint)+"\n"))
}

// Checkpoint reads which checkpoint the file LastFile or BestFile of a run folder names, and returns its path.
func Checkpoint(run, file string) (string, error) {
	name := filepath.Join(run, file)
	data, err := os.ReadFile(name)
	if err != nil {
		return "", fmt.Errorf("%s: no checkpoint is named here: %w; let the run write one first", name, cause(err))
	}
	checkpoint := filepath.FromSlash(strings.TrimSpace(string(data)))
	if !filepath.IsLocal(checkpoint) {
		return "", fmt.Errorf("%s: names %q, which is not inside the run folder; write the path of a checkpoint, such as checkpoints/step-0001000", name, checkpoint)
	}
	return filepath.Join(run, checkpoint), nil
}

// save writes the moments of all parameters. Run it inside torch.Do.
func (o *adamW) save(path string) error {
	sources := make([]safetensors.Source, 0, 2*len(o.params))
	for i, p := range o.params {
		sources = append(sources,
			safetensors.Source{Name: "exp_avg." + p.Name, DType: safetensors.F32, Shape: p.Shape,
				Bytes: func() ([]byte, error) { return o.m[i].Bytes(), nil }},
			safetensors.Source{Name: "exp_avg_sq." + p.Name, DType: safetensors.F32, Shape: p.Shape,
				Bytes: func() ([]byte, error) { return o.v[i].Bytes(), nil }})
	}
	return safetensors.Write(path, sources, nil)
}

func checksum(path string) (Checksum, error) {
	file, err := os.Open(path)
	if err != nil {
		return Checksum{}, fmt.Errorf("%s: cannot be read back: %w", path, cause(err))
	}
	defer file.Close()
	hash := sha256.New()
	n, err := io.Copy(hash, file)
	if err != nil {
		return Checksum{}, fmt.Errorf("%s: cannot be read back: %w", path, cause(err))
	}
	return Checksum{Bytes: n, SHA256: hex.EncodeToString(hash.Sum(nil))}, nil
}
