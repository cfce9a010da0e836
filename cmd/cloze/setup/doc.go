// Package setup makes the native half of cloze: it finds or fetches libtorch,
// patches a copy of gotch, compiles the C++ kernels and writes the go.work that
// joins them. It is plain Go, so that it runs before any of that exists.
//
// The way of the data:
//
//	$LIBTORCH | own cache | Python's torch | pip's wheel ──► libtorch (include/, lib/)
//	gotch in the module cache ──► patch ──► prune to ops.txt ─┐      │
//	models/torch/native/*.cpp ────────────────────────────────┴► g++ ┴► libcloze_torch-<hash>.a
//	                                                                    + patched gotch ──► go.work
//
// Everything is made aside and renamed, under one lock, in a folder of the
// user's cache directory which all checkouts share; it may be deleted at any
// time. A set-up that was cut off is run again, one that is done does nothing.
package setup
