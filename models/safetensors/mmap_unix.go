//go:build unix

package safetensors

import (
	"errors"

	"golang.org/x/sys/unix"
)

// mapFile gives the file's bytes, read-only, without reading them yet.
func mapFile(path string) ([]byte, func() error, error) {
	file, size, err := openPlain(path)
	if err != nil {
		return nil, nil, err
	}
	defer file.Close() // a mapping outlives its descriptor
	if size == 0 {     // cannot be mapped; the parser says what is wrong
		return nil, func() error { return nil }, nil
	}
	if int64(int(size)) != size {
		return nil, nil, errors.New("too large for this machine's address space")
	}
	data, err := unix.Mmap(int(file.Fd()), 0, int(size), unix.PROT_READ, unix.MAP_SHARED)
	if err != nil { // some file systems cannot map
		return readWhole(file)
	}
	return data, func() error { return unix.Munmap(data) }, nil
}
