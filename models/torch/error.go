package torch

import (
	"fmt"
	"runtime"
	"strings"
)

// Error is what an operation panics with, and what Do returns for it.
type Error struct {
	Op     string    // the method or function that failed, as it is called here: "MatMul"
	Shapes [][]int64 // of the tensors that it was given, in order
	Msg    string    // libtorch's reason, one line, without its C++ stack
}

// Error returns one line: "torch: MatMul [2 3] [4 5]: mat1 and mat2 shapes cannot be multiplied (2x3 and 4x5)".
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("torch: " + e.Op)
	for _, s := range e.Shapes {
		fmt.Fprintf(&b, " %v", s)
	}
	return b.String() + ": " + e.Msg
}

// fail panics with an *Error for the exported function of this package that was called.
func fail(message string, in []*Tensor) {
	e := &Error{Op: caller(), Msg: firstLine(message)}
	for _, t := range in {
		if t != nil && t.c != nil {
			e.Shapes = append(e.Shapes, t.shape())
		}
	}
	panic(e)
}

// caller finds the exported function of this package nearest to the failure: operations need not pass their names along.
func caller() string {
	pc := make([]uintptr, 24)
	frames := runtime.CallersFrames(pc[:runtime.Callers(3, pc)])
	for {
		frame, more := frames.Next()
		name := frame.Function[strings.LastIndexByte(frame.Function, '.')+1:]
		if strings.Contains(frame.Function, "models/torch.") && name != "" && name[0] >= 'A' && name[0] <= 'Z' {
			return name
		}
		if !more {
			return "operation"
		}
	}
}

// firstLine cuts libtorch's message before its C++ stack and joins what is left into one line.
func firstLine(message string) string {
	if i := strings.Index(message, "\nException raised from"); i >= 0 {
		message = message[:i]
	}
	return strings.Join(strings.Fields(message), " ")
}
