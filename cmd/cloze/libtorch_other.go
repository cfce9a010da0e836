//go:build !(torch && linux)

package main

// settleLibtorch has nothing to settle without libtorch.
func settleLibtorch() {}
