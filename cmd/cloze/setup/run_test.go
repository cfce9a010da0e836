package setup

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// TestSetUpMakesEverythingOnce: the whole way over fakes, and a no-op after it.
func TestSetUpMakesEverythingOnce(t *testing.T) {
	w := newWorld(t)
	r, err := w.run()
	if err != nil {
		t.Fatal(err)
	}
	if r.UpToDate || r.Compiled != 3 || r.Ops != 2 || r.DownloadedBytes == 0 || r.Origin != "pip's wheel" {
		t.Errorf("report: %+v", r)
	}
	for _, name := range []string{"lib/libtorch_cpu.so", "lib/libcudart.so.13", "licenses/torch/LICENSE", "include/torch/headeronly/version.h", "manifest.json"} {
		if _, err := os.Stat(filepath.Join(r.Libtorch, name)); err != nil {
			t.Error(err)
		}
	}
	if _, err := os.Stat(filepath.Join(r.Libtorch, "lib/libunwanted.so")); err == nil {
		t.Error("a library that nobody wants was kept")
	}
	lib, err := os.ReadFile(filepath.Join(r.Gotch, "libtch/lib.go"))
	if err != nil || !strings.Contains(string(lib), "-Wl,-rpath,"+r.Libtorch+"/lib") {
		t.Errorf("lib.go: %v\n%s", err, lib)
	}
	if cpp, _ := filepath.Glob(filepath.Join(r.Gotch, "libtch/*.cpp*")); len(cpp) > 0 {
		t.Errorf("C++ left for cgo: %v", cpp)
	}
	for _, dir := range []string{"tmp", "downloads"} {
		if left, _ := os.ReadDir(filepath.Join(w.cache, dir)); len(left) > 0 {
			t.Errorf("%s is not empty: %v", dir, left)
		}
	}
	start := time.Now()
	if r, err = w.run(); err != nil || !r.UpToDate {
		t.Errorf("second run: %+v, %v", r, err)
	}
	if d := time.Since(start); d > time.Second {
		t.Errorf("a no-op took %v", d)
	}
}

// TestOnlyChangedKernelIsCompiled: an edit compiles its file and the one that holds the hash.
func TestOnlyChangedKernelIsCompiled(t *testing.T) {
	w := newWorld(t)
	if _, err := w.run(); err != nil {
		t.Fatal(err)
	}
	w.write(t, "checkout/models/torch/native/other.cpp", "// edited\n", 0o644)
	if r, err := w.run(); err != nil || r.Compiled != 1 || r.Reused != 2 {
		t.Errorf("edit: %+v, %v", r, err)
	}
	useKernels(os.DirFS(w.checkout+"/models/torch/native"), "another")
	if r, err := w.run(); err != nil || r.Compiled != 1 || r.Reused != 2 {
		t.Errorf("hash: %+v, %v", r, err)
	}
}

// TestDamagedLibraryIsFetchedAgain: somebody cut a library of the cache.
func TestDamagedLibraryIsFetchedAgain(t *testing.T) {
	w := newWorld(t)
	r, err := w.run()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(filepath.Join(r.Libtorch, "lib/libgomp.so.1"), 3); err != nil {
		t.Fatal(err)
	}
	if r, err = w.run(); err != nil || r.DownloadedBytes == 0 || intact(r.Libtorch) != nil {
		t.Errorf("report %+v, %v", r, err)
	}
}

// lineLog collects a process's progress while it runs.
type lineLog struct {
	mu  sync.Mutex
	buf strings.Builder
}

func (l *lineLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *lineLog) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

func (l *lineLog) lines() int { return strings.Count(l.text(), "\n") }

func (l *lineLog) last() string {
	text := strings.TrimSpace(l.text())
	return strings.TrimSpace(text[strings.LastIndex(text, "\n")+1:])
}

// startHelper runs Run in a process of its own.
func startHelper(t *testing.T, s helperSpec, log *lineLog) *exec.Cmd {
	t.Helper()
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), helperEnv+"="+string(text))
	cmd.Stderr = log
	cmd.WaitDelay = time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd
}

// TestKilledSetUpLeavesNoCompilerRunning: SIGKILL of set-up ends g++ and what
// g++ has started, and the next set-up completes.
func TestKilledSetUpLeavesNoCompilerRunning(t *testing.T) {
	w := newWorld(t)
	t.Setenv("FAKE_GXX", "sleep")
	var log lineLog
	cfg := w.config()
	cfg.Log = nil
	cmd := startHelper(t, helperSpec{Config: cfg, Kernels: w.checkout + "/models/torch/native", Wheels: w.wheels}, &log)
	var pids []string
	for end := time.Now().Add(20 * time.Second); len(pids) < 4 && time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		text, _ := os.ReadFile(w.wheels + "/pids")
		pids = strings.Fields(string(text))
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	cmd.Wait()
	if len(pids) < 2 {
		t.Fatalf("no compiler was started: %s", log.text())
	}
	for _, p := range pids {
		pid, err := strconv.Atoi(p)
		if err != nil {
			t.Fatal(err)
		}
		for end := time.Now().Add(5 * time.Second); alive(pid); time.Sleep(10 * time.Millisecond) {
			if time.Now().After(end) {
				t.Errorf("process %d goes on after set-up was killed", pid)
				break
			}
		}
	}
	t.Setenv("FAKE_GXX", "")
	if r, err := w.run(); err != nil || r.Compiled != 3 || r.DownloadedBytes != 0 {
		t.Errorf("after the kill: %+v, %v", r, err)
	}
}

// alive tells whether a process runs; one that nobody has waited for yet is dead.
func alive(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return false
	}
	stat, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	_, rest, _ := strings.Cut(string(stat), ") ")
	return !strings.HasPrefix(rest, "Z")
}

// TestSecondSetUpWaits: two at once take turns, and a cancelled one gives up.
func TestSecondSetUpWaits(t *testing.T) {
	w := newWorld(t)
	first := &job{cache: w.cache}
	unlock, err := first.lock(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	_, err = Run(ctx, w.config())
	oneLine(t, err, "cut off", "run it again")
	if !strings.Contains(w.log.String(), "waiting for another set-up") {
		t.Errorf("log: %s", w.log.String())
	}
	time.AfterFunc(200*time.Millisecond, unlock)
	if _, err := w.run(); err != nil {
		t.Error(err)
	}
}
