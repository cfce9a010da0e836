// Package safetensors is the only reader and writer of the safetensors format
// in this module. It is plain Go and links no native library.
//
// A file is: 8 bytes little-endian length n, n bytes of JSON (padded with
// blanks), then the tensors' bytes one after another:
//
//	{"__metadata__":{"k":"v"},"wte.weight":{"dtype":"F32","shape":[65,48],"data_offsets":[0,12480]}}
//
// The way of the data: [Open] maps the file into memory (mmap_unix.go), checks
// the header completely before anybody sees a tensor (header.go), and hands out
// views of the mapping; nothing is copied until somebody asks for numbers
// ([Tensor.Float32s]). [Write] lays tensors out in the reference's order, so
// that the same input gives the same bytes as Python's `safetensors`, and
// replaces the target only once everything is on the disk.
//
// The rules are those of the reference implementation, and stricter where that
// one is silent: a name given twice, a key of a tensor that the format does not
// have, and blanks before the JSON are errors here.
package safetensors
