//go:build unix

package shard

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// mapFile gives the file's bytes, read-only, without reading them yet. They start on a page.
func mapFile(file *os.File, size int64) ([]byte, func() error, error) {
	if size == 0 { // cannot be mapped; the header's check says what is wrong
		return nil, func() error { return nil }, nil
	}
	if int64(int(size)) != size {
		return nil, nil, errors.New("too large for this machine's address space")
	}
	data, err := unix.Mmap(int(file.Fd()), 0, int(size), unix.PROT_READ, unix.MAP_SHARED)
	if err != nil { // some file systems cannot map
		return readWhole(file, size)
	}
	return data, func() error { return unix.Munmap(data) }, nil
}

// lockFolder makes this process the only writer of an open folder; the lock ends with the process, however it ends.
func lockFolder(folder *os.File) error {
	return unix.Flock(int(folder.Fd()), unix.LOCK_EX|unix.LOCK_NB)
}
