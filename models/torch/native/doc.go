// Package native holds the C++ kernels of models/torch as embedded files, for the set-up that compiles them, and their hash, by
// which models/torch notices that the compiled ones are older. It is plain Go: it neither compiles nor links anything.
package native
