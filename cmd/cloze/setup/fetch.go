package setup

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// pipTries is how often a wheel whose download broke off is asked for.
const pipTries = 4

// findPip returns the words that start pip.
func findPip(ctx context.Context) ([]string, error) {
	if py, err := exec.LookPath("python3"); err == nil {
		if _, err := ask(ctx, "", nil, py, "-m", "pip", "--version"); err == nil {
			return []string{py, "-m", "pip"}, nil
		}
	}
	for _, name := range []string{"pip3", "pip"} {
		if p, err := exec.LookPath(name); err == nil {
			if _, err := ask(ctx, "", nil, p, "--version"); err == nil {
				return []string{p}, nil
			}
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, cutOff(ctx)
	}
	return nil, fmt.Errorf("setup: python3 with pip not found, and no libtorch either: %s, or %s", pipRemedy, libtorchRemedy)
}

const (
	pipRemedy      = "install pip (apt install python3-pip, or python3 -m ensurepip)"
	libtorchRemedy = "unpack the official archive libtorch-shared-with-deps-" + torchVersion + "+cpu.zip (pytorch.org, Get Started, LibTorch) and set LIBTORCH to its folder"
)

// fetchLibtorch gets the wheels through pip and takes the libraries and
// headers out of them into the cache.
func (j *job) fetchLibtorch(ctx context.Context) (libtorch, error) {
	start := time.Now()
	pip, err := findPip(ctx)
	if err != nil {
		return libtorch{}, err
	}
	need := j.platform.unpackedBytes
	for _, w := range j.platform.wheels {
		need += w.bytes
	}
	if err := j.needSpace(need); err != nil {
		return libtorch{}, err
	}
	stage, err := j.stage("libtorch")
	if err != nil {
		return libtorch{}, err
	}
	defer os.RemoveAll(stage)
	for _, w := range j.platform.wheels {
		path, err := j.fetchWheel(ctx, pip, w)
		if err != nil {
			return libtorch{}, err
		}
		j.say("unpacking %s %s", w.name, w.version)
		if err := unpack(ctx, path, w, stage); err != nil {
			return libtorch{}, err
		}
	}
	if err := writeManifest(stage); err != nil {
		return libtorch{}, diskError(err)
	}
	own := ownLibtorch(j.cache)
	if err := j.publish(stage, own); err != nil {
		return libtorch{}, err
	}
	// The wheels have served: half a gigabyte that pip can bring again.
	if err := emptyDir(filepath.Join(j.cache, "downloads")); err != nil {
		return libtorch{}, diskError(err)
	}
	j.report.Fetch = time.Since(start)
	id, err := inspect(own)
	if err != nil {
		return libtorch{}, fmt.Errorf("setup: %s: %w", own, err)
	}
	return libtorch{own, "pip's wheel", id}, nil
}

// fetchWheel returns the path of a whole wheel with the right sum: one that an
// earlier set-up has left, or a new one.
func (j *job) fetchWheel(ctx context.Context, pip []string, w wheel) (string, error) {
	place := filepath.Join(j.cache, "downloads", w.sha256+".whl")
	if _, err := os.Stat(place); err == nil {
		if sum, err := fileSum(place); err == nil && sum == w.sha256 {
			j.say("%s %s is there from an earlier set-up", w.name, w.version)
			return place, nil
		}
		os.Remove(place)
	}
	for try := 1; ; try++ {
		err := j.tryWheel(ctx, pip, w, place)
		if err == nil {
			j.report.DownloadedBytes += w.bytes
			return place, nil
		}
		var broken *brokenDownload
		if !errors.As(err, &broken) {
			return "", err
		}
		if try == pipTries {
			return "", fmt.Errorf("setup: %s %s: %w (tried %d times): run set-up again, what is complete is kept", w.name, w.version, err, try)
		}
		j.say("%s %s: %v: trying again", w.name, w.version, err)
	}
}

// tryWheel asks pip once and puts what is right in its place.
func (j *job) tryWheel(ctx context.Context, pip []string, w wheel, place string) error {
	dir, err := j.stage("pip")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	got, err := j.pipDownload(ctx, pip, w, dir)
	if err != nil {
		return err
	}
	if err := checkWheel(got, w); err != nil {
		return err
	}
	return diskError(os.Rename(got, place))
}

// brokenDownload is a failure that another try may heal.
type brokenDownload struct{ cause string }

func (b *brokenDownload) Error() string { return "the download broke off (" + b.cause + ")" }

// checkWheel compares a downloaded file with what is pinned.
func checkWheel(path string, w wheel) error {
	st, err := os.Stat(path)
	if err != nil {
		return diskError(err)
	}
	if st.Size() < w.bytes {
		return &brokenDownload{fmt.Sprintf("%s of %s", size(st.Size()), size(w.bytes))}
	}
	sum, err := fileSum(path)
	if err != nil {
		return diskError(err)
	}
	if sum != w.sha256 {
		return fmt.Errorf("setup: %s: sha256 is %s, expected %s: the index serves another build or the file was changed: use pip's default index, or set LIBTORCH",
			filepath.Base(path), sum, w.sha256)
	}
	return nil
}

func fileSum(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
