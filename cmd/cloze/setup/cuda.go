package setup

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// cudaError says in one line why this set-up cannot serve a CUDA request: what
// of device and driver is there, and that the libraries are not taken yet.
func cudaError() error {
	found, missing := cudaParts("/")
	missing = append(missing, "library (libtorch_cuda.so: this version of cloze takes only libtorch's processor library)")
	line := "setup: --device cuda: missing " + strings.Join(missing, ", ")
	if len(found) > 0 {
		line += "; found " + strings.Join(found, ", ")
	}
	return fmt.Errorf("%s: set up with --device cpu", line)
}

// cudaParts looks for the NVIDIA device and driver under a root folder.
func cudaParts(root string) (found, missing []string) {
	look := func(what string, patterns ...string) {
		for _, p := range patterns {
			if m, _ := filepath.Glob(filepath.Join(root, p)); len(m) > 0 {
				found = append(found, what+" ("+m[0]+")")
				return
			}
		}
		missing = append(missing, what+" ("+strings.ReplaceAll(filepath.Base(patterns[0]), "[0-9]*", "0")+")")
	}
	look("device", "dev/nvidia[0-9]*", "dev/dxg")
	dirs := []string{"usr/lib/*-linux-gnu", "usr/lib64", "usr/lib", "usr/lib/wsl/lib", "usr/local/cuda/compat", "usr/local/nvidia/lib64"}
	for _, d := range filepath.SplitList(os.Getenv("LD_LIBRARY_PATH")) {
		dirs = append(dirs, strings.TrimPrefix(d, "/"))
	}
	for i := range dirs {
		dirs[i] = filepath.Join(dirs[i], "libcuda.so.1")
	}
	look("driver", dirs...)
	return found, missing
}
