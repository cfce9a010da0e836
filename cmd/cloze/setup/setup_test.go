package setup

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"testing"
)

// TestMain lets a test run this package's Run in a process of its own, which
// it can kill: the test binary with helperEnv set is that process.
func TestMain(m *testing.M) {
	if spec := os.Getenv(helperEnv); spec != "" {
		os.Exit(helper(spec))
	}
	os.Exit(m.Run())
}

const helperEnv = "CLOZE_SETUP_TEST_HELPER"

// helperSpec is what the process is asked to do.
type helperSpec struct {
	Config  Config
	Kernels string // folder of the kernels
}

func helper(spec string) int {
	var s helperSpec
	if err := json.Unmarshal([]byte(spec), &s); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	s.Config.Log = os.Stderr
	useKernels(s.Kernels)
	r, err := Run(context.Background(), s.Config)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if err := json.NewEncoder(os.Stdout).Encode(r); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	return 0
}

// useKernels takes the kernels from a folder.
func useKernels(dir string) {
	kernels.files = os.DirFS(dir)
	kernels.hash = func() string { return "testhash" }
}
