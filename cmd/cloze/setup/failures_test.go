package setup

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestEachFailureIsOneLine: what can go wrong on a user's machine, by fakes.
// Every line names place, cause and remedy, and nothing half made stays.
func TestEachFailureIsOneLine(t *testing.T) {
	for _, c := range []struct {
		name  string
		spoil func(t *testing.T, w *world)
		words []string
	}{
		{"go", func(t *testing.T, w *world) { os.Remove(w.bin + "/go") }, []string{"go not found on PATH", "install Go 1.26"}},
		{"compiler", func(t *testing.T, w *world) { os.Remove(w.bin + "/g++") }, []string{"g++ not found on PATH", "apt install g++", "CXX"}},
		{"old compiler", func(t *testing.T, w *world) { t.Setenv("FAKE_VERSION", "7.5.0") }, []string{"bin/g++ is version 7.5.0, 9 or newer"}},
		{"CXX", func(t *testing.T, w *world) { t.Setenv("CXX", "no-such-compiler") }, []string{"no-such-compiler not found on PATH"}},
		{"ar", func(t *testing.T, w *world) { os.Remove(w.bin + "/ar") }, []string{"ar not found", "binutils"}},
		{"python", func(t *testing.T, w *world) { os.Remove(w.bin + "/python3") }, []string{"pip not found", "official archive libtorch-shared-with-deps-2.11.0", "LIBTORCH"}},
		{"pip", func(t *testing.T, w *world) { t.Setenv("FAKE_PIP", "none") }, []string{"pip not found", "python3 -m ensurepip", "LIBTORCH"}},
		{"wrong sum", func(t *testing.T, w *world) {
			data, _ := os.ReadFile(w.wheels + "/torch.whl")
			data[len(data)/2] ^= 1
			w.write(t, "wheels/torch.whl", string(data), 0o644)
		}, []string{"torch.whl: sha256 is", "expected", "LIBTORCH"}},
		{"short", func(t *testing.T, w *world) {
			w.write(t, "wheels/torch.whl", "short", 0o644)
		}, []string{"torch 2.11.0: the download broke off", "tried 4 times", "run set-up again"}},
		{"compile error", func(t *testing.T, w *world) { t.Setenv("FAKE_GXX", "error") }, []string{"core.cpp:3:1: error: 'foo' was not declared", "CXX"}},
		{"memory", func(t *testing.T, w *world) { t.Setenv("FAKE_GXX", "memory") }, []string{"ran out of memory", "1.5 GB"}},
		{"compiler's disk", func(t *testing.T, w *world) { t.Setenv("FAKE_GXX", "full") }, []string{"disk full", "XDG_CACHE_HOME"}},
		{"does not load", func(t *testing.T, w *world) { t.Setenv("FAKE_PROOF", "3") }, []string{"does not load", "exit status 3"}},
		{"unknown op", func(t *testing.T, w *world) {
			w.write(t, "checkout/models/torch/native/ops.txt", "atg_matmul\natg_nonsense\n", 0o644)
		}, []string{"ops.txt", "no wrapper atg_nonsense"}},
		{"bad op", func(t *testing.T, w *world) {
			w.write(t, "checkout/models/torch/native/ops.txt", "\nmatmul\n", 0o644)
		}, []string{`ops.txt:2: "matmul"`}},
		{"no module", func(t *testing.T, w *world) { os.Remove(w.checkout + "/go.mod") }, []string{"no go.mod here or above", "go mod init"}},
		{"foreign module", func(t *testing.T, w *world) {
			w.write(t, "checkout/go.mod", "module example.com/x\n\ngo 1.26.0\n", 0o644)
		}, []string{"does not require " + clozePath, "go get " + clozePath}},
		{"no proxy", func(t *testing.T, w *world) { t.Setenv("GOPROXY", "off") }, []string{gotchPath + "@" + gotchVersion + " cannot be downloaded", "GOPROXY"}},
		{"no space", func(t *testing.T, w *world) {
			p := platforms[goos+"/"+goarch]
			p.unpackedBytes = 1 << 60
			platforms[goos+"/"+goarch] = p
		}, []string{"/cache: disk full: ", "needed", "free: make room"}},
		{"older cloze", func(t *testing.T, w *world) {
			useKernels(mapKernels{"ops.txt": "atg_add\n"}.fs(), "x")
		}, []string{"ops.txt: this cloze was built from other kernels", "go run " + clozePath + "/cmd/cloze setup"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			c.spoil(t, w)
			_, err := w.run()
			oneLine(t, err, c.words...)
			if left, _ := os.ReadDir(filepath.Join(w.cache, "tmp")); len(left) > 0 {
				t.Errorf("left in tmp: %v", left)
			}
			if _, err := os.Stat(filepath.Join(w.checkout, "go.work")); err == nil {
				t.Error("a go.work was written")
			}
		})
	}
}

// TestUnsupportedPlatformIsNamed: and the supported ones with it.
func TestUnsupportedPlatformIsNamed(t *testing.T) {
	old := goarch
	t.Cleanup(func() { goarch = old })
	goarch = "riscv64"
	_, err := Run(context.Background(), Config{})
	oneLine(t, err, "linux/riscv64 is not supported", "linux/amd64 and linux/arm64")
}

// TestCUDARequestNamesDeviceDriverLibrary: case C95.
func TestCUDARequestNamesDeviceDriverLibrary(t *testing.T) {
	_, err := Run(context.Background(), Config{Device: "cuda"})
	if goos == "linux" && (goarch == "amd64" || goarch == "arm64") {
		oneLine(t, err, "--device cuda", "device", "driver", "library (libtorch_cuda.so", "--device cpu")
	}
	root := t.TempDir()
	if found, missing := cudaParts(root); len(found) != 0 || len(missing) != 2 || missing[0] != "device (nvidia0)" {
		t.Errorf("empty machine: %v, %v", found, missing)
	}
	for _, f := range []string{"dev/nvidia0", "usr/lib64/libcuda.so.1"} {
		if err := errors.Join(os.MkdirAll(filepath.Dir(filepath.Join(root, f)), 0o755), os.WriteFile(filepath.Join(root, f), nil, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	if found, missing := cudaParts(root); len(found) != 2 || len(missing) != 0 {
		t.Errorf("full machine: %v, %v", found, missing)
	}
	_, err = Run(context.Background(), Config{Device: "tpu"})
	if err == nil || !strings.Contains(err.Error(), "tpu: unknown: cpu or cuda") {
		t.Errorf("tpu: %v", err)
	}
}

// TestFullDiskIsOneLine: the disk fills while a wheel is unpacked.
func TestFullDiskIsOneLine(t *testing.T) {
	w := newWorld(t)
	if err := os.Mkdir(w.cache, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount("tmpfs", w.cache, "tmpfs", 0, "size=64k"); err != nil {
		t.Skipf("mounting a small disk needs root: %v", err)
	}
	t.Cleanup(func() { unix.Unmount(w.cache, unix.MNT_DETACH) })
	p := platforms[goos+"/"+goarch]
	p.unpackedBytes = 0
	platforms[goos+"/"+goarch] = p
	if err := os.WriteFile(w.cache+"/ballast", make([]byte, 20<<10), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := w.run()
	oneLine(t, err, w.cache, "disk full", "make room")
	if err := unix.Unmount(w.cache, unix.MNT_DETACH); err != nil {
		t.Fatal(err)
	}
	if _, err := w.run(); err != nil {
		t.Errorf("with room: %v", err)
	}
}

// TestPipErrorsAreCondensed: what pip really prints, cut to its cause.
func TestPipErrorsAreCondensed(t *testing.T) {
	j := &job{platform: platforms["linux/amd64"], cache: "/c"}
	w := wheel{name: "torch", version: torchVersion}
	for _, c := range []struct{ out, want string }{
		{"WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError('<x>: Failed to establish a new connection: [Errno -2] Name or service not known')': /simple/torch/\nERROR: Could not find a version that satisfies the requirement torch==2.11.0 (from versions: none)\nERROR: No matching distribution found for torch==2.11.0", "cannot be reached (failed to establish a new connection): check network"},
		{"ERROR: Could not find a version that satisfies the requirement torch==2.11.0 (from versions: 2.4.0)\nERROR: No matching distribution found", "has no such wheel for linux/amd64"},
		{"ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", "/c: disk full"},
		{"ERROR: HTTP error 403 while getting x\nERROR: Could not install requirement because of HTTP error 403 Client Error: Forbidden for url: x", "answered 403 Client Error: Forbidden for url: x"},
		{"Could not fetch URL: There was a problem confirming the ssl certificate: CERTIFICATE_VERIFY_FAILED", "certificate is not trusted"},
		{"ERROR: Exception:\nTraceback\n  urllib3.exceptions.ProtocolError: ('Connection broken: IncompleteRead(1 bytes read)')", "the download broke off"},
		{"ERROR: something new", "pip failed: something new"},
		{strings.Repeat("x", 5000), "pip failed: xxx"},
	} {
		err := j.pipError(c.out, w)
		if text := err.Error(); !strings.Contains(text, c.want) || strings.Contains(text, "\n") || len(text) > 700 {
			t.Errorf("%.60q: %q, want %q", c.out, text, c.want)
		}
	}
}
