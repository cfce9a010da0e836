package setup

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// pack writes the folder dir/name as a tar.gz, aside and renamed.
func pack(ctx context.Context, dir, name, out string) error {
	f, err := os.CreateTemp(filepath.Dir(out), "."+filepath.Base(out)+"-")
	if err != nil {
		return diskError(err)
	}
	defer os.Remove(f.Name()) // no more there when all went well
	// Fast: of half a gigabyte of machine code the best level saves little more.
	z, err := gzip.NewWriterLevel(f, gzip.BestSpeed)
	if err != nil {
		return err
	}
	t := tar.NewWriter(z)
	err = filepath.WalkDir(filepath.Join(dir, name), func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if ctx.Err() != nil {
			return cutOff(ctx)
		}
		return addMember(t, dir, path, d)
	})
	if err = errors.Join(err, t.Close(), z.Close(), f.Chmod(0o644), f.Sync(), f.Close()); err != nil {
		if ctx.Err() != nil {
			return cutOff(ctx)
		}
		return diskError(err)
	}
	return diskError(os.Rename(f.Name(), out))
}

// addMember writes one file or folder, owned by nobody in particular.
func addMember(t *tar.Writer, dir, path string, d fs.DirEntry) error {
	info, err := d.Info()
	if err != nil {
		return err
	}
	h, err := tar.FileInfoHeader(info, "")
	if err != nil {
		return err
	}
	rel, err := filepath.Rel(dir, path)
	if err != nil {
		return err
	}
	h.Name = filepath.ToSlash(rel)
	h.Uid, h.Gid, h.Uname, h.Gname = 0, 0, "", ""
	if err := t.WriteHeader(h); err != nil || d.IsDir() {
		return err
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	_, err = io.Copy(t, f)
	return errors.Join(err, f.Close())
}
