package train

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// smallDisk mounts a real disk of 8 MB in memory, for which one must be the superuser.
func smallDisk(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=8m"); err != nil {
		t.Skipf("a small disk cannot be mounted here (%v): run this as the superuser", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// fill leaves no byte free on the disk that holds a folder.
func fill(t *testing.T, dir string) {
	t.Helper()
	file, err := os.Create(filepath.Join(dir, "ballast"))
	if err != nil {
		t.Error(err)
		return
	}
	defer file.Close()
	for size := 1 << 20; size > 0; size /= 2 {
		for err = nil; err == nil; {
			_, err = file.Write(make([]byte, size))
		}
	}
}

// immutable makes a folder one in which nothing can be made, renamed or removed, or undoes that.
func immutable(t *testing.T, dir string, on bool) {
	t.Helper()
	const immutableFlag = 0x10 // FS_IMMUTABLE_FL
	d, err := os.Open(dir)
	if err != nil {
		t.Error(err)
		return
	}
	defer d.Close()
	flags, err := unix.IoctlGetInt(int(d.Fd()), unix.FS_IOC_GETFLAGS)
	if err == nil {
		if flags &^= immutableFlag; on {
			flags |= immutableFlag
		}
		err = unix.IoctlSetPointerInt(int(d.Fd()), unix.FS_IOC_SETFLAGS, flags)
	}
	if err != nil {
		t.Errorf("%s: cannot be made read-only: %v", dir, err)
	}
}

// faultAt calls fault when a file of that name is about to be written for the n-th time.
func faultAt(name string, n int, fault func(path string)) func(*Job) {
	return func(job *Job) {
		job.Folder.hook = func(path string, at int64) error {
			if filepath.Base(path) == name && at == 0 {
				if n--; n == 0 {
					fault(path)
				}
			}
			return nil
		}
	}
}

// The disk is full at each kind of write: the error is one line that names the file, the checkpoint before is there, a run that is resumed while
// the disk is still full ends the same way, and when there is room again it goes on to the same bits.
func TestAFullDiskLosesNothing(t *testing.T) {
	config := hardConfig()
	reference := t.TempDir()
	finished(t, reference, config, nil)
	want := outcomeOf(t, reference)
	// The first checkpoint is of step 4, the second of step 5, the first best one.
	for _, c := range []struct {
		name   string
		write  int // which one fails
		resume int // step
	}{{MetricsFile, 1, 0}, {WeightsFile, 1, 0}, {WeightsFile, 2, 4}, {OptimizerFile, 2, 4}, {StateFile, 2, 4}, {LastFile, 2, 5}, {BestFile, 1, 5}, {WeightsFile, 5, 10}} {
		disk := smallDisk(t)
		dir := filepath.Join(disk, "run")
		_, err := runIn(t, dir, context.Background(), config, faultAt(c.name, c.write, func(string) { fill(t, disk) }))
		checkRefusal(t, c.name, err, c.name, "no space left on device", "check the folder, its rights and the free space")
		_, err = runIn(t, dir, context.Background(), config, nil)
		checkRefusal(t, c.name+" again", err, "no space left on device")
		if err := os.Remove(filepath.Join(disk, "ballast")); err != nil {
			t.Fatal(err)
		}
		folder, err := OpenFolder(dir)
		if err != nil {
			t.Fatal(err)
		}
		if step := folder.ResumedStep(); step < c.resume || len(folder.found.damaged) > 0 {
			t.Errorf("%s: the run would go on from step %d, want at least %d (damaged: %v)", c.name, step, c.resume, folder.found.damaged)
		}
		folder.Close()
		finished(t, dir, config, nil)
		if what := want.differs(outcomeOf(t, dir)); what != "" {
			t.Errorf("%s: the resumed run differs in %s", c.name, what)
		}
	}
}

func TestAFullDiskRefusesANewRun(t *testing.T) {
	disk := smallDisk(t)
	dir := filepath.Join(disk, "run")
	fill(t, disk)
	_, err := CreateFolder(dir, File{ConfigFile, []byte("train:\n")})
	checkRefusal(t, "a new run", err, dir, "no space left on device")
	if err := os.Remove(filepath.Join(disk, "ballast")); err != nil {
		t.Fatal(err)
	}
	folder, err := CreateFolder(dir)
	if err != nil {
		t.Fatalf("what the refusal left is in the way: %v", err)
	}
	fill(t, disk)
	for _, name := range []string{ConfigFile, TokenizerFile, ModelFile} {
		checkRefusal(t, name, folder.Write(File{name, []byte("x")}), name, "no space left on device")
	}
	folder.Close()
}

// Folders that are read-only from some moment on, at each kind of write in them.
func TestAReadOnlyFolderLosesNothing(t *testing.T) {
	config := hardConfig()
	reference := t.TempDir()
	finished(t, reference, config, nil)
	want := outcomeOf(t, reference)
	for name, folder := range map[string]string{".step-0000005.tmp": CheckpointsDir, WeightsFile: CheckpointsDir + "/.step-0000005.tmp", StateFile: CheckpointsDir + "/.step-0000005.tmp",
		LastFile: ".", BestFile: "."} {
		dir := filepath.Join(smallDisk(t), "run")
		locked := filepath.Join(dir, folder)
		write := map[string]int{".step-0000005.tmp": 1, BestFile: 1}[name]
		if write == 0 {
			write = 2
		}
		_, err := runIn(t, dir, context.Background(), config, faultAt(name, write, func(string) { immutable(t, locked, true) }))
		checkRefusal(t, name, err, name, "not permitted", "check the folder, its rights and the free space")
		immutable(t, locked, false)
		finished(t, dir, config, nil)
		if what := want.differs(outcomeOf(t, dir)); what != "" {
			t.Errorf("%s: the resumed run differs in %s", name, what)
		}
	}
}

// A disk that is read-only from the start changes nothing and is said in a line, for a new run and for one that is resumed.
func TestAReadOnlyDiskIsRefused(t *testing.T) {
	disk := smallDisk(t)
	dir := filepath.Join(disk, "run")
	config := hardConfig()
	finished(t, dir, config, nil)
	before := listing(t, dir)
	if err := unix.Mount("", disk, "", unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	_, err := CreateFolder(filepath.Join(disk, "new"))
	checkRefusal(t, "new", err, "new", "read-only file system")
	_, err = OpenFolder(dir)
	checkRefusal(t, "resumed", err, dir, "read-only file system")
	if listing(t, dir) != before || strings.Contains(before, "ballast") {
		t.Error("the folder changed")
	}
}
