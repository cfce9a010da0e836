package setup

import (
	"context"
	"errors"
	"io"
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
	Log io.Writer
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
	return Report{}, errors.New("setup: being written")
}

// Check is what Doctor says of one part.
type Check struct {
	Part    string `json:"part"`    // "go", "g++", "libtorch", ...
	OK      bool   `json:"ok"`      // nothing to do
	Found   string `json:"found"`   // what and where; "" when nothing was found
	Missing string `json:"missing"` // what is not there; "" when OK
	Remedy  string `json:"remedy"`  // how to get it; "" when OK
}

// Doctor looks at every part that cloze needs, changes nothing and never fails.
// Of a packed copy (see Dist) it looks only at what that needs to run.
func Doctor(ctx context.Context, cfg Config) []Check { return nil }

// DistConfig says what to pack.
type DistConfig struct {
	// Setup's fields mean what they mean to Run, which Dist calls first.
	Setup Config
	// Out is the folder for the archive, made when it is not there.
	Out string
}

// Dist builds the command with libtorch and packs it with libtorch's libraries
// into Out/cloze-linux-amd64.tar.gz (or -arm64), which runs where neither Go
// nor libtorch is installed. It returns the archive's path.
func Dist(ctx context.Context, cfg DistConfig) (string, error) {
	return "", errors.New("setup: being written")
}
