package train

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// lockFile holds the number of the process that trains in a run folder. The lock is the system's and ends with the process, however it ends;
// the file stays.
const lockFile = ".lock"

// lockFolder makes this process the only one that writes to a run folder, until the file is closed.
func lockFolder(path string) (*os.File, error) {
	name := filepath.Join(path, lockFile)
	file, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, writeError(path, err)
	}
	err = unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		file.Close()
		return nil, fmt.Errorf("%s: %s trains here at this moment; wait for it, or end it: after an interrupt it saves and exits", path, holder(name))
	}
	if err == nil {
		pid := []byte(strconv.Itoa(os.Getpid()) + "\n")
		if _, err = file.WriteAt(pid, 0); err == nil {
			err = file.Truncate(int64(len(pid))) // afterwards: a full disk has room for what is there already
		}
	}
	if err != nil {
		file.Close()
		return nil, writeError(path, err)
	}
	return file, nil
}

// holder names the process that holds the lock.
func holder(name string) string {
	data, _ := os.ReadFile(name) // it may be about to write its number
	if pid, err := strconv.Atoi(strings.TrimSpace(string(data))); err == nil {
		return fmt.Sprintf("process %d", pid)
	}
	return "another process"
}
