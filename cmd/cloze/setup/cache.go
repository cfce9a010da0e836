package setup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// The cache folder:
//
//	lock                                held by the set-up at work
//	libtorch-2.11.0-linux-amd64/        include/ lib/ licenses/ manifest.json
//	gotch-<key>/                        the patched copy and its archive
//	objects/<hash>.o                    compiled C++ by the hash of all that went in
//	downloads/                          whole wheels until they are unpacked
//	tmp/                                what is being made; emptied by the next set-up

func cacheDir(cfg Config) (string, error) {
	if cfg.CacheDir != "" {
		return filepath.Abs(cfg.CacheDir)
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", errors.New("setup: no cache directory: neither HOME nor XDG_CACHE_HOME is set: set one of them")
	}
	return filepath.Join(dir, "cloze"), nil
}

// lock waits until no other set-up is at work in the cache and then empties
// what one that was killed has left. The kernel drops the lock with the process.
func (j *job) lock(ctx context.Context) (unlock func(), err error) {
	for _, d := range []string{"", "objects", "downloads", "tmp"} {
		if err := os.MkdirAll(filepath.Join(j.cache, d), 0o755); err != nil {
			return nil, diskError(err)
		}
	}
	f, err := os.OpenFile(filepath.Join(j.cache, "lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, diskError(err)
	}
	for said := false; ; said = true {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			break
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			f.Close()
			return nil, fmt.Errorf("setup: %s: cannot be locked (%v): keep the cache on a local disk (XDG_CACHE_HOME)", f.Name(), err)
		}
		if !said {
			j.say("waiting for another set-up in %s", j.cache)
		}
		select {
		case <-ctx.Done():
			f.Close()
			return nil, cutOff(ctx)
		case <-time.After(100 * time.Millisecond):
		}
	}
	if err := emptyDir(filepath.Join(j.cache, "tmp")); err != nil {
		f.Close()
		return nil, diskError(err)
	}
	return func() { f.Close() }, nil
}

func emptyDir(dir string) error {
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		err = errors.Join(err, os.RemoveAll(filepath.Join(dir, e.Name())))
	}
	return err
}

// stage makes an empty folder beside the places where its contents will go.
func (j *job) stage(name string) (string, error) {
	dir, err := os.MkdirTemp(filepath.Join(j.cache, "tmp"), name+"-")
	if err != nil {
		return "", diskError(err)
	}
	return dir, os.Chmod(dir, 0o755)
}

// publish syncs a finished folder and renames it to its place; a folder that
// is there (damaged, or it would have been used) goes first.
func (j *job) publish(stage, place string) error {
	if err := syncFS(stage); err != nil {
		return diskError(err)
	}
	if _, err := os.Stat(place); err == nil {
		old, err := j.stage("old")
		if err == nil {
			err = os.Rename(place, filepath.Join(old, "it"))
		}
		if err != nil {
			return diskError(err)
		}
		defer os.RemoveAll(old)
	}
	return diskError(os.Rename(stage, place))
}

// syncFS writes out the whole file system: the headers are ten thousand files,
// and one call is far quicker than a sync of each.
func syncFS(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := unix.Syncfs(int(d.Fd())); err != nil {
		return &fs.PathError{Op: "sync", Path: dir, Err: err}
	}
	return nil
}

// writeFile writes a small file aside and renames it, so that a reader sees
// the old one or the new one.
func writeFile(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-")
	if err != nil {
		return diskError(err)
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return diskError(err)
}

// needSpace fails before a long download that could not be stored.
func (j *job) needSpace(bytes int64) error {
	var st unix.Statfs_t
	if err := unix.Statfs(j.cache, &st); err != nil {
		return diskError(&fs.PathError{Op: "statfs", Path: j.cache, Err: err})
	}
	if free := int64(st.Bavail) * st.Bsize; free < bytes {
		return fmt.Errorf("setup: %s: disk full: %s needed, %s free: make room, or set XDG_CACHE_HOME to a larger disk", j.cache, size(bytes), size(free))
	}
	return nil
}

// diskError says what a failed write means to the user.
func diskError(err error) error {
	var pe *fs.PathError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT):
		where := "the cache"
		if errors.As(err, &pe) {
			where = pe.Path
		}
		return fmt.Errorf("setup: %s: disk full: make room, or set XDG_CACHE_HOME to a larger disk, and run set-up again", where)
	case errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS):
		return fmt.Errorf("setup: %w: make the folder writable, or set XDG_CACHE_HOME to one that is", err)
	}
	return fmt.Errorf("setup: %w", err)
}

// size writes bytes as people read them: 531 MB, 1.1 GB.
func size(n int64) string {
	switch {
	case n >= 1e9:
		return fmt.Sprintf("%.1f GB", float64(n)/1e9)
	case n >= 1e6:
		return fmt.Sprintf("%.0f MB", float64(n)/1e6)
	}
	return fmt.Sprintf("%.0f kB", float64(n)/1e3)
}
