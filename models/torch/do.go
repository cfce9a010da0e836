package torch

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"syscall"
)

// worker is the goroutine that all of libtorch runs on, locked to its OS thread for good: grad mode, the last error, the current
// device and OpenMP's pool belong to a thread.
var worker struct {
	once  sync.Once
	tasks chan *task
	tid   atomic.Int64 // its OS thread; 0 before it runs
	err   error        // why this build cannot be used
}

// inside is true while the worker runs a task. Only the worker reads and writes it.
var inside bool

type task struct {
	f    func() error
	err  error
	rest any // a panic that is no *Error
	exit bool
	done chan struct{}
}

// Panic is what Do panics with, in its caller, when f panicked with something other than *Error.
type Panic struct {
	Value any    // what f panicked with
	Stack string // of the goroutine it happened on
}

// Error returns the value and the stack of the panic.
func (p *Panic) Error() string { return fmt.Sprintf("%v\n\n%s", p.Value, p.Stack) }

// Unwrap returns the value where it is an error.
func (p *Panic) Unwrap() error {
	err, _ := p.Value.(error)
	return err
}

// Do runs f on the one thread that tensors may be used on and returns its error, or the *Error that an operation in it panicked
// with; another panic is panicked again here, as *Panic. Callers on several goroutines are served one after another; Do inside Do
// runs in place. The outermost Do is a Scope: it frees what was made in it and not kept.
func Do(f func() error) error {
	if int64(syscall.Gettid()) == worker.tid.Load() {
		return inPlace(f)
	}
	worker.once.Do(startWorker)
	if worker.err != nil {
		return worker.err
	}
	t := &task{f: f, done: make(chan struct{})}
	worker.tasks <- t
	<-t.done
	if t.rest != nil {
		panic(t.rest)
	}
	if t.exit {
		runtime.Goexit()
	}
	return t.err
}

// inPlace runs f on the worker, inside a task.
func inPlace(f func() error) (err error) {
	defer func() {
		if e, ok := recoverError(recover()); ok {
			err = e
		}
	}()
	return f()
}

// recoverError returns the *Error of a panic; another panic goes on.
func recoverError(r any) (*Error, bool) {
	if r == nil {
		return nil, false
	}
	if e, ok := r.(*Error); ok {
		return e, true
	}
	if p, ok := r.(*Panic); ok {
		panic(p)
	}
	panic(&Panic{Value: r, Stack: string(debug.Stack())})
}

// startWorker starts the goroutine and waits until it is known that this build can be used.
func startWorker() {
	worker.tasks = make(chan *task)
	ready := make(chan struct{})
	go work(ready)
	<-ready
}

func work(ready chan struct{}) {
	runtime.LockOSThread() // never unlocked
	worker.tid.Store(int64(syscall.Gettid()))
	if ready != nil {
		if worker.err = checkBuild(); worker.err == nil {
			worker.err = useArena()
		}
		close(ready)
	}
	for t := range worker.tasks {
		t.run()
	}
}

// run serves one task. runtime.Goexit inside it (a test's FailNow) ends this goroutine: another takes over, and Do's caller exits too.
func (t *task) run() {
	t.exit = true
	defer func() {
		t.rest = recover()
		if t.rest != nil {
			t.exit = false
		}
		inside = false
		if t.exit {
			worker.tid.Store(0)
			go work(nil)
		}
		close(t.done)
	}()
	inside = true
	defer freeFrom(len(made))
	t.err = inPlace(t.f)
	t.exit = false
}

// mustBeInside panics when called outside Do.
func mustBeInside() {
	if !inside {
		panic(&Error{Op: caller(), Msg: "called outside torch.Do"})
	}
}
