package safetensors

import (
	"bytes"
	"encoding/hex"
	"os"
	"path/filepath"
	"testing"
)

// FuzzOpen: no input panics; what opens covers its data without a gap, and is
// written back and read again as the same tensors.
func FuzzOpen(f *testing.F) {
	for _, c := range readGolden(f).Files {
		data, _ := hex.DecodeString(c.Hex)
		f.Add(data)
	}
	every, err := os.ReadFile(filepath.Join(goldenDir, "every.safetensors"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(every)
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := Parse("fuzz", data)
		if err != nil {
			if bytes.ContainsRune([]byte(err.Error()), '\n') {
				t.Errorf("two lines: %q", err)
			}
			return
		}
		var sources []Source
		total := 0
		for _, x := range file.Tensors() {
			_, _ = x.Float32s()
			total += len(x.Data)
			sources = append(sources, Source{Name: x.Name, DType: x.DType, Shape: x.Shape, Data: x.Data})
		}
		if total > len(data) {
			t.Fatalf("%d bytes of tensors in %d", total, len(data))
		}
		var out bytes.Buffer
		if err := Encode(&out, sources, file.Metadata()); err != nil {
			t.Fatal(err)
		}
		again, err := Parse("again", out.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range file.Tensors() {
			if y, ok := again.Tensor(x.Name); !ok || y.DType != x.DType || !bytes.Equal(x.Data, y.Data) {
				t.Fatalf("%q changed", x.Name)
			}
		}
		if len(again.Metadata()) != len(file.Metadata()) {
			t.Fatal("metadata changed")
		}
	})
}
