package setup

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// pipDownload asks pip for one wheel and returns where in dir it lies. pip runs with
// the user's own configuration (index, proxy, certificates); --index-url alone
// is ours. Its cache is off, or the wheel would stay on the disk for nothing,
// and its temporary files go where this set-up's do.
func (j *job) pipDownload(ctx context.Context, pip []string, w wheel, dir string) (string, error) {
	temp := filepath.Join(dir, "tmp")
	if err := os.Mkdir(temp, 0o755); err != nil {
		return "", diskError(err)
	}
	args := append(append([]string{}, pip...), "download", "--no-input", "--no-cache-dir", "--no-deps", "--only-binary=:all:",
		"--disable-pip-version-check", "--progress-bar=off", "--retries=2", "--python-version=3.12", "--implementation=cp",
		"--abi=cp312", "--abi=none", "--dest="+dir)
	for _, tag := range j.platform.tags {
		args = append(args, "--platform="+tag)
	}
	if j.cfg.IndexURL != "" {
		args = append(args, "--index-url="+j.cfg.IndexURL)
	}
	j.say("downloading %s %s, %s, with pip", w.name, w.version, size(w.bytes))
	stop := j.watchDownload(dir, w)
	out, err := j.run(ctx, dir, environ(map[string]string{"TMPDIR": temp, "LC_ALL": "C"}), append(args, w.name+"=="+w.version)...)
	stop()
	if ctx.Err() != nil {
		return "", err
	}
	if err != nil {
		return "", j.pipError(out, w)
	}
	found, _ := filepath.Glob(filepath.Join(dir, "*.whl"))
	if len(found) != 1 {
		return "", fmt.Errorf("setup: %s %s: pip ended well and left no wheel: set LIBTORCH", w.name, w.version)
	}
	return found[0], nil
}

// watchDownload says every few seconds how much has arrived.
func (j *job) watchDownload(dir string, w wheel) (stop func()) {
	done, start := make(chan struct{}), time.Now()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-done:
				return
			case <-time.After(j.every):
				var n int64
				filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
					if err == nil && d.Type().IsRegular() {
						if info, err := d.Info(); err == nil {
							n += info.Size()
						}
					}
					return nil
				})
				j.say("  %s: %s of %s, %.0f s", w.name, size(min(n, w.bytes)), size(w.bytes), time.Since(start).Seconds())
			}
		}
	}()
	return func() { close(done); <-ended }
}

// Causes that pip buries in a page of output, the more telling first.
var (
	pipFull      = regexp.MustCompile(`No space left on device|Disk quota exceeded`)
	pipOffline   = regexp.MustCompile(`Name or service not known|Temporary failure in name resolution|Network is unreachable|Connection refused|No route to host|No address associated|Failed to establish a new connection|Cannot connect to proxy|Tunnel connection failed|ConnectTimeoutError`)
	pipCert      = regexp.MustCompile(`CERTIFICATE_VERIFY_FAILED|SSLError`)
	pipBroken    = regexp.MustCompile(`IncompleteRead|ProtocolError|Connection broken|Connection aborted|RemoteDisconnected|ConnectionResetError|Connection reset|Read timed out|ReadTimeoutError|THESE PACKAGES DO NOT MATCH|DO NOT MATCH THE HASHES|incomplete-download|bytes/|End-of-central-directory|BadZipFile|is invalid`)
	pipAbsent    = regexp.MustCompile(`No matching distribution found|Could not find a version`)
	pipStatus    = regexp.MustCompile(`\b[45]\d\d (?:Client|Server) Error[^\n]*`)
	pipErrorLine = regexp.MustCompile(`(?m)^ERROR: (.+)$`)
)

// pipError makes one line of pip's output.
func (j *job) pipError(out string, w wheel) error {
	what := fmt.Sprintf("setup: %s %s: ", w.name, w.version)
	index := "the package index of pip's configuration"
	if j.cfg.IndexURL != "" {
		index = j.cfg.IndexURL
	}
	switch m := pipOffline.FindString(out); {
	case pipFull.MatchString(out):
		return fmt.Errorf("%s%s: disk full: make room, or set XDG_CACHE_HOME to a larger disk, and run set-up again", what, j.cache)
	case m != "":
		return fmt.Errorf("%s%s cannot be reached (%s): check network and proxy, give --index-url a mirror, or %s", what, index, strings.ToLower(m), libtorchRemedy)
	case pipCert.MatchString(out):
		return fmt.Errorf("%s%s: its certificate is not trusted: set pip's cert option (PIP_CERT), or %s", what, index, libtorchRemedy)
	case pipStatus.MatchString(out):
		return fmt.Errorf("%s%s answered %s: check --index-url and pip's configuration", what, index, pipStatus.FindString(out))
	case pipBroken.MatchString(out):
		return &brokenDownload{pipBroken.FindString(out)}
	case pipAbsent.MatchString(out):
		return fmt.Errorf("%s%s has no such wheel for %s: give --index-url an index that has it, or %s", what, index, j.platform.name, libtorchRemedy)
	}
	cause := firstLine(out)
	if all := pipErrorLine.FindAllStringSubmatch(out, -1); all != nil {
		cause = all[len(all)-1][1]
	}
	if len(cause) > 300 {
		cause = cause[:300] + "..."
	}
	return fmt.Errorf("%spip failed: %s: mend that, or %s", what, cause, libtorchRemedy)
}
