package safetensors_test

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/go-cloze/cloze/models/safetensors"
)

func Example() {
	dir, _ := os.MkdirTemp("", "")
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "model.safetensors")

	err := safetensors.Write(path, []safetensors.Source{
		safetensors.Float32Source("wte.weight", []float32{1, 2, 3, 4, 5, 6}, 2, 3),
		{Name: "steps", DType: safetensors.I64, Shape: nil, Data: []byte{7, 0, 0, 0, 0, 0, 0, 0}},
	}, map[string]string{"format": "pt"})
	if err != nil {
		fmt.Println(err)
		return
	}

	f, err := safetensors.Open(path)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer f.Close()
	for _, t := range f.Tensors() {
		fmt.Println(t.Name, t.DType, t.Shape, len(t.Data))
	}
	wte, _ := f.Tensor("wte.weight")
	numbers, _ := wte.Float32s()
	fmt.Println(numbers)
	// Output:
	// steps I64 [] 8
	// wte.weight F32 [2 3] 24
	// [1 2 3 4 5 6]
}
