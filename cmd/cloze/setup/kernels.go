package setup

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/go-cloze/cloze/models/torch/native"
)

// kernels are the C++ files and the list of ops that this program carries; a
// variable so that a test can bring small ones.
var kernels = struct {
	files fs.FS
	hash  func() string
}{native.Files, native.Hash}

// readKernels reads the kernels, by their paths below models/torch/native. They
// must be those of the cloze that the module builds with, or its program would
// call functions that were not compiled: a cloze of another version says which
// one to run.
func readKernels(m module) (files map[string][]byte, ops []string, err error) {
	files = map[string][]byte{}
	err = fs.WalkDir(kernels.files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(name, ".go") {
			return err
		}
		files[name], err = fs.ReadFile(kernels.files, name)
		return err
	})
	if err != nil {
		return nil, nil, fmt.Errorf("setup: kernels of this program: %w", err)
	}
	// A cloze that is not downloaded yet has no folder to compare with.
	for name, text := range files {
		path := filepath.Join(m.ClozeDir, "models", "torch", "native", filepath.FromSlash(name))
		if there, err := os.ReadFile(path); m.ClozeDir != "" && (err != nil || !bytes.Equal(there, text)) {
			return nil, nil, fmt.Errorf("setup: %s: this cloze was built from other kernels than the module uses: run go run %s/cmd/cloze setup --module . in %s",
				path, clozePath, m.Dir)
		}
	}
	ops, err = parseOps(string(files["ops.txt"]))
	return files, ops, err
}
