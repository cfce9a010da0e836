package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/go-cloze/cloze"

// mayImport is the import lattice: what each room may import of this module. A folder may import its parent without
// an entry. Widening it is a decision about the design, not a fix: each arrow beyond the design's table has its
// reason beside it.
var mayImport = map[string][]string{
	"tokenize":         {},
	"tokenize/train":   {"tokenize"},
	"tokenize/words":   {},
	"tokenize/sugarme": {"tokenize"},
	"corpus": {"tokenize",
		"corpus/neardup"}, // what is not to be read is left out while reading
	"corpus/neardup":  {},
	"corpus/shard":    {"tokenize"},
	"corpus/labelled": {},
	"embeddings": {"tokenize", "models/safetensors", "objectives/metrics",
		"embeddings/fasttext"}, // .bin files are vectors, too
	// Models of the original tool: training writes them, classifiers ask them; formats and hashing need nothing of ours.
	"embeddings/fasttext": {},
	"embeddings/ann":      {"models/safetensors"}, // an index is a safetensors file
	"embeddings/reduce":   {},
	"embeddings/plot":     {},
	"objectives":          {"tokenize", "corpus"},
	"objectives/metrics":  {},
	"objectives/wordvec": {"tokenize", "corpus",
		"tokenize/words"}, // words by UAX #29
	// Judging needs labelled sets and measures; a folder of n-grams is opened here, so that a plain program can ask it.
	"objectives/classify": {"corpus", "corpus/labelled", "embeddings/fasttext", "objectives/metrics", "objectives/ngram"},
	// fastText's supervised model is a network, a loss and a loop in one, in plain Go: its hashing and its files are package fasttext's, its own
	// compact file is a safetensors file.
	"objectives/ngram":   {"embeddings/fasttext", "models/safetensors"},
	"models/safetensors": {},
	"models/torch":       {"models/torch/native"}, // its own kernels' sources, whose hash it compares
	// The sources of the kernels, plain Go, so that set-up can read them before libtorch exists.
	"models/torch/native": {},
	"models":              {"models/torch", "models/safetensors"},
	"objectives/loss":     {"objectives", "models", "models/torch"},
	"objectives/train": {"tokenize", "corpus", "embeddings", "objectives", "objectives/metrics", "objectives/loss",
		"models", "models/torch", "models/safetensors"},
	// The loop of word vectors beside train: its examples are package wordvec's, its sub-words those of fastText's own format.
	"objectives/train/hogwild": {"objectives/wordvec", "objectives/metrics", "embeddings/fasttext", "models/torch", "models/safetensors"},
	"models/pipeline": {"tokenize", "embeddings", "models", "models/torch", "models/safetensors",
		"objectives",         // a prompt and a text to be scored become batches as in training
		"objectives/metrics", // nats, perplexity and bits per byte of eval lm
		"objectives/loss",    // eval lm is the training loss without the training
		"objectives/train",   // reads the run folder that train writes
		// A classifier folder of an encoder has the card, and gives the answers, of every classifier; tasks are those of labelled sets.
		"objectives/classify", "corpus/labelled"},
	"cmd/cloze/config": {},
	"cmd/cloze/setup":  {"models/torch/native"},
	"cmd/cloze":        {"*"},
}

// onlyIn says which packages may import a third-party module: each stays behind one door.
var onlyIn = map[string][]string{
	"github.com/sugarme/gotch":           {"models/torch"},
	"github.com/spf13/cobra":             {"cmd/cloze"},
	"github.com/spf13/pflag":             {"cmd/cloze"},
	"github.com/schollz/progressbar":     {"cmd/cloze"},
	"github.com/goccy/go-yaml":           {"cmd/cloze/config"},
	"github.com/klauspost/compress":      {"corpus"},
	"github.com/parquet-go/parquet-go":   {"corpus", "cmd/cloze"}, // one reads texts, the other writes vectors
	"golang.org/x/term":                  {"cmd/cloze"},
	"golang.org/x/text":                  {"tokenize", "corpus"},
	"golang.org/x/sys":                   {"*"},
	"github.com/blevesearch/segment":     {"tokenize/words"},
	"gonum.org/v1/plot":                  {"embeddings/plot"},
	"gonum.org/v1/gonum":                 {"embeddings/reduce"}, // eigenvectors of a covariance matrix
	"github.com/sugarme/tokenizer":       {"tokenize/sugarme"},
	"honnef.co/go/tools/cmd/staticcheck": {},
}

// listed is what "go list -json" says of a package.
type listed struct {
	ImportPath string
	Dir        string
	GoFiles    []string
	CgoFiles   []string
	Imports    []string
	Deps       []string
	Error      *struct{ Err string }
}

// goList runs go list without building anything.
func goList(t *testing.T, env []string, args ...string) []listed {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list", "-e", "-json=ImportPath,Dir,GoFiles,CgoFiles,Imports,Deps,Error"}, args...)...)
	cmd.Dir = repository(t)
	cmd.Env = append(os.Environ(), env...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	var packages []listed
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := dec.Decode(&p); err == io.EOF {
			return packages
		} else if err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
}

// repository is the root of the checkout.
func repository(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func room(importPath string) string { return strings.TrimPrefix(importPath, module+"/") }

// examples are programs for readers and may import what a user may.
func isExample(room string) bool { return strings.HasPrefix(room, "examples/") }

func TestImportsKeepToTheTable(t *testing.T) {
	for _, p := range goList(t, []string{"CGO_ENABLED=1"}, "-tags", "torch", "./...") {
		from := room(p.ImportPath)
		if isExample(from) {
			continue
		}
		allowed, known := mayImport[from]
		if !known {
			t.Errorf("%s is not in the import table; the folders are fixed, name its place and what it may import", from)
			continue
		}
		for _, path := range p.Imports {
			if !strings.HasPrefix(path, module+"/") {
				continue
			}
			to := room(path)
			if to == filepath.Dir(from) || slices.Contains(allowed, to) || slices.Contains(allowed, "*") {
				continue
			}
			t.Errorf("%s imports %s, which the table does not allow (it may import %v)", from, to, allowed)
		}
	}
}

func TestThirdPartyStaysInsideOnePackage(t *testing.T) {
	for _, p := range goList(t, []string{"CGO_ENABLED=1"}, "-tags", "torch", "./...") {
		from := room(p.ImportPath)
		for _, path := range p.Imports {
			first, _, _ := strings.Cut(path, "/")
			if !strings.Contains(first, ".") || strings.HasPrefix(path, module) {
				continue
			}
			if err := fenced(from, path); err != nil {
				t.Error(err)
			}
		}
	}
}

func fenced(from, path string) error {
	for prefix, rooms := range onlyIn {
		if path != prefix && !strings.HasPrefix(path, prefix+"/") {
			continue
		}
		if slices.Contains(rooms, "*") || slices.Contains(rooms, from) {
			if prefix == "github.com/sugarme/gotch" && path != prefix+"/libtch" {
				return fmt.Errorf("%s imports %s; of gotch only libtch is used", from, path)
			}
			return nil
		}
		return fmt.Errorf("%s imports %s, which only %v may", from, path, rooms)
	}
	return fmt.Errorf("%s imports %s, a module that is not in the list; a dependency needs its reason and its one package", from, path)
}

// plainRooms build without cgo, without go.work and without libtorch.
var plainRooms = []string{"./tokenize/...", "./corpus/...", "./embeddings/...", "./objectives", "./objectives/classify", "./objectives/metrics", "./objectives/ngram", "./objectives/wordvec",
	"./models/safetensors", "./models/torch/native", "./cmd/cloze/..."}

func TestPlainRoomsNeedNoCgo(t *testing.T) {
	for _, p := range goList(t, []string{"CGO_ENABLED=0", "GOWORK=off"}, append([]string{"-deps"}, plainRooms...)...) {
		if p.Error != nil {
			t.Errorf("%s: %s", p.ImportPath, p.Error.Err)
		}
		if strings.HasPrefix(p.ImportPath, "github.com/sugarme/gotch") || p.ImportPath == module+"/models/torch" {
			t.Errorf("a plain room depends on %s", p.ImportPath)
		}
		if len(p.CgoFiles) > 0 {
			t.Errorf("%s has cgo files %v with CGO_ENABLED=0", p.ImportPath, p.CgoFiles)
		}
	}
	// With cgo on, only the standard library may still have C in it.
	for _, p := range goList(t, []string{"CGO_ENABLED=1", "GOWORK=off"}, append([]string{"-deps"}, plainRooms...)...) {
		first, _, _ := strings.Cut(p.ImportPath, "/")
		if len(p.CgoFiles) > 0 && strings.Contains(first, ".") {
			t.Errorf("%s has cgo files %v", p.ImportPath, p.CgoFiles)
		}
	}
}
