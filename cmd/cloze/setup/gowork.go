package setup

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

const workMark = "// Written by cloze setup; not for version control. Delete it and set up again at any time.\n"

// workspace is a go.work as `go work edit -json` prints it.
type workspace struct {
	Use     []struct{ DiskPath string }
	Replace []struct {
		Old, New struct{ Path, Version string }
	}
}

func readWorkspace(ctx context.Context, goCmd, path string) (workspace, error) {
	var w workspace
	out, err := ask(ctx, filepath.Dir(path), goEnv(), goCmd, "work", "edit", "-json", path)
	if err == nil {
		err = json.Unmarshal([]byte(out), &w)
	}
	if err != nil {
		return w, fmt.Errorf("setup: %s: cannot be read (%v): mend or delete it", path, err)
	}
	return w, nil
}

// workPath is the workspace file that the go command uses in dir, or the one
// to make there: a go.work in a folder above counts when it uses this module.
func workPath(ctx context.Context, goCmd, dir string) (string, error) {
	for d := dir; ; d = filepath.Dir(d) {
		path := filepath.Join(d, "go.work")
		if _, err := os.Stat(path); err == nil {
			w, err := readWorkspace(ctx, goCmd, path)
			if err != nil {
				return "", err
			}
			for _, u := range w.Use {
				use := u.DiskPath
				if !filepath.IsAbs(use) {
					use = filepath.Join(d, use)
				}
				if filepath.Clean(use) == dir {
					return path, nil
				}
			}
			break
		}
		if d == filepath.Dir(d) {
			break
		}
	}
	return filepath.Join(dir, "go.work"), nil
}

// gotchIn says where the workspace file at path takes gotch from.
func gotchIn(ctx context.Context, goCmd, path string) string {
	w, err := readWorkspace(ctx, goCmd, path)
	if err != nil {
		return ""
	}
	for _, r := range w.Replace {
		if r.Old.Path == gotchPath && (r.Old.Version == "" || r.Old.Version == gotchVersion) {
			return r.New.Path
		}
	}
	return ""
}

// writeWork points the module's workspace at gotch. A go.work that someone
// else wrote keeps all its lines and gets the one that is missing.
func (j *job) writeWork(ctx context.Context, gotch string) error {
	data, err := os.ReadFile(j.work)
	if err == nil && !strings.HasPrefix(string(data), workMark) {
		if _, err := ask(ctx, j.module.Dir, goEnv(), j.tools.goCmd, "work", "edit",
			"-replace="+gotchPath+"@"+gotchVersion+"="+gotch, j.work); err != nil {
			return fmt.Errorf("setup: %s: cannot be edited (%v): mend or delete it", j.work, err)
		}
		return nil
	}
	return writeFile(j.work, []byte(workText(j.module.GoVersion, ".", gotch)))
}

// workText is a whole workspace file for the module in dir.
func workText(goVersion, dir, gotch string) string {
	return fmt.Sprintf("%sgo %s\n\nuse %s\n\nreplace %s %s => %s\n",
		workMark, goVersion, quotePath(dir), gotchPath, gotchVersion, quotePath(gotch))
}

// quotePath writes a path as go.mod's grammar wants it.
func quotePath(p string) string {
	if strings.ContainsAny(p, " \t\"'`(),") {
		return fmt.Sprintf("%q", p)
	}
	return p
}
