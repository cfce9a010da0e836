package setup

import (
	"fmt"
	"runtime"
	"sort"
	"strings"
)

// What set-up pins. A new libtorch means new sums, a look at what its
// libtorch_cpu.so needs to load, and a run of every wrapper.
const (
	torchVersion = "2.11.0"
	gotchPath    = "github.com/sugarme/gotch"
	gotchVersion = "v0.9.1"
	clozePath    = "github.com/go-cloze/cloze"
	// minGCC is the oldest g++ whose C++17 compiles libtorch's headers.
	minGCC = 9
)

// wheel is one file of the package index and what is taken from it.
type wheel struct {
	name, version string
	sha256        string
	bytes         int64
	// libs are the members that go to lib/; include says that the headers
	// go along. Licence texts are always taken: Dist ships them.
	libs    []string
	include bool
}

// platform is a supported operating system and processor.
type platform struct {
	name string   // GOOS/GOARCH
	tags []string // pip's platform tags, as the three wheels carry them
	// wheels: libtorch_cpu.so of the index is built with CUDA and needs its
	// runtime and profiler libraries merely to load, so these come too.
	wheels []wheel
	// unpackedBytes is the size of the folder that is left in the end.
	unpackedBytes int64
}

var platforms = map[string]platform{
	"linux/amd64": {
		name: "linux/amd64",
		tags: []string{"manylinux_2_28_x86_64", "manylinux_2_25_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64"},
		wheels: []wheel{
			{name: "torch", version: torchVersion, bytes: 530712279, include: true,
				sha256: "0f68f4ac6d95d12e896c3b7a912b5871619542ec54d3649cf48cc1edd4dd2756",
				libs:   []string{"libtorch_cpu.so", "libc10.so", "libgomp.so.1"}},
			{name: "nvidia-cuda-runtime", version: "13.0.96", bytes: 2243632,
				sha256: "7f82250d7782aa23b6cfe765ecc7db554bd3c2870c43f3d1821f1d18aebf0548",
				libs:   []string{"libcudart.so.13"}},
			{name: "nvidia-cuda-cupti", version: "13.0.85", bytes: 10715597,
				sha256: "4eb01c08e859bf924d222250d2e8f8b8ff6d3db4721288cf35d14252a4d933c8",
				libs:   []string{"libcupti.so.13"}},
		},
		unpackedBytes: 500e6,
	},
	"linux/arm64": {
		name: "linux/arm64",
		tags: []string{"manylinux_2_28_aarch64", "manylinux_2_25_aarch64", "manylinux_2_17_aarch64", "manylinux2014_aarch64"},
		wheels: []wheel{
			{name: "torch", version: torchVersion, bytes: 419731115, include: true,
				sha256: "f99924682ef0aa6a4ab3b1b76f40dc6e273fca09f367d15a524266db100a723f",
				// On arm64 libtorch_cpu.so also needs Arm's and NVIDIA's linear algebra.
				libs: []string{"libtorch_cpu.so", "libc10.so", "libgomp.so.1",
					"libarm_compute.so", "libarm_compute_graph.so",
					"libnvpl_blas_core.so.0", "libnvpl_blas_lp64_gomp.so.0",
					"libnvpl_lapack_core.so.0", "libnvpl_lapack_lp64_gomp.so.0"}},
			{name: "nvidia-cuda-runtime", version: "13.0.96", bytes: 2261060,
				sha256: "ef9bcbe90493a2b9d810e43d249adb3d02e98dd30200d86607d8d02687c43f55",
				libs:   []string{"libcudart.so.13"}},
			{name: "nvidia-cuda-cupti", version: "13.0.85", bytes: 10310827,
				sha256: "796bd679890ee55fb14a94629b698b6db54bcfd833d391d5e94017dd9d7d3151",
				libs:   []string{"libcupti.so.13"}},
		},
		unpackedBytes: 350e6,
	},
}

// goos and goarch are variables so that a test can stand elsewhere.
var goos, goarch = runtime.GOOS, runtime.GOARCH

func thisPlatform() (platform, error) {
	p, ok := platforms[goos+"/"+goarch]
	if !ok {
		names := make([]string, 0, len(platforms))
		for n := range platforms {
			names = append(names, n)
		}
		sort.Strings(names)
		return p, fmt.Errorf("setup: platform %s/%s is not supported: libtorch %s is pinned for %s; the verbs of the plain build work here",
			goos, goarch, torchVersion, strings.Join(names, " and "))
	}
	return p, nil
}
