package setup

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"time"
)

// unit is one C++ file to compile.
type unit struct {
	name   string // as the compiler's messages name it
	flags  []string
	hash   string // of all that goes into the object
	native bool   // one of our kernels, which all include the same large headers
}

// precompiled are libtorch's headers that nearly every kernel includes. Parsing them is most of a kernel's compilation.
const precompiled = `#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>
`

// worthPrecompiling is how many kernels there must be to compile: the headers take as long as two or three of them.
const worthPrecompiling = 4

// compile makes an object of torch_api.cpp and of every native/*.cpp, as many
// at once as there are processors, and returns their paths. An object that is
// in the cache by its hash is not made again, also after a set-up was killed.
func (j *job) compile(ctx context.Context, p plan, gotch map[string]string) ([]string, error) {
	dir, err := j.stage("src")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	units, err := layOut(dir, p, gotch)
	if err != nil {
		return nil, diskError(err)
	}
	objects := make([]string, len(units))
	var todo []int
	for i, u := range units {
		objects[i] = filepath.Join(j.cache, "objects", u.hash+".o")
		if st, err := os.Stat(objects[i]); err == nil && st.Size() > 0 {
			j.report.Reused++
			continue
		}
		todo = append(todo, i)
	}
	if len(todo) == 0 {
		return objects, nil
	}
	j.say("compiling %d C++ files (%d are there), %d at once", len(todo), len(units)-len(todo), min(len(todo), runtime.NumCPU()))
	return objects, j.compileAll(ctx, dir, units, objects, todo)
}

// compileAll compiles the units of todo, as many at once as there are processors. The first failure is the cause and stops the others.
func (j *job) compileAll(ctx context.Context, dir string, units []unit, objects []string, todo []int) (err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	var once sync.Once
	slots := make(chan struct{}, runtime.NumCPU())
	start := func(name string, work func() error) {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			if ctx.Err() != nil {
				return
			}
			begin := time.Now()
			if e := work(); e != nil {
				once.Do(func() { err = e; cancel(e) })
				return
			}
			j.say("  %s, %.1f s", name, time.Since(begin).Seconds())
		})
	}
	natives := 0
	for _, i := range todo {
		if units[i].native {
			natives++
		}
	}
	// The headers come first, so that gotch's file, which is long and has its own, is compiled beside them.
	ready := make(chan struct{})
	if natives < worthPrecompiling {
		close(ready)
	} else {
		start("libtorch's headers", func() error {
			defer close(ready)
			return j.precompile(ctx, dir, units[0].flags)
		})
	}
	for _, i := range todo {
		if units[i].native {
			<-ready
		}
		start(units[i].name, func() error {
			return j.compileOne(ctx, dir, units[i], objects[i], natives >= worthPrecompiling)
		})
	}
	wg.Wait()
	j.report.Compiled = len(todo)
	return err
}

// layOut writes the sources to dir and lists the units, the longest first.
func layOut(dir string, p plan, gotch map[string]string) ([]unit, error) {
	for _, d := range []string{"libtch", "native"} {
		if err := os.Mkdir(filepath.Join(dir, d), 0o755); err != nil {
			return nil, err
		}
	}
	all := append(append([]string{"-Inative"}, cxxFlags...), p.lt.includes()...)
	base := []string{p.cxxID, p.lt.id, strings.Join(all, " ")}
	api := sha256.New()
	fmt.Fprintln(api, base)
	for _, name := range sortedKeys(gotch) {
		if strings.HasSuffix(name, ".h") || strings.HasSuffix(name, ".cpp") {
			fmt.Fprintf(api, "%s %d\n%s", name, len(gotch[name]), gotch[name])
			if err := os.WriteFile(filepath.Join(dir, "libtch", name), []byte(gotch[name]), 0o644); err != nil {
				return nil, err
			}
		}
	}
	units := []unit{{name: "libtch/torch_api.cpp", flags: all, hash: hex.EncodeToString(api.Sum(nil))}}
	headers := sha256.New()
	fmt.Fprintln(headers, base)
	for _, name := range sortedKeys(p.native) {
		if strings.HasSuffix(name, ".h") {
			fmt.Fprintf(headers, "%s %d\n%s", name, len(p.native[name]), p.native[name])
		}
	}
	common := headers.Sum(nil)
	for _, name := range sortedKeys(p.native) {
		text := p.native[name]
		place := filepath.Join(dir, "native", filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(place), 0o755), os.WriteFile(place, text, 0o644)); err != nil {
			return nil, err
		}
		if !strings.HasSuffix(name, ".cpp") {
			continue
		}
		flags := all
		if includesHash(text) {
			flags = append(append([]string{}, all...), `-DCLOZE_NATIVE_HASH="`+p.hash+`"`)
		}
		h := sha256.New()
		fmt.Fprintf(h, "%x %q %s\n%s", common, flags, name, text)
		units = append(units, unit{name: "native/" + name, flags: flags, hash: hex.EncodeToString(h.Sum(nil)), native: true})
	}
	return units, nil
}

// precompile parses the headers once for all kernels. They stay in the stage: only this set-up's files read them.
func (j *job) precompile(ctx context.Context, dir string, flags []string) error {
	const name = "native/precompiled.h"
	if err := os.WriteFile(filepath.Join(dir, name), []byte(precompiled), 0o644); err != nil {
		return diskError(err)
	}
	argv := append(append([]string{j.tools.cxx}, flags...), "-x", "c++-header", name, "-o", name+".gch")
	out, err := j.run(ctx, dir, environ(map[string]string{"TMPDIR": dir, "LC_ALL": "C"}), argv...)
	if err != nil && ctx.Err() == nil {
		return compilerError(j.tools.cxx, "libtorch's headers", out, err)
	}
	return err
}

// compileOne compiles aside and renames. TMPDIR is in the stage too, so that
// nothing of a killed compiler stays behind.
func (j *job) compileOne(ctx context.Context, dir string, u unit, object string, headers bool) error {
	aside := filepath.Join(dir, u.hash+".o")
	argv := append([]string{j.tools.cxx}, u.flags...)
	if u.native && headers {
		argv = append(argv, "-include", "native/precompiled.h")
	}
	argv = append(argv, "-c", u.name, "-o", aside)
	out, err := j.run(ctx, dir, environ(map[string]string{"TMPDIR": dir, "LC_ALL": "C"}), argv...)
	if ctx.Err() != nil {
		return err
	}
	if err != nil {
		return compilerError(j.tools.cxx, u.name, out, err)
	}
	if err := syncFile(aside); err != nil {
		return diskError(err)
	}
	return diskError(os.Rename(aside, object))
}

func syncFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

var (
	cxxLine   = regexp.MustCompile(`(?m)^.*\b(?:error|undefined reference)\b.*$`)
	cxxKilled = regexp.MustCompile(`Killed signal terminated program|out of memory|Cannot allocate memory|virtual memory exhausted`)
)

// compilerError makes one line of a compiler's or linker's output.
func compilerError(tool, what, out string, err error) error {
	switch {
	case pipFull.MatchString(out):
		return fmt.Errorf("setup: %s: %s: disk full: make room, or set XDG_CACHE_HOME to a larger disk, and run set-up again", what, tool)
	case cxxKilled.MatchString(out):
		return fmt.Errorf("setup: %s: %s ran out of memory: about 1.5 GB a processor is needed; run set-up again with less beside it", what, tool)
	}
	line := strings.TrimSpace(cxxLine.FindString(out))
	if line == "" {
		line = firstLine(out)
	}
	if line == "" {
		line = err.Error()
	}
	if len(line) > 300 {
		line = line[:300] + "..."
	}
	return fmt.Errorf("setup: %s: %s failed: %s: use g++ %d or newer (CXX names another)", what, tool, line, minGCC)
}

// archive packs the objects into stage/libtch and returns the archive's name.
func (j *job) archive(ctx context.Context, stage string, objects []string) (string, error) {
	lib := filepath.Join(stage, "libtch")
	if err := os.Mkdir(lib, 0o755); err != nil {
		return "", diskError(err)
	}
	aside := filepath.Join(lib, "archive.a")
	// D: no times inside, so that equal objects make an equal archive.
	if out, err := j.run(ctx, lib, nil, append([]string{j.tools.ar, "rcsD", aside}, objects...)...); err != nil {
		if ctx.Err() != nil {
			return "", err
		}
		return "", compilerError(j.tools.ar, "archive", out, err)
	}
	sum, err := fileSum(aside)
	if err != nil {
		return "", diskError(err)
	}
	name := "libcloze_torch-" + sum[:16] + ".a"
	return name, diskError(os.Rename(aside, filepath.Join(lib, name)))
}

// proof draws one random number through gotch's C layer: it runs only when the
// whole archive and every library that libtorch needs are there and fit.
const proof = `#include <stdint.h>
extern "C" { void at_manual_seed(int64_t); char *get_and_reset_last_err(); }
int main() { at_manual_seed(1); return get_and_reset_last_err() != nullptr; }
`

// proveLink links and runs the proof against an archive, so that what is
// wrong is said here and not by the user's go build.
func (j *job) proveLink(ctx context.Context, lt libtorch, archive string) error {
	dir, err := j.stage("proof")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := os.WriteFile(filepath.Join(dir, "proof.cpp"), []byte(proof), 0o644); err != nil {
		return diskError(err)
	}
	env := environ(map[string]string{"TMPDIR": dir, "LC_ALL": "C"})
	out, err := j.run(ctx, dir, env, j.tools.cxx, "-O1", "proof.cpp", "-o", "proof", "-Wl,--whole-archive", archive, "-Wl,--no-whole-archive",
		"-L"+lt.lib(), "-ltorch_cpu", "-lc10", "-lgomp", "-lm", "-Wl,-rpath,"+lt.lib())
	if ctx.Err() != nil {
		return err
	}
	if err != nil {
		return compilerError(j.tools.cxx, "linking with "+lt.lib(), out, err)
	}
	if out, err := j.run(ctx, dir, nil, filepath.Join(dir, "proof")); err != nil {
		if ctx.Err() != nil {
			return err
		}
		return fmt.Errorf("setup: %s: this libtorch does not load: %s: set LIBTORCH to another, or unset it", lt.dir, firstLine(out+"\n"+err.Error()))
	}
	return nil
}
