package setup

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Config says what to set up. The zero value sets up the cloze checkout that
// holds the working directory, for the processor, without a word.
type Config struct {
	// Device is "cpu" (or "") or "cuda".
	Device string
	// ModuleDir is the folder of a Go module that imports cloze's models; its
	// go.work is written there. "" is the module around the working directory.
	ModuleDir string
	// IndexURL replaces the package index of pip's own configuration.
	IndexURL string
	// CacheDir holds everything that set-up makes; "" is cloze in the user's
	// cache directory.
	CacheDir string
	// Log gets a line for each step and, during downloads, for each few
	// seconds; nil is silence.
	Log io.Writer `json:"-"`
}

// Report tells what Run found and made.
type Report struct {
	// UpToDate: all was there already and nothing was written.
	UpToDate bool `json:"up_to_date"`
	// Libtorch is the folder with include/ and lib/, Origin where it came from.
	Libtorch string `json:"libtorch"`
	Origin   string `json:"origin"`
	// Gotch is the folder of the patched copy, GoWork the file that points to it.
	Gotch  string `json:"gotch"`
	GoWork string `json:"go_work"`
	// Ops counts the gotch wrappers kept; Compiled and Reused count objects.
	Ops      int `json:"ops"`
	Compiled int `json:"compiled"`
	Reused   int `json:"reused"`
	// DownloadedBytes counts the wheels that pip fetched.
	DownloadedBytes int64 `json:"downloaded_bytes"`
	// Fetch and Build are the time for the download and for the compilation.
	Fetch time.Duration `json:"fetch_ns"`
	Build time.Duration `json:"build_ns"`
}

// Run sets up cfg's module: see the package's comment. Its error is one line
// that names the file or place, the cause and the remedy; what was complete
// before it stays, and the next Run goes on from there. A second Run beside
// this one waits for it.
func Run(ctx context.Context, cfg Config) (Report, error) {
	j, err := newJob(ctx, cfg)
	if err != nil {
		return Report{}, err
	}
	lt, note, err := findLibtorch(ctx, j.cache)
	if err != nil {
		return Report{}, err
	}
	if lt.dir != "" {
		if p, err := j.plan(lt); err != nil {
			return Report{}, err
		} else if j.done(ctx, p) {
			j.report.UpToDate = true
			return j.finish(p), nil
		}
	}
	unlock, err := j.lock(ctx)
	if err != nil {
		return Report{}, err
	}
	defer unlock()
	return j.make(ctx, note)
}

// make does what is not done yet, under the lock. It looks for libtorch again,
// since another set-up may just have brought it.
func (j *job) make(ctx context.Context, note string) (Report, error) {
	lt, _, err := findLibtorch(ctx, j.cache)
	if err == nil && lt.dir == "" {
		if note != "" {
			j.say("%s", note)
		}
		lt, err = j.fetchLibtorch(ctx)
	}
	if err != nil {
		return Report{}, err
	}
	j.say("libtorch %s: %s (%s)", torchVersion, lt.dir, lt.origin)
	p, err := j.plan(lt)
	if err != nil {
		return Report{}, err
	}
	if !complete(j.gotchDir(p)) {
		if err := j.build(ctx, p); err != nil {
			return Report{}, err
		}
	}
	if gotchIn(ctx, j.tools.goCmd, j.work) != j.gotchDir(p) {
		if err := j.writeWork(ctx, j.gotchDir(p)); err != nil {
			return Report{}, err
		}
	}
	j.say("gotch: %s", j.gotchDir(p))
	j.say("workspace: %s", j.work)
	return j.finish(p), nil
}

// job is one Run: what it was asked, what it found and what it has done.
type job struct {
	cfg      Config
	platform platform
	cache    string
	tools    tools
	module   module
	work     string        // the go.work that counts for module
	every    time.Duration // between two lines of a download
	start    time.Time
	saying   sync.Mutex
	report   Report
}

// newJob checks all that needs no libtorch.
func newJob(ctx context.Context, cfg Config) (*job, error) {
	j := &job{cfg: cfg, every: 5 * time.Second, start: time.Now()}
	var err error
	if j.platform, err = thisPlatform(); err != nil {
		return nil, err
	}
	switch cfg.Device {
	case "", "cpu":
	case "cuda":
		return nil, cudaError()
	default:
		return nil, fmt.Errorf("setup: --device %s: unknown: cpu or cuda", cfg.Device)
	}
	if j.cache, err = cacheDir(cfg); err != nil {
		return nil, err
	}
	if j.tools, err = findTools(ctx); err != nil {
		return nil, err
	}
	if j.module, err = findModule(ctx, j.tools.goCmd, cfg.ModuleDir); err != nil {
		return nil, err
	}
	j.work, err = workPath(ctx, j.tools.goCmd, j.module.Dir)
	return j, err
}

// plan joins a libtorch with the kernels that this program carries.
func (j *job) plan(lt libtorch) (plan, error) {
	files, ops, err := readKernels(j.module)
	return plan{lt: lt, ops: ops, native: files, hash: kernels.hash(), cxxID: j.tools.cxxID}, err
}

// done tells whether everything that plan leads to is in place.
func (j *job) done(ctx context.Context, p plan) bool {
	return complete(j.gotchDir(p)) && gotchIn(ctx, j.tools.goCmd, j.work) == j.gotchDir(p)
}

// complete tells whether a gotch folder is whole: it is renamed when it is, so
// this only notices what was removed by hand.
func complete(dir string) bool {
	archives, _ := filepath.Glob(filepath.Join(dir, "libtch", "libcloze_torch-*.a"))
	_, err := os.Stat(filepath.Join(dir, "libtch", "lib.go"))
	return len(archives) == 1 && err == nil
}

func (j *job) finish(p plan) Report {
	j.report.Libtorch, j.report.Origin = p.lt.dir, p.lt.origin
	j.report.Gotch, j.report.GoWork, j.report.Ops = j.gotchDir(p), j.work, len(p.ops)
	return j.report
}

// say writes a line of progress, with the seconds since the start.
func (j *job) say(format string, args ...any) {
	if j.cfg.Log == nil {
		return
	}
	j.saying.Lock()
	defer j.saying.Unlock()
	fmt.Fprintf(j.cfg.Log, "setup %6.1fs  %s\n", time.Since(j.start).Seconds(), fmt.Sprintf(format, args...))
}
