//go:build !unix

package embeddings

import "os"

// mapFile reads the whole file: the portable way.
func mapFile(file *os.File, _ int64) ([]byte, func() error, error) {
	data, err := readAligned(file)
	return data, func() error { return nil }, err
}
