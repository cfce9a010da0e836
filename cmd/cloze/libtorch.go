//go:build torch && linux

package main

import (
	"os"
	"syscall"

	"github.com/go-cloze/cloze/models/torch"
)

// spinCount is how many times libtorch's threads look for work before they sleep, between two operations. GNU
// OpenMP's own value is some milliseconds of spinning: on a machine with other work the spinning threads keep the
// working one from its core, and a training step takes five to ten times as long (docs/log.md).
const spinCount = "1000"

// settleLibtorch starts the program anew with a modest spin count, unless the user has said how threads wait, and gives
// back the memory that loading libtorch took. OpenMP reads its settings as it is loaded, before main, so nothing less
// works; it takes some ten milliseconds.
func settleLibtorch() {
	for _, name := range []string{"GOMP_SPINCOUNT", "OMP_WAIT_POLICY"} {
		if _, set := os.LookupEnv(name); set {
			torch.ReleaseCode()
			return
		}
	}
	env := append(os.Environ(), "GOMP_SPINCOUNT="+spinCount) // set, so that the new process goes on from here
	_ = syscall.Exec("/proc/self/exe", os.Args, env)         // where it is not allowed, slower is better than not at all
}
