//go:build torch

package main

// useThreads sets the threads of a network's operations; 0 leaves them as they are.
func useThreads(n int) error { return useDevice("cpu", n) }
