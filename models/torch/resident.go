package torch

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// ReleaseCode takes libtorch's code and constants out of the process's resident memory, 45 MB that loading it has touched and that little is needed of
// again; what is needed is mapped anew from the disk's cache. It does nothing where the system has no /proc/self/smaps.
func ReleaseCode() {
	areas, err := os.ReadFile("/proc/self/smaps")
	if err != nil {
		return
	}
	var start, end uint64
	for line := range strings.Lines(string(areas)) {
		f := strings.Fields(line)
		if from, to, ok := strings.Cut(f[0], "-"); ok { // start-end permissions offset device inode path
			start, end = 0, 0
			if len(f) == 6 && !strings.Contains(f[1], "w") && strings.HasPrefix(filepath.Base(f[5]), "libtorch") {
				start, _ = strconv.ParseUint(from, 16, 64)
				end, _ = strconv.ParseUint(to, 16, 64)
			}
		} else if f[0] == "Anonymous:" && f[1] == "0" && end > start { // a page that was written once, as relocations are, would be lost
			_, _, _ = syscall.Syscall(syscall.SYS_MADVISE, uintptr(start), uintptr(end-start), syscall.MADV_DONTNEED)
		}
	}
}
