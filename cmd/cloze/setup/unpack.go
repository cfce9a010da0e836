package setup

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// unpack takes what is wanted out of a wheel into dir: lib/, include/ and
// licenses/. A library that the wheel lacks is an error, all else is left in it.
func unpack(ctx context.Context, wheelPath string, w wheel, dir string) error {
	z, err := zip.OpenReader(wheelPath)
	if err != nil {
		return fmt.Errorf("setup: %s: no zip archive (%v): run set-up again", wheelPath, err)
	}
	defer z.Close()
	missing := slices.Clone(w.libs)
	for _, f := range z.File {
		if ctx.Err() != nil {
			return cutOff(ctx)
		}
		place := memberPlace(f.Name, w)
		if place == "" || f.FileInfo().IsDir() {
			continue
		}
		if err := extract(f, filepath.Join(dir, filepath.FromSlash(place))); err != nil {
			return diskError(fmt.Errorf("%s in %s: %w", f.Name, w.name, err))
		}
		if name, ok := strings.CutPrefix(place, "lib/"); ok {
			missing = slices.DeleteFunc(missing, func(s string) bool { return s == name })
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("setup: %s %s: the wheel has no %s: set LIBTORCH", w.name, w.version, strings.Join(missing, ", "))
	}
	return nil
}

// memberPlace maps a wheel's member to its place in the libtorch folder, or
// to "". Names are cleaned, so that none leads out of the folder.
func memberPlace(name string, w wheel) string {
	name = strings.TrimPrefix(path.Clean("/"+name), "/")
	base := path.Base(name)
	switch {
	case strings.Contains(name, ".dist-info/licenses/"):
		return "licenses/" + w.name + "/" + base
	case w.include && strings.HasPrefix(name, "torch/include/"):
		return strings.TrimPrefix(name, "torch/")
	case slices.Contains(w.libs, base) && path.Base(path.Dir(name)) == "lib":
		return "lib/" + base
	}
	return ""
}

func extract(f *zip.File, place string) error {
	r, err := f.Open()
	if err != nil {
		return err
	}
	defer r.Close()
	if err := os.MkdirAll(filepath.Dir(place), 0o755); err != nil {
		return err
	}
	out, err := os.OpenFile(place, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, r)
	return errors.Join(err, out.Close())
}
