package setup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// tools are the programs that set-up needs beside pip, and what they are.
type tools struct {
	goCmd, cxx, ar string
	cxxID          string // first line of cxx --version
}

const (
	goRemedy  = "install Go 1.26 or newer (go.dev/dl) and put its bin folder on PATH"
	cxxRemedy = "install it (apt install g++, dnf install gcc-c++, apk add g++), or set CXX to another compiler"
)

// findTools reports the first that is missing.
func findTools(ctx context.Context) (tools, error) {
	var t tools
	var err error
	if t.goCmd, err = exec.LookPath("go"); err != nil {
		return t, errors.New("setup: go not found on PATH: " + goRemedy)
	}
	if t.cxx, t.cxxID, err = findCompiler(ctx); err != nil {
		return t, fmt.Errorf("setup: %w", err)
	}
	if t.ar, err = exec.LookPath("ar"); err != nil {
		return t, errors.New("setup: ar not found on PATH: install binutils (apt install binutils)")
	}
	return t, nil
}

// findCompiler takes $CXX or g++ and looks at its version.
func findCompiler(ctx context.Context) (path, id string, err error) {
	name := os.Getenv("CXX")
	if name == "" {
		name = "g++"
	}
	if path, err = exec.LookPath(name); err != nil {
		return "", "", fmt.Errorf("%s not found on PATH: %s", name, cxxRemedy)
	}
	out, err := ask(ctx, "", nil, path, "--version")
	if err != nil {
		return "", "", fmt.Errorf("%s: does not run (%v): %s", path, err, cxxRemedy)
	}
	id = firstLine(out)
	// Only g++ numbers its versions so; clang++ is left to say what it lacks.
	if v, err := ask(ctx, "", nil, path, "-dumpfullversion"); err == nil {
		major, _, _ := strings.Cut(v, ".")
		if n, err := strconv.Atoi(major); err == nil && n < minGCC {
			return "", "", fmt.Errorf("%s is version %s, %d or newer is needed: %s", path, v, minGCC, cxxRemedy)
		}
	}
	return path, id, nil
}

// module is the Go module that is set up.
type module struct {
	Dir       string // its root
	Path      string
	GoVersion string // the go line of its go.mod
	ClozeDir  string // where the cloze that it builds with lies
}

// findModule looks at the module around dir ("": the working directory).
func findModule(ctx context.Context, goCmd, dir string) (module, error) {
	named := dir != ""
	dir, err := filepath.Abs(dir)
	if err != nil {
		return module{}, fmt.Errorf("setup: %w", err)
	}
	if st, err := os.Stat(dir); err != nil || !st.IsDir() {
		return module{}, fmt.Errorf("setup: --module %s: no such folder: name the folder that holds your go.mod", dir)
	}
	gomod, err := ask(ctx, dir, goEnv(), goCmd, "env", "GOMOD")
	if err != nil {
		return module{}, fmt.Errorf("setup: %s: go env failed (%v): %s", goCmd, err, goRemedy)
	}
	if gomod == "" || gomod == os.DevNull {
		hint := "run it in a checkout of cloze, or give --module the folder of a module that imports it"
		if named {
			hint = "run go mod init there and go get " + clozePath
		}
		return module{}, fmt.Errorf("setup: %s: no go.mod here or above: %s", dir, hint)
	}
	root := filepath.Dir(gomod)
	var self, cloze struct {
		Path, Dir, GoVersion string
		Replace              *struct{ Dir string }
	}
	out, err := ask(ctx, root, goEnv(), goCmd, "list", "-m", "-json")
	if err == nil {
		err = json.Unmarshal([]byte(out), &self)
	}
	if err != nil {
		return module{}, fmt.Errorf("setup: %s: cannot be read (%v): mend it", gomod, err)
	}
	out, err = ask(ctx, root, goEnv(), goCmd, "list", "-m", "-json", clozePath)
	if err == nil {
		err = json.Unmarshal([]byte(out), &cloze)
	}
	if err != nil {
		return module{}, fmt.Errorf("setup: %s: does not require %s (%v): run go get %s there, or give --module the folder that does", gomod, clozePath, err, clozePath)
	}
	return module{Dir: root, Path: self.Path, GoVersion: self.GoVersion, ClozeDir: cloze.Dir}, nil
}
