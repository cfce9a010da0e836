package setup

import (
	"context"
	"debug/elf"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
)

// mapKernels is a set of kernels in memory.
type mapKernels map[string]string

func (m mapKernels) fs() fs.FS {
	files := fstest.MapFS{}
	for name, text := range m {
		files[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return files
}

// fakeLibtorch lays out a folder with a version and a libc10.so.
func fakeLibtorch(t *testing.T, version, libc10 string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"include/torch/csrc/api/include/torch/version.h": "#define TORCH_VERSION_MAJOR 2\n#define TORCH_VERSION \"" + version + "\"\n",
		"lib/libtorch_cpu.so":                            "x",
		"lib/libc10.so":                                  libc10,
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestUnfitLibtorchIsOneError: case C95, of the library that LIBTORCH names.
func TestUnfitLibtorchIsOneError(t *testing.T) {
	w := newWorld(t)
	good := fakeLibc10(t, true)
	other := elf.EM_X86_64
	if goarch == "amd64" {
		other = elf.EM_AARCH64
	}
	empty := t.TempDir()
	half := fakeLibtorch(t, torchVersion, good)
	if err := os.Remove(filepath.Join(half, "lib/libtorch_cpu.so")); err != nil {
		t.Fatal(err)
	}
	for dir, want := range map[string]string{
		fakeLibtorch(t, "2.4.1", good):                                              "libtorch 2.4.1 found, 2.11.0 needed",
		fakeLibtorch(t, torchVersion, fakeLibc10(t, false)):                         "old C++ ABI",
		fakeLibtorch(t, torchVersion, fakeELF(t, other, "_ZN3c101xENSt7__cxx1112")): "lib/libc10.so is for " + other.String(),
		fakeLibtorch(t, torchVersion, "no library"):                                 "lib/libc10.so is damaged",
		half:  "lib/libtorch_cpu.so is missing",
		empty: "no libtorch here",
	} {
		t.Setenv("LIBTORCH", dir)
		_, err := w.run()
		oneLine(t, err, "LIBTORCH="+dir, want, "point it at libtorch 2.11.0 or unset it")
	}
	t.Setenv("LIBTORCH", fakeLibtorch(t, torchVersion+"+cpu", good))
	if r, err := w.run(); err != nil || r.Origin != "$LIBTORCH" || r.DownloadedBytes != 0 {
		t.Errorf("a fit one: %+v, %v", r, err)
	}
}

// TestPythonTorchIsUsedOrPassedBy: 2.11 saves the download, another version is only noted.
func TestPythonTorchIsUsedOrPassedBy(t *testing.T) {
	w := newWorld(t)
	dir := fakeLibtorch(t, torchVersion, fakeLibc10(t, true))
	script := func(version string) {
		w.write(t, "bin/python3", strings.Replace(fakePython, "exit 1\n", "{ printf '%s\\n%s\\n' "+dir+" "+version+"; exit; }\n", 1), 0o755)
	}
	script("2.4.0+cu121")
	r, err := w.run()
	if err != nil || r.Origin != "pip's wheel" || !strings.Contains(w.log.String(), "is 2.4.0+cu121, not 2.11.0: passed by") {
		t.Errorf("another version: %+v, %v\n%s", r, err, w.log.String())
	}
	if err := os.RemoveAll(r.Libtorch); err != nil {
		t.Fatal(err)
	}
	script(torchVersion + "+cu130")
	if r, err = w.run(); err != nil || r.Origin != "python3's torch" || r.Libtorch != dir {
		t.Errorf("the right version: %+v, %v", r, err)
	}
}

// TestWorkspaceOfOthersKeepsItsLines: in the module's folder and above it.
func TestWorkspaceOfOthersKeepsItsLines(t *testing.T) {
	w := newWorld(t)
	w.write(t, "checkout/other/go.mod", "module example.com/other\n\ngo 1.26.0\n", 0o644)
	w.write(t, "checkout/go.work", "go 1.26.0\n\n// mine\nuse (\n\t.\n\t./other\n)\n\nreplace example.com/a v1.0.0 => ./a\n", 0o644)
	r, err := w.run()
	if err != nil {
		t.Fatal(err)
	}
	text, _ := os.ReadFile(r.GoWork)
	for _, want := range []string{"// mine", "./other", "example.com/a v1.0.0 => ./a", gotchPath + " " + gotchVersion + " => " + r.Gotch} {
		if !strings.Contains(string(text), want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
	cfg := w.config()
	cfg.ModuleDir = w.checkout + "/inner"
	w.write(t, "checkout/inner/go.mod", "module example.com/inner\n\ngo 1.26.0\n\nrequire "+clozePath+" v0.0.0\n\nreplace "+clozePath+" => ../\n", 0o644)
	if r, err = Run(context.Background(), cfg); err != nil || r.GoWork != w.checkout+"/inner/go.work" {
		t.Errorf("a module that the workspace above does not use: %+v, %v", r, err)
	}
	if err := os.Remove(r.GoWork); err != nil {
		t.Fatal(err)
	}
	w.write(t, "checkout/go.work", "go 1.26.0\n\nuse ./inner\n", 0o644)
	if r, err = Run(context.Background(), cfg); err != nil || r.GoWork != w.checkout+"/go.work" {
		t.Errorf("a module that it uses: %+v, %v", r, err)
	}
	w.write(t, "checkout/go.work", "go 1.26.0\nnonsense\n", 0o644)
	_, err = Run(context.Background(), cfg)
	oneLine(t, err, "go.work: cannot be read", "mend or delete it")
}

// TestPathsWithBlanksWork: a user's folder may be named as he likes.
func TestPathsWithBlanksWork(t *testing.T) {
	w := newWorld(t)
	cfg := w.config()
	cfg.CacheDir = w.dir + "/a cache"
	for _, want := range []bool{false, true} {
		if r, err := Run(context.Background(), cfg); err != nil || r.UpToDate != want {
			t.Errorf("%+v, %v", r, err)
		}
	}
}

// TestPruningKeepsWhatIsCalled: the ops asked for and those of patch.go.
func TestPruningKeepsWhatIsCalled(t *testing.T) {
	w := newWorld(t)
	r, err := w.run()
	if err != nil {
		t.Fatal(err)
	}
	goText, _ := os.ReadFile(r.Gotch + "/libtch/c-generated.go")
	header, _ := os.ReadFile(r.Gotch + "/libtch/torch_api_generated.h")
	if s := string(goText); !strings.Contains(s, "AtgMatmul") || strings.Contains(s, "AtgUnused") {
		t.Errorf("c-generated.go:\n%s", s)
	}
	if s := string(header); !strings.Contains(s, "atg_matmul") || !strings.Contains(s, "atg_where") || strings.Contains(s, "atg_unused") {
		t.Errorf("torch_api_generated.h:\n%s", s)
	}
	met := map[string]bool{}
	src := "void atg_a(tensor *) {\n  {\n  }\n}\n\ntensor *atg_b(int x) {\n}\nint64_t atg_c(tensor x){ PROTECT( x ) }\nvoid atg_d(tensor *) {\n}\n"
	if got := pruneC(src, map[string]bool{"atg_b": true, "atg_d": true}, met); got != "\ntensor *atg_b(int x) {\n}\nvoid atg_d(tensor *) {\n}\n" || len(met) != 4 {
		t.Errorf("pruneC: %q, %v", got, met)
	}
}

// TestAnotherGotchIsRefused: the number of places to mend is part of the pin.
func TestAnotherGotchIsRefused(t *testing.T) {
	_, err := patchWrappers("void atg_x(tensor *o, tensor x) {\n  f((x ? *x : torch::Tensor()));\n}\n")
	oneLine(t, err, "1 optional tensors found, 274 expected", "go clean -modcache")
	all := strings.Repeat("(x ? *x : torch::Tensor())", optionalPlaces)
	_, err = patchWrappers(all)
	oneLine(t, err, "atg__cslt_sparse_mm not found once")
}

// TestWheelMembersStayInTheFolder: a member's name cannot lead out of it.
func TestWheelMembersStayInTheFolder(t *testing.T) {
	w := wheel{name: "torch", include: true, libs: []string{"libc10.so"}}
	for name, want := range map[string]string{
		"torch/include/ATen/ATen.h":              "include/ATen/ATen.h",
		"torch/include/../../../etc/passwd":      "",
		"../../torch/include/x.h":                "include/x.h",
		"torch/lib/libc10.so":                    "lib/libc10.so",
		"torch/lib/libtorch_cuda.so":             "",
		"torch-2.11.0.dist-info/licenses/NOTICE": "licenses/torch/NOTICE",
		"/torch/lib/../lib/libc10.so":            "lib/libc10.so",
	} {
		if got := memberPlace(name, w); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

func TestDoctorSaysWhatOldBuildsTake(t *testing.T) {
	cache := t.TempDir()
	for i, name := range []string{"gotch-1/a", "gotch-2/lib/b", "objects/c", "other/d"} {
		if said := builds(cache); i < 2 && said != "" {
			t.Errorf("%d builds are said to be too many: %s", i, said)
		}
		path := filepath.Join(cache, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, make([]byte, 1_000_000), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if said := builds(cache); !strings.Contains(said, "2 builds of the kernels take 3 MB") || !strings.Contains(said, "rm -r "+cache+"/gotch-*") {
		t.Errorf("said %q", said)
	}
}

// TestDoctorNamesWhatIsMissing: before set-up, after it, and on a bare machine.
func TestDoctorNamesWhatIsMissing(t *testing.T) {
	w := newWorld(t)
	parts := func() map[string]Check {
		m := map[string]Check{}
		for _, c := range Doctor(context.Background(), w.config()) {
			if c.OK != (c.Missing == "") || c.OK == (c.Remedy != "") || c.OK != (c.Found != "") {
				t.Errorf("half said: %+v", c)
			}
			m[c.Part] = c
		}
		return m
	}
	before := parts()
	for _, p := range []string{"libtorch", "gotch", "go.work"} {
		if c := before[p]; c.OK || !strings.Contains(c.Remedy, "cloze setup") {
			t.Errorf("before: %+v", c)
		}
	}
	if !before["pip"].OK || !before["go"].OK || !before["g++"].OK {
		t.Errorf("before: %+v", before)
	}
	if _, err := os.Stat(w.cache); err == nil {
		t.Error("doctor made a cache")
	}
	if _, err := w.run(); err != nil {
		t.Fatal(err)
	}
	after := parts()
	for _, p := range []string{"platform", "libtorch", "gotch", "go.work", "module"} {
		if !after[p].OK {
			t.Errorf("after: %+v", after[p])
		}
	}
	t.Setenv("PATH", t.TempDir())
	bare := parts()
	for _, p := range []string{"go", "g++", "ar", "make"} {
		if bare[p].OK {
			t.Errorf("bare: %+v", bare[p])
		}
	}
}
