package setup

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// wheelFile is a wheel as an index names it.
func wheelFile(w wheel, p platform) string {
	tag := "py3-none-" + p.tags[1] // as the NVIDIA ones
	if w.include {
		tag = "cp312-cp312-" + p.tags[0]
	}
	return strings.ReplaceAll(w.name, "-", "_") + "-" + w.version + "-" + tag + ".whl"
}

// index is a package index (PEP 503) on this machine. It breaks the first
// connections of each file in the middle.
type index struct {
	*httptest.Server
	breaks int
	mu     sync.Mutex
	asked  map[string]int
	served map[string]int
}

// newIndex serves files, which map a wheel's sum to its place.
func newIndex(t *testing.T, p platform, files map[string]string, breaks int) *index {
	t.Helper()
	x := &index{breaks: breaks, asked: map[string]int{}, served: map[string]int{}}
	mux := http.NewServeMux()
	for _, w := range p.wheels {
		name := wheelFile(w, p)
		mux.HandleFunc("/simple/"+w.name+"/", func(rw http.ResponseWriter, _ *http.Request) {
			fmt.Fprintf(rw, `<!DOCTYPE html><html><body><a href="/files/%s#sha256=%s">%s</a></body></html>`, name, w.sha256, name)
		})
		mux.HandleFunc("/files/"+name, func(rw http.ResponseWriter, r *http.Request) { x.serve(rw, r, w, files[w.sha256]) })
	}
	x.Server = httptest.NewServer(mux)
	t.Cleanup(x.Close)
	return x
}

func (x *index) serve(rw http.ResponseWriter, r *http.Request, w wheel, path string) {
	if r.Method == http.MethodHead {
		http.ServeFile(rw, r, path)
		return
	}
	x.mu.Lock()
	x.asked[w.name]++
	broken := x.asked[w.name] <= x.breaks
	x.served[w.name]++
	x.mu.Unlock()
	if !broken {
		http.ServeFile(rw, r, path)
		return
	}
	data, err := os.Open(path)
	if err != nil {
		http.Error(rw, err.Error(), http.StatusInternalServerError)
		return
	}
	defer data.Close()
	// All of the length is promised, half is sent, the connection is cut.
	rw.Header().Set("Content-Length", strconv.FormatInt(w.bytes, 10))
	buf := make([]byte, 64<<10)
	for sent := int64(0); sent < w.bytes/2; {
		n, _ := data.Read(buf[:min(int64(len(buf)), w.bytes/2-sent)])
		if _, err := rw.Write(buf[:n]); err != nil {
			break
		}
		sent += int64(n)
	}
	panic(http.ErrAbortHandler)
}

// plainPip frees pip from this machine's configuration, so that a test speaks
// to its own index only. It skips where there is no pip.
func plainPip(t *testing.T) []string {
	t.Helper()
	for _, kv := range os.Environ() {
		if name, _, _ := strings.Cut(kv, "="); strings.HasPrefix(name, "PIP_") || strings.HasSuffix(strings.ToLower(name), "_proxy") {
			t.Setenv(name, "")
			os.Unsetenv(name)
		}
	}
	t.Setenv("PIP_CONFIG_FILE", os.DevNull)
	pip, err := findPip(context.Background())
	if err != nil {
		t.Skip(err)
	}
	return pip
}

// TestPipFetchesThroughABrokenIndex: the real pip, with the tags that set-up
// gives it, small wheels, and an index that breaks off; then one that is gone.
func TestPipFetchesThroughABrokenIndex(t *testing.T) {
	slow(t)
	real, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3")
	}
	pip := plainPip(t)
	w := newWorld(t)
	if err := os.Remove(w.bin + "/python3"); err != nil {
		t.Fatal(err)
	}
	// The real pip under a name that leaves python3's own torch out of sight.
	w.write(t, "bin/pip3", "#!/bin/sh\nPATH="+filepath.Dir(real)+":/usr/bin:/bin exec "+strings.Join(pip, " ")+" \"$@\"\n", 0o755)
	p := platforms[goos+"/"+goarch]
	files := map[string]string{}
	for _, f := range p.wheels {
		files[f.sha256] = filepath.Join(w.wheels, f.name+".whl")
	}
	x := newIndex(t, p, files, 1)
	cfg := w.config()
	cfg.IndexURL = x.URL + "/simple"
	r, err := Run(context.Background(), cfg)
	if err != nil {
		t.Fatalf("%v\n%s", err, w.log.String())
	}
	if r.Origin != "pip's wheel" || x.asked["torch"] < 2 {
		t.Errorf("%+v after %v", r, x.asked)
	}
	x.Close()
	if err := os.RemoveAll(w.cache); err != nil {
		t.Fatal(err)
	}
	_, err = Run(context.Background(), cfg)
	oneLine(t, err, x.URL, "cannot be reached", "check network and proxy")
}
