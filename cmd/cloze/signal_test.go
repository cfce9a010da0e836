//go:build torch

package main

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// asCommand makes the test's binary the command itself.
const asCommand = "CLOZE_TEST_COMMAND"

// process starts the command as a process of its own, with a standard input that stays open.
func process(t *testing.T, args ...string) (cmd *exec.Cmd, stderr *bufio.Scanner) {
	t.Helper()
	cmd = exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), asCommand+"=1")
	pipe, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if _, err = cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, bufio.NewScanner(pipe)
}

// exitOf waits for the process and says how it ended.
func exitOf(t *testing.T, cmd *exec.Cmd) syscall.WaitStatus {
	t.Helper()
	var exit *exec.ExitError
	if err := cmd.Wait(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return cmd.ProcessState.Sys().(syscall.WaitStatus)
}

// interruptedAt is the last line of a run that a signal ended.
var interruptedAt = regexp.MustCompile(`^cloze: .*interrupted after step ([\d,]+).*--resume goes on`)

// SIGINT and SIGTERM save and exit; the run goes on from there. The design's two seconds are measured in docs/bench/checkpoints.md; here, where other
// tests may have the processor, ten.
func TestSignalsSaveAndExit(t *testing.T) {
	dir, _ := tinyRun()
	corpus := filepath.Join(dir, "corpus.txt")
	for _, signal := range []os.Signal{syscall.SIGINT, syscall.SIGTERM} {
		out := filepath.Join(t.TempDir(), "run")
		args := append([]string{"pretrain", "--out", out, "--steps", "1000000", "--set", "checkpoint.every=1000000"}, tiny...)
		cmd, stderr := process(t, append(args, "--quiet=false", corpus)...)
		var sent time.Time
		last := ""
		for stderr.Scan() {
			if last = stderr.Text(); strings.Contains(last, "step 20: held-out") && sent.IsZero() {
				sent = time.Now()
				if err := cmd.Process.Signal(signal); err != nil {
					t.Fatal(err)
				}
			}
		}
		status := exitOf(t, cmd)
		took := time.Since(sent)
		t.Logf("%v: saved and gone after %v", signal, took)
		if status.ExitStatus() != statusFailed || took > 10*time.Second {
			t.Errorf("%v: status %d after %v", signal, status.ExitStatus(), took)
		}
		step := interruptedAt.FindStringSubmatch(last)
		if step == nil {
			t.Fatalf("%v: the last line is %q", signal, last)
		}
		r := done(t, "", "pretrain", "--quiet", "--resume", "--out", out, "--steps", "200000", "--json", "--set", "train.early_stopping_patience=1", "--set", "train.eval_every=2", "--set", "train.learning_rate=1")
		if !strings.Contains(r.stdout, "goes on after step "+step[1]+`"`) {
			t.Errorf("%v: the resumed run says %s", signal, r.stdout)
		}
	}
}

// What the first interrupt does not reach, here because it waits for its input, is ended by the second at once, by the signal itself.
func TestASecondInterruptEndsAtOnce(t *testing.T) {
	dir, _ := tinyRun()
	cmd, stderr := process(t, append(append([]string{"pretrain", "--out", filepath.Join(t.TempDir(), "run"), "--tokenizer", filepath.Join(dir, "run", "tokenizer.json")}, tiny...), "--quiet=false", "-")...)
	if !stderr.Scan() { // now it is there, and has its ways with signals
		t.Fatal("the process says nothing")
	}
	gone := make(chan syscall.WaitStatus, 1)
	go func() { gone <- exitOf(t, cmd) }()
	for signals := 0; ; signals++ {
		select {
		case status := <-gone:
			if !status.Signaled() || status.Signal() != syscall.SIGINT || signals != 2 {
				t.Errorf("ended by status %#x after %d signals", status, signals)
			}
			return
		case <-time.After(500 * time.Millisecond):
			if signals == 2 {
				cmd.Process.Kill()
				t.Fatal("not ended by two interrupts")
			}
			cmd.Process.Signal(syscall.SIGINT)
		}
	}
}
