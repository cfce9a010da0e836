package train

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

var kills = flag.Int("kills", 20, "how often TestKillsLoseNothing kills its run, half of them inside the writing of a checkpoint")

// Environment of the process that is killed.
const (
	killFolder = "CLOZE_KILL_FOLDER" // the run folder
	killWrite  = "CLOZE_KILL_WRITE"  // number of the write of a checkpoint in which to wait to be killed; "" for none
)

// killConfig is a run of some seconds that saves many times a second.
func killConfig() Config {
	c := hardConfig()
	c.Steps, c.EvalEvery, c.LogEvery, c.WarmupSteps = 400, 25, 5, 20
	return c
}

func killJob(job *Job) {
	job.Checkpoint = CheckpointConfig{Every: Interval{Time: 100 * time.Millisecond}, Keep: 2}
}

// TestKillChild is the process that is killed: it goes on with a run and tells its parent what it does.
func TestKillChild(t *testing.T) {
	dir := os.Getenv(killFolder)
	if dir == "" {
		t.Skip("this is the other process of TestKillsLoseNothing")
	}
	fmt.Println("begins")
	_, err := runIn(t, dir, context.Background(), killConfig(), func(job *Job) {
		killJob(job)
		fmt.Println("from", job.Folder.ResumedStep())
		job.OnSave = func(step int, _ string) { fmt.Println("saved", step) }
		left, err := strconv.Atoi(os.Getenv(killWrite))
		if err != nil {
			return
		}
		job.Folder.hook = func(path string, at int64) error {
			if filepath.Base(path) == MetricsFile {
				return nil
			}
			if left--; left < 0 {
				fmt.Println("writes", path, at)
				time.Sleep(time.Minute)
			}
			return nil
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println("ended")
}

// victim is one life of that process.
type victim struct {
	from, saved int  // step that it went on from, -1 when it did not come so far; the last one that it saved
	ended       bool // it came to the end of the run first
}

// live starts the process and kills it: after a time, or, where write is not negative, in that write of a checkpoint.
func live(t *testing.T, dir string, after time.Duration, write int) victim {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestKillChild$", "-test.v")
	cmd.Env = append(os.Environ(), killFolder+"="+dir, killWrite+"=")
	if write >= 0 {
		cmd.Env = append(cmd.Env, killWrite+"="+strconv.Itoa(write))
	}
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	v := victim{from: -1, saved: -1}
	var said []string
	for lines := bufio.NewScanner(out); lines.Scan(); {
		said = append(said, lines.Text())
		switch word, rest, _ := strings.Cut(lines.Text(), " "); word {
		case "begins":
			if write < 0 {
				time.AfterFunc(after, func() { cmd.Process.Kill() })
			}
		case "from":
			v.from, _ = strconv.Atoi(rest)
		case "saved":
			v.saved, _ = strconv.Atoi(rest)
		case "writes":
			cmd.Process.Kill()
		case "ended":
			v.ended = true
		}
	}
	if err := cmd.Wait(); err == nil && !v.ended || err != nil && !strings.Contains(err.Error(), "killed") {
		t.Fatalf("the process: %v\n%s\n%s", err, strings.Join(said, "\n"), stderr.String())
	}
	return v
}

// A run is killed by SIGKILL at random times, half of them inside the writing of a checkpoint; what it leaves in the end is bit for bit what the
// run leaves that nobody disturbed. No checkpoint that was said to be written is lost.
func TestKillsLoseNothing(t *testing.T) {
	reference := t.TempDir()
	finished(t, reference, killConfig(), killJob)
	want := outcomeOf(t, reference)
	rng := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 0))
	total, inside, runs := 0, 0, 0
	const never = 1 << 30
	start := time.Now()
	enough := func() bool {
		late := time.Since(start) > time.Duration(*kills)*4*time.Second // four times what they take, on a machine that has other things to do
		return late || total >= *kills && inside >= *kills/2
	}
	for !enough() {
		dir, saved := filepath.Join(t.TempDir(), "run"), 0
		for ended := false; !ended; {
			write := -1
			switch {
			case enough():
				write = never
			case total-inside >= *kills/2 || rng.IntN(2) == 0 && inside < *kills/2:
				write = rng.IntN(90)
			}
			v := live(t, dir, time.Duration(rng.Int64N(int64(300*time.Millisecond))), write)
			if v.from >= 0 && v.from < saved {
				t.Fatalf("step %d was saved, and the run went on from step %d", saved, v.from)
			}
			saved = max(saved, v.from, v.saved)
			if ended = v.ended; ended {
				break
			}
			total++
			// The proof: a part of a checkpoint, under the name of things that are not whole.
			if half, _ := filepath.Glob(filepath.Join(dir, CheckpointsDir, ".*"+asideEnding)); len(half) > 0 {
				inside++
			}
		}
		runs++
		if what := want.differs(outcomeOf(t, dir)); what != "" {
			t.Fatalf("after %d kills the run differs in %s", total, what)
		}
	}
	t.Logf("%d kills, %d of them inside the writing of a checkpoint; %d runs ended bit for bit as the one that was not killed", total, inside, runs)
}
