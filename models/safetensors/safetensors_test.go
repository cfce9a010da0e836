package safetensors

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const goldenDir = "../../testdata/safetensors"

// golden is what testdata/gen/safetensors_golden.py wrote.
type golden struct {
	Every map[string]struct {
		Shape   []int64
		Float32 []float32
	}
	EveryBytes map[string]string `json:"every_bytes"`
	Files      map[string]struct{ Hex, Reference string }
}

func readGolden(t testing.TB) golden {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(goldenDir, "golden.json"))
	if err != nil {
		t.Fatal(err)
	}
	var g golden
	if err := json.Unmarshal(text, &g); err != nil {
		t.Fatal(err)
	}
	return g
}

func open(t testing.TB, path string) *File {
	t.Helper()
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func TestReadsWhatTheReferenceWrote(t *testing.T) {
	g := readGolden(t)
	f := open(t, filepath.Join(goldenDir, "every.safetensors"))
	if f.Len() != len(g.EveryBytes) || f.Metadata()["format"] != "pt" {
		t.Fatalf("%d tensors, metadata %v", f.Len(), f.Metadata())
	}
	for name, want := range g.EveryBytes {
		got, ok := f.Tensor(name)
		if !ok || hex.EncodeToString(got.Data) != want {
			t.Errorf("%q: bytes %x, want %s", name, got.Data, want)
		}
	}
	for name, want := range g.Every {
		tensor, _ := f.Tensor(name)
		got, err := tensor.Float32s()
		if err != nil || len(got) != len(want.Float32) || len(tensor.Shape) != len(want.Shape) {
			t.Errorf("%q: %v %v, want %v", name, got, err, want)
			continue
		}
		for i := range got {
			if math.Float32bits(got[i]) != math.Float32bits(want.Float32[i]) {
				t.Errorf("%q[%d] = %g, want %g", name, i, got[i], want.Float32[i])
			}
		}
	}
	if b, _ := f.Tensor("bool"); b.DType != BOOL {
		t.Errorf("bool is %s", b.DType)
	} else if _, err := b.Float32s(); err == nil || !strings.Contains(err.Error(), "BOOL") {
		t.Errorf("a BOOL tensor gave floats: %v", err)
	}
}

// The same input gives the same bytes as Python's writer.
func TestWritesTheReferencesBytes(t *testing.T) {
	for _, name := range []string{"every.safetensors", "none.safetensors"} {
		path := filepath.Join(goldenDir, name)
		f := open(t, path)
		var sources []Source
		for _, x := range f.Tensors() {
			sources = append(sources, Source{Name: x.Name, DType: x.DType, Shape: x.Shape, Data: x.Data})
		}
		rand.New(rand.NewPCG(1, 2)).Shuffle(len(sources), func(i, j int) { sources[i], sources[j] = sources[j], sources[i] })
		out := filepath.Join(t.TempDir(), "out.safetensors")
		if err := Write(out, sources, f.Metadata()); err != nil {
			t.Fatal(err)
		}
		got, _ := os.ReadFile(out)
		want, _ := os.ReadFile(path)
		if !bytes.Equal(got, want) {
			t.Errorf("%s differs:\n%q\nwant\n%q", name, got, want)
		}
		if left, _ := filepath.Glob(filepath.Join(filepath.Dir(out), ".*")); len(left) > 0 {
			t.Errorf("left over: %v", left)
		}
	}
}

// Whatever the reference refuses is refused here, in one line naming the file;
// the three that it lets pass and we do not are named.
func TestDamagedFilesAreRefused(t *testing.T) {
	stricter := map[string]bool{"name_twice": true, "unknown_key": true, "leading_blank": true}
	for name, c := range readGolden(t).Files {
		data, err := hex.DecodeString(c.Hex)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := Open(path)
		if err == nil {
			f.Close()
		}
		if want := c.Reference == "opens" && !stricter[name]; want != (err == nil) {
			t.Errorf("%s: %v, the reference says %q", name, err, c.Reference)
		}
		var e *Error
		if err != nil && (!errors.As(err, &e) || e.Remedy == "" || e.File != path || strings.Contains(err.Error(), "\n")) {
			t.Errorf("%s: not one line with file and remedy: %q", name, err)
		}
	}
}

func TestErrorsNameTensorAndCause(t *testing.T) {
	for name, want := range map[string]string{
		"overlap":     `x: tensor "b": begins at byte 2 of the data, inside tensor "a" that ends at 4; fetch`,
		"hole":        `x: tensor "b": begins at byte 4 of the data, bytes 2 to 4 before it belong to no tensor; fetch`,
		"length_lies": `x: the header claims 1099511627776 bytes, the file has 2 after its first 8`,
		"size":        `x: tensor "a": shape [3] of U8 takes 3 bytes, the offsets span 4; fetch`,
		"name_twice":  `x: tensor "a": named twice in the header; fetch`,
	} {
		data, _ := hex.DecodeString(readGolden(t).Files[name].Hex)
		if _, err := Parse("x", data); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v\nwant %s...", name, err, want)
		}
	}
}

func TestOtherFormatsAreNamed(t *testing.T) {
	for data, want := range map[string]string{
		"PK\x03\x04rest of it": "zip archive", "\x80\x02}q\x00....": "pickle", "\x1f\x8b\x08abcdefgh": "gzip",
		`{"json": 1, "and": "so on"}`: "JSON", "<!DOCTYPE html><html>": "HTML", "version https://git-lfs.github.com/spec/v1": "LFS",
	} {
		if _, err := Parse("x", []byte(data)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", data, err)
		}
	}
}

func TestMissingFolderAndDeviceAreRefused(t *testing.T) {
	for path, want := range map[string]string{
		filepath.Join(t.TempDir(), "none"): "no such file", t.TempDir(): "it is a folder", os.DevNull: "not a plain file",
	} {
		if _, err := Open(path); err == nil || !strings.Contains(err.Error(), want) || strings.Count(err.Error(), path) != 1 {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestFailedWriteLeavesTheOldFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "model.safetensors")
	if err := Write(path, []Source{Float32Source("a", []float32{1}, 1)}, nil); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("broken")
	for _, bad := range [][]Source{
		{{Name: "a", DType: F32, Shape: []int64{2}, Data: []byte{1}}},
		{{Name: "a", DType: F32, Shape: []int64{2}, Stream: func(io.Writer) error { return broken }}},
		{{Name: "a", DType: "F99", Shape: []int64{0}}},
		{{Name: "a", DType: F32, Shape: []int64{-1}}},
		{{Name: "a", DType: F32, Shape: []int64{1 << 40, 1 << 40}}},
		{Float32Source("a", nil, 0), Float32Source("a", nil, 0)},
		{Float32Source("__metadata__", nil, 0)},
		{Float32Source("\xff", nil, 0)},
	} {
		if err := Write(path, bad, nil); err == nil || !strings.Contains(err.Error(), "model.safetensors") {
			t.Errorf("%v: %v", bad, err)
		}
	}
	f := open(t, path)
	if a, ok := f.Tensor("a"); !ok || len(a.Data) != 4 {
		t.Error("the old file is gone")
	}
	if files, _ := os.ReadDir(dir); len(files) != 1 {
		t.Errorf("left over: %v", files)
	}
	if err := Write(filepath.Join(dir, "no", "where"), nil, nil); err == nil || !strings.Contains(err.Error(), "cannot be written") {
		t.Errorf("a missing folder: %v", err)
	}
}

func TestHalfWidensExactly(t *testing.T) {
	for h := 0; h < 1<<16; h++ {
		sign, exp, frac := 1.0, h>>10&31, float64(h&1023)
		if h>>15 == 1 {
			sign = -1
		}
		want := sign * math.Ldexp(1024+frac, exp-25)
		if exp == 0 {
			want = sign * math.Ldexp(frac, -24)
		}
		got := float64(Float16(uint16(h)))
		switch {
		case exp == 31 && frac != 0:
			if !math.IsNaN(got) {
				t.Fatalf("%04x = %g", h, got)
			}
		case exp == 31:
			if !math.IsInf(got, int(sign)) {
				t.Fatalf("%04x = %g", h, got)
			}
		case got != want || math.Signbit(got) != math.Signbit(want):
			t.Fatalf("%04x = %g, want %g", h, got, want)
		}
	}
}

func TestRealFiles(t *testing.T) {
	root := os.Getenv("CLOZE_DATA")
	if root == "" {
		t.Skip("CLOZE_DATA is not set")
	}
	paths, _ := filepath.Glob(filepath.Join(root, "models", "*", "*", "model.safetensors"))
	paths = append(paths, filepath.Join(root, "models", "tiny_gpt2_random", "model.safetensors"))
	for _, path := range paths {
		f := open(t, path)
		for _, x := range f.Tensors() {
			if n, err := x.Float32s(); x.DType[0] == 'F' && (err != nil || int64(len(n)) != x.NumEl()) {
				t.Errorf("%s %s: %v", path, x.Name, err)
			}
		}
	}
	if len(paths) < 5 {
		t.Errorf("only %d files found", len(paths))
	}
}
