package setup

import (
	"context"
	"debug/elf"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// libtorch is one that was found and looked at.
type libtorch struct {
	dir    string // holds include/ and lib/
	origin string // "$LIBTORCH", "own cache", "python3's torch", "pip's wheel"
	// id changes when somebody changes the library in place.
	id string
}

func (l libtorch) lib() string { return filepath.Join(l.dir, "lib") }

// includes are the compiler's flags for the headers.
func (l libtorch) includes() []string {
	inc := filepath.Join(l.dir, "include")
	return []string{"-I" + inc, "-I" + filepath.Join(inc, "torch/csrc/api/include")}
}

// findLibtorch looks in all places but the package index. A zero libtorch
// without error: there is none. $LIBTORCH is an order, so what is wrong with it
// is an error; an unfit Python torch is only passed by, with a note that says so.
func findLibtorch(ctx context.Context, cache string) (l libtorch, note string, err error) {
	if dir := os.Getenv("LIBTORCH"); dir != "" {
		if dir, err = filepath.Abs(dir); err != nil {
			return libtorch{}, "", err
		}
		id, err := inspect(dir)
		if err != nil {
			return libtorch{}, "", fmt.Errorf("setup: LIBTORCH=%s: %w: point it at libtorch %s or unset it", dir, err, torchVersion)
		}
		return libtorch{dir, "$LIBTORCH", id}, "", nil
	}
	own := ownLibtorch(cache)
	if id, err := inspect(own); err == nil && intact(own) == nil {
		return libtorch{own, "own cache", id}, "", nil
	}
	dir, version := pythonTorch(ctx)
	if dir == "" {
		return libtorch{}, "", nil
	}
	if base, _, _ := strings.Cut(version, "+"); base != torchVersion {
		return libtorch{}, fmt.Sprintf("python3's torch in %s is %s, not %s: passed by", dir, version, torchVersion), nil
	}
	id, err := inspect(dir)
	if err != nil {
		return libtorch{}, fmt.Sprintf("python3's torch in %s: %v: passed by", dir, err), nil
	}
	return libtorch{dir, "python3's torch", id}, "", nil
}

func ownLibtorch(cache string) string {
	return filepath.Join(cache, "libtorch-"+torchVersion+"-"+goos+"-"+goarch)
}

// pythonTorch asks python3 where its torch is, without importing it (which
// takes seconds).
func pythonTorch(ctx context.Context) (dir, version string) {
	py, err := exec.LookPath("python3")
	if err != nil {
		return "", ""
	}
	out, err := ask(ctx, "", nil, py, "-c", `import importlib.util as u, importlib.metadata as m
s = u.find_spec("torch")
print(list(s.submodule_search_locations)[0]); print(m.version("torch"))`)
	dir, version, ok := strings.Cut(out, "\n")
	if err != nil || !ok {
		return "", ""
	}
	return dir, version
}

var (
	versionMacro = regexp.MustCompile(`#define TORCH_VERSION(?:\s|\\)+"([^"]+)"`)
	machines     = map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64}
)

// inspect checks a libtorch folder: its version, its processor and its C++ ABI.
// It returns an identity made of the libraries' sizes and times.
func inspect(dir string) (id string, err error) {
	version := ""
	for _, h := range []string{"torch/headeronly/version.h", "torch/csrc/api/include/torch/version.h"} {
		text, err := os.ReadFile(filepath.Join(dir, "include", h))
		if m := versionMacro.FindSubmatch(text); err == nil && m != nil {
			version = string(m[1])
			break
		}
	}
	if version == "" {
		return "", fmt.Errorf("no libtorch here (include/torch/headeronly/version.h names no version)")
	}
	if base, _, _ := strings.Cut(version, "+"); base != torchVersion {
		return "", fmt.Errorf("libtorch %s found, %s needed", version, torchVersion)
	}
	var ids []string
	for _, name := range []string{"libtorch_cpu.so", "libc10.so"} {
		st, err := os.Stat(filepath.Join(dir, "lib", name))
		if err != nil {
			return "", fmt.Errorf("lib/%s is missing", name)
		}
		ids = append(ids, fmt.Sprintf("%s %d %d", name, st.Size(), st.ModTime().UnixNano()))
	}
	if err := checkABI(filepath.Join(dir, "lib", "libc10.so")); err != nil {
		return "", err
	}
	return strings.Join(ids, ", "), nil
}

// checkABI looks for the C++11 string in the names that libc10.so exports: a
// library with the old ABI would only fail at the link, with pages of names.
func checkABI(path string) error {
	f, err := elf.Open(path)
	if err != nil {
		return fmt.Errorf("lib/libc10.so is damaged (%v)", err)
	}
	defer f.Close()
	if want := machines[goarch]; f.Machine != want {
		return fmt.Errorf("lib/libc10.so is for %v, this is %v", f.Machine, want)
	}
	symbols, err := f.DynamicSymbols()
	if err != nil {
		return fmt.Errorf("lib/libc10.so is damaged (%v)", err)
	}
	for _, s := range symbols {
		if strings.HasPrefix(s.Name, "_ZN3c10") && strings.Contains(s.Name, "__cxx11") && s.Section != elf.SHN_UNDEF {
			return nil
		}
	}
	return fmt.Errorf("built with the old C++ ABI (_GLIBCXX_USE_CXX11_ABI=0), the C++11 one is needed")
}

// manifest lists the files of lib/ in our own libtorch with their sizes.
type manifest map[string]int64

func writeManifest(dir string) error {
	m := manifest{}
	entries, err := os.ReadDir(filepath.Join(dir, "lib"))
	if err != nil {
		return err
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			return err
		}
		m[e.Name()] = info.Size()
	}
	data, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "manifest.json"), append(data, '\n'), 0o644)
}

// intact tells whether somebody has cut or removed a library since.
func intact(dir string) error {
	var m manifest
	data, err := os.ReadFile(filepath.Join(dir, "manifest.json"))
	if err == nil {
		err = json.Unmarshal(data, &m)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", dir, err)
	}
	for name, want := range m {
		if st, err := os.Stat(filepath.Join(dir, "lib", name)); err != nil || st.Size() != want {
			return fmt.Errorf("%s: lib/%s is damaged", dir, name)
		}
	}
	return nil
}
