//go:build !(torch && linux)

package main

// settleThreads has nothing to settle without libtorch.
func settleThreads() {}
