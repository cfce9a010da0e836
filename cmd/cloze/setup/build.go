package setup

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// cxxFlags compile every C++ file, gotch's and ours. The ABI is said outright
// because some distributions' g++ still has the old one as its default.
var cxxFlags = []string{"-std=c++17", "-O3", "-fopenmp", "-fPIC", "-w", "-D_GLIBCXX_USE_CXX11_ABI=1"}

// plan is all that decides what is built; its key names the folder.
type plan struct {
	lt     libtorch
	ops    []string
	native map[string][]byte // the files of models/torch/native
	hash   string            // native.Hash, compiled in
	cxxID  string
}

// key hashes a plan. Two checkouts with equal keys share one folder.
func (p plan) key() string {
	h := sha256.New()
	fmt.Fprintln(h, patchNumber, gotchVersion, cxxFlags, p.lt.dir, p.lt.id, p.cxxID, p.hash, p.ops)
	for _, name := range sortedKeys(p.native) {
		fmt.Fprintf(h, "%s %d\n", name, len(p.native[name]))
		h.Write(p.native[name])
	}
	return hex.EncodeToString(h.Sum(nil))[:16]
}

func sortedKeys[V any](m map[string]V) []string {
	names := make([]string, 0, len(m))
	for n := range m {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

// gotchDir is where a plan's result lies, whole or not at all.
func (j *job) gotchDir(p plan) string { return filepath.Join(j.cache, "gotch-"+p.key()) }

// build compiles and publishes a plan.
func (j *job) build(ctx context.Context, p plan) error {
	start := time.Now()
	src, err := j.gotchSource(ctx)
	if err != nil {
		return err
	}
	stage, err := j.stage("gotch")
	if err != nil {
		return err
	}
	defer os.RemoveAll(stage)
	pruned, err := pruneSource(src, p.ops)
	if err != nil {
		return err
	}
	objects, err := j.compile(ctx, p, pruned)
	if err != nil {
		return err
	}
	archive, err := j.archive(ctx, stage, objects)
	if err != nil {
		return err
	}
	if err := j.proveLink(ctx, p.lt, filepath.Join(stage, "libtch", archive)); err != nil {
		return err
	}
	if err := writeGotch(stage, src, pruned, libGo(p.lt, archive, p.lt.lib())); err != nil {
		return diskError(err)
	}
	j.report.Build = time.Since(start)
	return j.publish(stage, j.gotchDir(p))
}

// source is gotch's libtch, file names to texts, and its licence.
type source struct {
	libtch  map[string]string
	license string
}

// gotchSource reads gotch out of the module cache, downloading it if need be.
func (j *job) gotchSource(ctx context.Context) (source, error) {
	var mod struct{ Dir, Error string }
	out, err := ask(ctx, j.module.Dir, goEnv(), j.tools.goCmd, "mod", "download", "-json", gotchPath+"@"+gotchVersion)
	if jsonErr := json.Unmarshal([]byte(out), &mod); err == nil {
		err = jsonErr
	}
	if ctx.Err() != nil {
		return source{}, err
	}
	if err != nil || mod.Error != "" || mod.Dir == "" {
		return source{}, fmt.Errorf("setup: %s@%s cannot be downloaded (%s): check network, proxy and GOPROXY", gotchPath, gotchVersion, firstLine(fmt.Sprint(mod.Error, " ", err)))
	}
	src := source{libtch: map[string]string{}}
	read := func(name string) string {
		data, readErr := os.ReadFile(filepath.Join(mod.Dir, name))
		if readErr != nil {
			err = readErr
		}
		return string(data)
	}
	src.license = read("LICENSE")
	files, _ := filepath.Glob(filepath.Join(mod.Dir, "libtch", "*"))
	for _, f := range files {
		src.libtch[filepath.Base(f)] = read(filepath.Join("libtch", filepath.Base(f)))
	}
	for _, name := range []string{"torch_api.cpp", "torch_api.h", "torch_api_generated.h", "torch_api_generated.cpp.h", "c-generated.go", "patch.go"} {
		if src.libtch[name] == "" && err == nil {
			err = fmt.Errorf("libtch/%s is missing", name)
		}
	}
	if err != nil {
		return source{}, fmt.Errorf("setup: %s: damaged copy of %s in the module cache (%v): run go clean -modcache", mod.Dir, gotchPath, err)
	}
	return src, nil
}

// pruneSource patches gotch's texts and cuts them down to ops and to what
// gotch's hand-written Go files call.
func pruneSource(src source, ops []string) (map[string]string, error) {
	keep, met := map[string]bool{}, map[string]bool{}
	for _, op := range ops {
		keep[op] = true
	}
	out := map[string]string{}
	for name, text := range src.libtch {
		if strings.HasSuffix(name, ".go") && name != "c-generated.go" {
			for _, m := range goWrapper.FindAllStringSubmatch(text, -1) {
				keep[m[1]] = true
			}
		}
		out[name] = text
	}
	wrappers, err := patchWrappers(src.libtch["torch_api_generated.cpp.h"])
	if err != nil {
		return nil, err
	}
	out["torch_api_generated.cpp.h"] = pruneC(wrappers, keep, met)
	out["torch_api_generated.h"] = pruneC(src.libtch["torch_api_generated.h"], keep, map[string]bool{})
	out["c-generated.go"] = pruneGo(src.libtch["c-generated.go"], keep)
	for _, op := range ops {
		if !met[op] {
			return nil, fmt.Errorf("setup: models/torch/native/ops.txt: gotch %s has no wrapper %s: correct its name", gotchVersion, op)
		}
	}
	return out, nil
}

// libGo is the patched libtch/lib.go. The archive is named by its hash, for
// the go command rebuilds on changed flags, not on a changed archive.
func libGo(lt libtorch, archive, rpath string) string {
	return `package libtch

// Written by cloze setup: libtorch ` + torchVersion + ` of ` + lt.dir + `.

// #cgo CFLAGS: -I${SRCDIR} -O2 -w
// #cgo LDFLAGS: "${SRCDIR}/` + archive + `" "-L` + lt.lib() + `" -ltorch_cpu -lc10 -lstdc++ -lgomp -lm "-Wl,-rpath,` + rpath + `"
import "C"
`
}

// gotchMod asks for nothing: libtch imports the standard library alone, and
// what gotch's other packages need is no business of whoever builds with it.
const gotchMod = "module " + gotchPath + "\n\ngo 1.20\n"

// writeGotch lays out the module: Go files, the two C headers they include and
// the archive. No C++ stays, or cgo would compile it again.
func writeGotch(dir string, src source, pruned map[string]string, lib string) error {
	files := map[string]string{"LICENSE": src.license, "go.mod": gotchMod}
	for name, text := range pruned {
		if strings.HasSuffix(name, ".go") || name == "torch_api.h" || name == "torch_api_generated.h" {
			files["libtch/"+name] = text
		}
	}
	files["libtch/lib.go"] = lib
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, filepath.FromSlash(name)), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// includesHash tells whether a C++ file wants CLOZE_NATIVE_HASH; only such a
// file is compiled anew when any other changes.
func includesHash(text []byte) bool { return bytes.Contains(text, []byte("CLOZE_NATIVE_HASH")) }
