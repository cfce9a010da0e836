package models

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func ExamplePreset() {
	for _, name := range []string{"gpt2", "llama-3.2-1b", "llama-3.1-8b"} {
		config, err := Preset(name)
		if err != nil {
			fmt.Println(err)
			return
		}
		shape := config.Shape()
		fmt.Println(shape.ModelType, shape.NumLayers, "layers,", config.NumParams(), "parameters")
	}
	// Output:
	// gpt2 12 layers, 124439808 parameters
	// llama 16 layers, 1235814400 parameters
	// llama 32 layers, 8030261248 parameters
}

func FuzzWeightsIndex(f *testing.F) {
	f.Add([]byte(`{"metadata": {"total_size": 4}, "weight_map": {"a": "model-00001-of-00002.safetensors"}}`))
	f.Add([]byte(`{"weight_map": {"a": "../x", "b": "/etc/passwd", "c": ""}}`))
	f.Add([]byte(`{"weight_map": []}`))
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(dir, WeightsIndex)
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Skip(err)
		}
		files, err := openWeights(path) // nothing lies beside it
		if err == nil {
			files.close()
			t.Fatal("an index of no files was opened")
		}
		if !strings.HasPrefix(err.Error(), dir) {
			t.Errorf("the error names no file: %v", err)
		}
	})
}
