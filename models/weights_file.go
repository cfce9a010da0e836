package models

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/go-cloze/cloze/models/safetensors"
)

// The names that Hugging Face's folders give to weights: one file, or the index of several.
const (
	WeightsFile  = "model.safetensors"
	WeightsIndex = "model.safetensors.index.json"
)

// weightFiles are the open files that together hold a model's tensors.
type weightFiles struct {
	path    string // what was asked for, for messages
	files   []*safetensors.File
	tensors []safetensors.Tensor
}

// weightsIndex is Hugging Face's list of which file holds which tensor.
type weightsIndex struct {
	Metadata  map[string]any    `json:"metadata"`
	WeightMap map[string]string `json:"weight_map"`
}

// openWeights opens a safetensors file, or all files that an index (a path that ends in .index.json) names.
func openWeights(path string) (*weightFiles, error) {
	w := &weightFiles{path: path}
	if !strings.HasSuffix(path, ".index.json") {
		if err := RefusePickle(path); err != nil {
			return nil, err
		}
		return w, w.open(path)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var index weightsIndex
	if err := json.Unmarshal(data, &index); err != nil {
		return nil, fmt.Errorf("%s: not an index of weights: %w; fetch it again", path, jsonPlace(data, err))
	}
	if len(index.WeightMap) == 0 {
		return nil, fmt.Errorf("%s: weight_map names no tensor; fetch it again", path)
	}
	if err := w.openAll(index); err != nil {
		w.close()
		return nil, err
	}
	return w, nil
}

// openAll opens the files of an index and checks that each holds what the index says, and nothing else.
func (w *weightFiles) openAll(index weightsIndex) error {
	opened := map[string]bool{}
	for _, tensor := range sortedKeys(index.WeightMap) {
		name := index.WeightMap[tensor]
		if !filepath.IsLocal(name) || filepath.Base(name) != name {
			return fmt.Errorf("%s: %s is said to be in %q, which is not a file beside the index", w.path, tensor, name)
		}
		if opened[name] {
			continue
		}
		opened[name] = true
		if err := w.open(filepath.Join(filepath.Dir(w.path), name)); err != nil {
			return err
		}
	}
	found := map[string]bool{}
	for _, tensor := range w.tensors {
		if found[tensor.Name] {
			return fmt.Errorf("%s: two of its files hold %s; fetch them again", w.path, tensor.Name)
		}
		if index.WeightMap[tensor.Name] == "" {
			return fmt.Errorf("%s: does not list %s, which one of its files holds; fetch them again", w.path, tensor.Name)
		}
		found[tensor.Name] = true
	}
	for _, tensor := range sortedKeys(index.WeightMap) {
		if !found[tensor] {
			return fmt.Errorf("%s: %s lacks the tensor %s; fetch it again", w.path, index.WeightMap[tensor], tensor)
		}
	}
	return nil
}

func (w *weightFiles) open(path string) error {
	file, err := safetensors.Open(path)
	if err != nil {
		return err
	}
	w.files, w.tensors = append(w.files, file), append(w.tensors, file.Tensors()...)
	return nil
}

func (w *weightFiles) close() {
	for _, file := range w.files {
		_ = file.Close() // it was only read
	}
}

// holds says whether there is a tensor of that name, or of that name behind a trunk's prefix (bert.).
func (w *weightFiles) holds(name string) bool {
	return slices.ContainsFunc(w.tensors, func(t safetensors.Tensor) bool { return t.Name == name || strings.HasSuffix(t.Name, "."+name) })
}

func sortedKeys(m map[string]string) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// writeShards writes the tensors to dir: one file, or several of at most maxFileBytes of numbers each (one with a
// single larger tensor holds that alone) and their index. It returns the names of the files.
func writeShards(dir string, sources []safetensors.Source, maxFileBytes int64) (names []string, err error) {
	shards, total := cutShards(sources, maxFileBytes)
	if len(shards) == 1 {
		return []string{WeightsFile}, writeSources(filepath.Join(dir, WeightsFile), sources)
	}
	index := weightsIndex{Metadata: map[string]any{"total_size": total}, WeightMap: map[string]string{}}
	for i, shard := range shards {
		name := fmt.Sprintf("model-%05d-of-%05d.safetensors", i+1, len(shards))
		for _, source := range shard {
			index.WeightMap[source.Name] = name
		}
		if err := writeSources(filepath.Join(dir, name), shard); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	data, err := json.MarshalIndent(index, "", "  ")
	if err != nil {
		return nil, err
	}
	return append(names, WeightsIndex), os.WriteFile(filepath.Join(dir, WeightsIndex), append(data, '\n'), 0o644)
}

// cutShards fills one file after the other, in the order of construction.
func cutShards(sources []safetensors.Source, maxFileBytes int64) (shards [][]safetensors.Source, total int64) {
	var size int64
	for i, source := range sources {
		bytes := shapeNumEl(source.Shape) * int64(source.DType.Bits()) / 8
		if i == 0 || size+bytes > maxFileBytes {
			shards, size = append(shards, nil), 0
		}
		last := len(shards) - 1
		shards[last], size, total = append(shards[last], source), size+bytes, total+bytes
	}
	return shards, total
}

// SaveHF writes the weights to dir as Hugging Face's network of the family has them: model.safetensors, or several
// files and their index where they are more than maxFileBytes. It returns the configuration that goes with them and
// the names of the files. GPT-2 there always has biases: a model without gets zeros, which compute the same. Run it
// inside torch.Do.
func SaveHF(n Network, dir string, maxFileBytes int64) (Config, []string, error) {
	config, family := n.Configuration(), familyOf(n.Configuration())
	if family.hf != nil {
		config = family.hf(config)
	}
	var sources []safetensors.Source
	for param := range family.build(config, counting{}).Params().All() {
		own, exists := n.Params().Get(param.Name)
		if !exists {
			sources = append(sources, safetensors.Float32Source(param.Name, make([]float32, shapeNumEl(param.Shape)), param.Shape...))
			continue
		}
		parts, err := own.sources()
		if err != nil {
			return nil, nil, err
		}
		sources = append(sources, parts...)
	}
	names, err := writeShards(dir, sources, maxFileBytes)
	return config, names, err
}

// pickleNames are the files in which other tools keep weights as pickles or in formats of their own.
var pickleNames = []string{"*.bin", "*.bin.index.json", "*.pt", "*.pth", "*.ckpt", "*.pkl", "*.h5", "*.msgpack"}

// PickleIn returns the first file of dir that looks like weights in a pickle or another format that runs or hides
// code, or "".
func PickleIn(dir string) string {
	for _, pattern := range pickleNames {
		matches, _ := filepath.Glob(filepath.Join(dir, pattern)) // the patterns are well formed
		for _, match := range matches {
			if name := filepath.Base(match); name != "training_args.bin" && name != "optimizer.pt" && name != "scheduler.pt" {
				return match
			}
		}
	}
	return ""
}

// RefusePickle returns an error, with the line of Python that converts it, when the file at path is a pickle by its
// first bytes: torch.save's zip, the older bare pickle, or its tar. Nothing of it is ever unpickled: that runs code.
func RefusePickle(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return nil // whoever opens it next says what is wrong
	}
	defer file.Close()
	head := make([]byte, 4)
	if _, err := file.ReadAt(head, 0); err != nil {
		return nil
	}
	zip := string(head) == "PK\x03\x04"
	pickle := head[0] == 0x80 && head[1] >= 2 && head[1] <= 5 && (head[2] == 0x8a || head[2] == 0x95 || head[2] == '}' || head[2] == 'c')
	if !zip && !pickle {
		return nil
	}
	return errors.New(path + " " + PickleRemedy(filepath.Dir(path)))
}

// PickleRemedy is the end of a message about a pickle in the model folder dir: what it is and the line that converts.
func PickleRemedy(dir string) string {
	return fmt.Sprintf("is a pickle, which can run code and is never opened here; convert the model with "+
		`python -c "import transformers as t; [c.from_pretrained('%s').save_pretrained('%s-safetensors') for c in (t.AutoModelForCausalLM, t.AutoTokenizer)]"`, dir, dir)
}
