package setup

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Check is what Doctor says of one part.
type Check struct {
	Part    string `json:"part"`    // "go", "g++", "libtorch", ...
	OK      bool   `json:"ok"`      // nothing to do
	Found   string `json:"found"`   // what and where; "" when nothing was found
	Missing string `json:"missing"` // what is not there; "" when OK
	Remedy  string `json:"remedy"`  // how to get it; "" when OK
}

const setupRemedy = "run cloze setup (make setup in a checkout)"

// Doctor looks at every part that cloze needs, changes nothing and never fails.
// Of a packed copy (see Dist) it looks only at what that needs to run.
func Doctor(ctx context.Context, cfg Config) []Check {
	if exe, err := os.Executable(); err == nil {
		if dir := filepath.Dir(exe); isPacked(dir) {
			return doctorPacked(dir)
		}
	}
	d := &doctor{ctx: ctx, cfg: cfg}
	d.platform()
	d.programs()
	d.device()
	d.libtorch()
	d.native()
	return d.checks
}

// doctor collects the checks; later ones use what earlier ones found.
type doctor struct {
	ctx    context.Context
	cfg    Config
	tools  tools
	cache  string
	lt     libtorch
	checks []Check
}

func (d *doctor) ok(part, format string, args ...any) {
	d.checks = append(d.checks, Check{Part: part, OK: true, Found: fmt.Sprintf(format, args...)})
}

func (d *doctor) missing(part, what, remedy string) {
	d.checks = append(d.checks, Check{Part: part, Missing: what, Remedy: remedy})
}

// fail splits an error of ours, whose remedy stands after its last ": ".
func (d *doctor) fail(part string, err error) {
	text := strings.TrimPrefix(err.Error(), "setup: ")
	what, remedy := text, ""
	if i := strings.LastIndex(text, ": "); i >= 0 {
		what, remedy = text[:i], text[i+2:]
	}
	d.missing(part, what, remedy)
}

func (d *doctor) platform() {
	if p, err := thisPlatform(); err != nil {
		d.fail("platform", err)
	} else {
		d.ok("platform", "%s", p.name)
	}
}

// programs looks at what builds: go, the C compiler that cgo calls, g++, ar, make.
func (d *doctor) programs() {
	var err error
	if d.tools.goCmd, err = exec.LookPath("go"); err != nil {
		d.missing("go", "go not found on PATH", goRemedy)
	} else {
		// CGO_ENABLED is set to 0 by whoever runs the plain build.
		env := environ(map[string]string{"GOWORK": "off", "CGO_ENABLED": ""})
		out, _ := ask(d.ctx, "", env, d.tools.goCmd, "env", "GOVERSION", "CGO_ENABLED", "CC")
		version, rest, _ := strings.Cut(out, "\n")
		d.ok("go", "%s, %s", d.tools.goCmd, version)
		_, cc, _ := strings.Cut(rest, "\n")
		if path, err := exec.LookPath(firstWord(cc)); err != nil {
			d.missing("gcc", "the C compiler that cgo calls ("+cc+") not found on PATH", "install it (apt install gcc), or set CC")
		} else {
			d.ok("gcc", "%s", path)
		}
	}
	if d.tools.cxx, d.tools.cxxID, err = findCompiler(d.ctx); err != nil {
		d.fail("g++", err)
	} else {
		d.ok("g++", "%s, %s", d.tools.cxx, d.tools.cxxID)
	}
	for _, t := range [][2]string{{"ar", "install binutils (apt install binutils)"}, {"make", "install it (apt install make); only the Makefile needs it"}} {
		if path, err := exec.LookPath(t[0]); err != nil {
			d.missing(t[0], t[0]+" not found on PATH", t[1])
		} else {
			d.ok(t[0], "%s", path)
		}
	}
}

func firstWord(s string) string {
	if f := strings.Fields(s); len(f) > 0 {
		return f[0]
	}
	return "gcc"
}

func (d *doctor) device() {
	if d.cfg.Device == "cuda" {
		d.fail("cuda", cudaError())
	}
}

// libtorch looks at pip only where it would have to fetch.
func (d *doctor) libtorch() {
	var err error
	if d.cache, err = cacheDir(d.cfg); err != nil {
		d.fail("cache", err)
		return
	}
	d.ok("cache", "%s%s", d.cache, builds(d.cache))
	lt, note, err := findLibtorch(d.ctx, d.cache)
	switch {
	case err != nil:
		d.fail("libtorch", err)
		return
	case lt.dir != "":
		d.lt = lt
		d.ok("libtorch", "%s in %s (%s)", torchVersion, lt.dir, lt.origin)
		return
	}
	if pip, err := findPip(d.ctx); err != nil {
		d.missing("pip", "python3 with pip not found", pipRemedy)
	} else {
		d.ok("pip", "%s", strings.Join(pip, " "))
	}
	what := "libtorch " + torchVersion + " not found"
	if note != "" {
		what += " (" + note + ")"
	}
	d.missing("libtorch", what, setupRemedy+", or "+libtorchRemedy)
}

// builds says how much the compiled kernels take, those of earlier versions and of checkouts that are gone too: which
// are still in use, no one can know.
func builds(cache string) string {
	folders, _ := filepath.Glob(filepath.Join(cache, "gotch-*")) // the pattern is well formed
	if len(folders) < 2 {
		return ""
	}
	var size int64
	for _, root := range append(folders, filepath.Join(cache, "objects")) {
		_ = filepath.WalkDir(root, func(_ string, e fs.DirEntry, err error) error { // what cannot be read is not counted
			if err == nil {
				if info, err := e.Info(); err == nil && info.Mode().IsRegular() {
					size += info.Size()
				}
			}
			return nil
		})
	}
	return fmt.Sprintf("; %d builds of the kernels take %d MB: rm -r %s/gotch-* %s/objects frees them, cloze setup makes anew what a checkout needs",
		len(folders), (size+500_000)/1_000_000, cache, cache)
}

// native looks at the compiled kernels and at the module's workspace.
func (d *doctor) native() {
	if d.tools.goCmd == "" {
		return // without go nothing can be said, and go is named already
	}
	m, err := findModule(d.ctx, d.tools.goCmd, d.cfg.ModuleDir)
	if err != nil {
		d.fail("module", err)
		return
	}
	d.ok("module", "%s in %s", m.Path, m.Dir)
	j := &job{cfg: d.cfg, cache: d.cache, tools: d.tools, module: m}
	if j.work, err = workPath(d.ctx, d.tools.goCmd, m.Dir); err != nil {
		d.fail("go.work", err)
		return
	}
	p, err := j.plan(d.lt)
	if err != nil {
		d.fail("gotch", err)
		return
	}
	dir := j.gotchDir(p)
	if d.lt.dir == "" || d.tools.cxx == "" || !complete(dir) {
		d.missing("gotch", "no compiled kernels for this libtorch, compiler and version of cloze", setupRemedy)
	} else {
		d.ok("gotch", "%s with %d ops in %s", gotchVersion, len(p.ops), dir)
	}
	switch to := gotchIn(d.ctx, d.tools.goCmd, j.work); {
	case to == "":
		d.missing("go.work", j.work+" does not point to the patched gotch", setupRemedy)
	case to != dir:
		d.missing("go.work", j.work+" points to "+to+", made for other kernels, compiler or libtorch", setupRemedy)
	default:
		d.ok("go.work", "%s", j.work)
	}
}

// isPacked tells whether a folder is an unpacked archive of Dist.
func isPacked(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "manifest.json"))
	st, libErr := os.Stat(filepath.Join(dir, "lib"))
	return err == nil && libErr == nil && st.IsDir()
}

// doctorPacked looks at the libraries beside the program.
func doctorPacked(dir string) []Check {
	d := &doctor{}
	d.ok("platform", "%s/%s", goos, goarch)
	if err := intact(dir); err != nil {
		d.missing("libtorch", err.Error(), "unpack the archive again")
	} else {
		d.ok("libtorch", "%s beside the program, in %s", torchVersion, filepath.Join(dir, "lib"))
	}
	return d.checks
}
