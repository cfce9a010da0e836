package setup

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// guard runs a program in a process group of its own and kills that group when
// set-up dies, however it dies: g++ starts compilers that would otherwise go
// on for half a minute and get in the way of the next set-up. The watcher
// reads set-up's end of a pipe, which the kernel closes with the process.
const guard = `exec 3<&0 0</dev/null; (while read -r _; do :; done; kill -9 -$$) <&3 >/dev/null 2>&1 & exec 3<&-; "$@"`

// run is one program's run; output holds both of its streams.
func (j *job) run(ctx context.Context, dir string, env []string, argv ...string) (output string, err error) {
	cmd := exec.CommandContext(ctx, "/bin/sh", append([]string{"-c", guard, "sh"}, argv...)...)
	cmd.Dir, cmd.Env = dir, env
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 2 * time.Second
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if _, err := cmd.StdinPipe(); err != nil {
		return "", err
	}
	err = cmd.Run()
	if ctx.Err() != nil {
		return out.String(), cutOff(ctx)
	}
	return out.String(), err
}

// ask runs a quick program that only answers, such as `go env`.
func ask(ctx context.Context, dir string, env []string, argv ...string) (string, error) {
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Dir, cmd.Env = dir, env
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if ctx.Err() != nil {
		return "", cutOff(ctx)
	}
	if err != nil && errs.Len() > 0 {
		err = fmt.Errorf("%s", firstLine(errs.String()))
	}
	return strings.TrimSpace(string(out)), err
}

func cutOff(ctx context.Context) error {
	return fmt.Errorf("setup: cut off (%w): run it again, it goes on from here", context.Cause(ctx))
}

// environ is the process's own environment with some names set anew; a value
// of "" removes the name.
func environ(set map[string]string) []string {
	var env []string
	for _, kv := range os.Environ() {
		name, _, _ := strings.Cut(kv, "=")
		if _, ok := set[name]; !ok {
			env = append(env, kv)
		}
	}
	for name, value := range set {
		if value != "" {
			env = append(env, name+"="+value)
		}
	}
	return env
}

// goEnv is the environment for the go command: set-up looks at modules as they
// are, whatever workspace the caller has switched on or off.
func goEnv() []string { return environ(map[string]string{"GOWORK": "off", "GOFLAGS": ""}) }

func firstLine(s string) string {
	s, _, _ = strings.Cut(strings.TrimSpace(s), "\n")
	return s
}
