package setup

import (
	"context"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// DistConfig says what to pack.
type DistConfig struct {
	// Setup's fields mean what they mean to Run, which Dist calls first.
	Setup Config
	// Out is the folder for the archive, made when it is not there.
	Out string
}

// Dist builds the command with libtorch and packs it with libtorch's libraries
// into Out/cloze-linux-amd64.tar.gz (or -arm64), which runs where neither Go
// nor libtorch is installed: on a system whose glibc and libstdc++ are not
// older than this one's. It returns the archive's path.
func Dist(ctx context.Context, cfg DistConfig) (string, error) {
	if _, err := Run(ctx, cfg.Setup); err != nil {
		return "", err
	}
	j, err := newJob(ctx, cfg.Setup)
	if err != nil {
		return "", err
	}
	if j.module.Path != clozePath {
		return "", fmt.Errorf("setup: %s: module %s has no cmd/cloze to pack: run it in a checkout of cloze", j.module.Dir, j.module.Path)
	}
	unlock, err := j.lock(ctx)
	if err != nil {
		return "", err
	}
	defer unlock()
	lt, _, err := findLibtorch(ctx, j.cache)
	if err != nil {
		return "", err
	}
	p, err := j.plan(lt)
	if err != nil {
		return "", err
	}
	stage, err := j.stage("dist")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(stage)
	name := "cloze-" + goos + "-" + goarch
	root := filepath.Join(stage, name)
	if err := os.MkdirAll(filepath.Join(root, "lib"), 0o755); err != nil {
		return "", diskError(err)
	}
	if err := j.buildMovable(ctx, p, stage, filepath.Join(root, "cloze")); err != nil {
		return "", err
	}
	if err := j.layOutDist(p, root); err != nil {
		return "", err
	}
	if cfg.Out == "" {
		cfg.Out = "."
	}
	if err := os.MkdirAll(cfg.Out, 0o755); err != nil {
		return "", diskError(err)
	}
	out := filepath.Join(cfg.Out, name+".tar.gz")
	j.say("packing %s", out)
	return out, pack(ctx, stage, name, out)
}

// buildMovable builds the command against a copy of the patched gotch whose
// rpath is relative to the program; the workspace is of this build alone.
func (j *job) buildMovable(ctx context.Context, p plan, stage, out string) error {
	gotch := filepath.Join(stage, "gotch")
	if err := os.CopyFS(gotch, os.DirFS(j.gotchDir(p))); err != nil {
		return diskError(err)
	}
	archives, _ := filepath.Glob(filepath.Join(gotch, "libtch", "libcloze_torch-*.a"))
	if len(archives) != 1 {
		return fmt.Errorf("setup: %s: damaged: delete it and run cloze setup", j.gotchDir(p))
	}
	lib := libGo(p.lt, filepath.Base(archives[0]), "$ORIGIN/lib")
	work := filepath.Join(stage, "go.work")
	err := errors.Join(os.WriteFile(filepath.Join(gotch, "libtch", "lib.go"), []byte(lib), 0o644),
		os.WriteFile(work, []byte(workText(j.module.GoVersion, j.module.Dir, gotch)), 0o644))
	if err != nil {
		return diskError(err)
	}
	j.say("building the command")
	env := environ(map[string]string{"GOWORK": work, "GOFLAGS": "", "CGO_ENABLED": "1"})
	text, err := j.run(ctx, j.module.Dir, env, j.tools.goCmd, "build", "-trimpath", "-tags", "torch", "-o", out, "./cmd/cloze")
	if ctx.Err() != nil {
		return err
	}
	if err != nil {
		return fmt.Errorf("setup: go build -tags torch ./cmd/cloze failed: %s", strings.Join(strings.Fields(text), " "))
	}
	return nil
}

// layOutDist copies the libraries and licences beside the built command.
func (j *job) layOutDist(p plan, root string) error {
	libs, err := neededLibraries(filepath.Join(root, "cloze"), p.lt.lib())
	if err != nil {
		return err
	}
	for _, name := range sortedKeys(libs) {
		if err := copyFile(libs[name], filepath.Join(root, "lib", name)); err != nil {
			return diskError(err)
		}
	}
	if err := writeManifest(root); err != nil {
		return diskError(err)
	}
	licences := map[string]string{
		"LICENSE":                filepath.Join(j.module.Dir, "LICENSE"),
		"licenses/gotch/LICENSE": filepath.Join(j.gotchDir(p), "LICENSE"),
	}
	ours, _ := filepath.Glob(filepath.Join(p.lt.dir, "licenses", "*", "*")) // own cache
	theirs, _ := filepath.Glob(filepath.Join(p.lt.dir, "[LN][IO][CT]*"))    // LICENSE, NOTICE of an archive
	for _, f := range ours {
		licences["licenses/"+filepath.Base(filepath.Dir(f))+"/"+filepath.Base(f)] = f
	}
	for _, f := range theirs {
		licences["licenses/torch/"+filepath.Base(f)] = f
	}
	for _, place := range sortedKeys(licences) {
		to := filepath.Join(root, filepath.FromSlash(place))
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return diskError(err)
		}
		if err := copyFile(licences[place], to); err != nil {
			return diskError(err)
		}
	}
	return nil
}

// neededLibraries follows the program's needs through dir and the rpaths of
// what it finds there. Libraries that are in none of those are the system's.
func neededLibraries(program, dir string) (map[string]string, error) {
	found := map[string]string{}
	var visit func(path string, dirs []string) error
	visit = func(path string, dirs []string) error {
		f, err := elf.Open(path)
		if err != nil {
			return fmt.Errorf("setup: %s: %w: run cloze setup again", path, err)
		}
		defer f.Close()
		needed, err := f.ImportedLibraries()
		if err != nil {
			return fmt.Errorf("setup: %s: %w: run cloze setup again", path, err)
		}
		for _, tag := range []elf.DynTag{elf.DT_RPATH, elf.DT_RUNPATH} {
			paths, _ := f.DynString(tag)
			for _, p := range filepath.SplitList(strings.Join(paths, ":")) {
				dirs = append(slices.Clip(dirs), strings.ReplaceAll(p, "$ORIGIN", filepath.Dir(path)))
			}
		}
		for _, name := range needed {
			if found[name] != "" {
				continue
			}
			for _, d := range dirs {
				if lib := filepath.Join(d, name); fileExists(lib) {
					found[name] = lib
					if err := visit(lib, dirs); err != nil {
						return err
					}
					break
				}
			}
		}
		return nil
	}
	if err := visit(program, []string{dir}); err != nil {
		return nil, err
	}
	return found, nil
}

func fileExists(path string) bool {
	st, err := os.Stat(path)
	return err == nil && st.Mode().IsRegular()
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}
