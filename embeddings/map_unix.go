//go:build unix

package embeddings

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// mapFile gives a file's bytes, read-only, without reading them yet.
func mapFile(file *os.File, size int64) ([]byte, func() error, error) {
	if size == 0 || int64(int(size)) != size {
		return nil, nil, errors.New("too large for this machine's address space")
	}
	data, err := unix.Mmap(int(file.Fd()), 0, int(size), unix.PROT_READ, unix.MAP_SHARED)
	if err != nil { // some file systems cannot map
		data, err = readAligned(file)
		return data, func() error { return nil }, err
	}
	return data, func() error { return unix.Munmap(data) }, nil
}
