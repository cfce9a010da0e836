package safetensors

import "strconv"

// Error is a refused file, in one line: which file, which tensor (empty where
// the fault is not one tensor's), what is wrong, what to do.
type Error struct {
	File   string
	Tensor string
	Cause  string
	Remedy string
	Err    error // the error underneath, where there is one
}

func (e *Error) Error() string {
	s := e.File + ": "
	if e.Tensor != "" {
		s += "tensor " + quoteName(e.Tensor) + ": "
	}
	s += e.Cause
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	if e.Remedy != "" {
		s += "; " + e.Remedy
	}
	return s
}

func (e *Error) Unwrap() error { return e.Err }

// quoteName keeps the message one readable line for hostile names too.
func quoteName(name string) string {
	if len(name) > 80 {
		name = name[:80] + "..."
	}
	return strconv.Quote(name)
}
