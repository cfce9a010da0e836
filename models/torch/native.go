package torch

// #include <stdlib.h>
// #include "native/native.h"
// #cgo noescape cloze_item
// #cgo nocallback cloze_item
// #cgo noescape cloze_from_data
// #cgo nocallback cloze_from_data
// #cgo noescape cloze_to_data
// #cgo nocallback cloze_to_data
// #cgo noescape cloze_from_bytes
// #cgo nocallback cloze_from_bytes
// #cgo noescape cloze_attention
// #cgo nocallback cloze_attention
// #cgo noescape cloze_adamw
// #cgo nocallback cloze_adamw
// #cgo noescape cloze_grad_norm
// #cgo nocallback cloze_grad_norm
// #cgo noescape cloze_scale_grads
// #cgo nocallback cloze_scale_grads
import "C"

import (
	"fmt"
	"unsafe"

	"github.com/sugarme/gotch/libtch"

	"github.com/go-cloze/cloze/models/torch/native"
)

// handle is a tensor as our own kernels take it; gotch's type is the same pointer under another package's name.
func handle(c libtch.Ctensor) C.cloze_tensor { return C.cloze_tensor(unsafe.Pointer(c)) }

// outHandle is the place where one of our kernels writes the tensor it makes.
func (t *Tensor) outHandle() *C.cloze_tensor { return (*C.cloze_tensor)(unsafe.Pointer(&t.c)) }

// nativeDone panics with the reason when one of our kernels has failed.
func nativeDone(status C.int, in ...*Tensor) {
	if status != 0 {
		if p := stretches.panics; p != nil { // of Go code that C++ called
			stretches.panics = nil
			panic(p)
		}
		fail(C.GoString(C.cloze_last_error()), in)
	}
}

// gotchError takes the message of the last failing call of gotch, and whether there was one.
func gotchError() (string, bool) {
	p := unsafe.Pointer(libtch.GetAndResetLastErr())
	if p == nil {
		return "", false
	}
	message := C.GoString((*C.char)(p))
	C.free(p)
	return message, true
}

// checkBuild finds kernels that are not those of this source, and a libtorch that is not the one they were compiled for.
func checkBuild() error {
	if built := C.GoString(C.cloze_native_hash()); built != "" && built != native.Hash() {
		return fmt.Errorf("torch: the compiled kernels (%.12s) are not those of this source (%.12s): run make setup", built, native.Hash())
	}
	if loaded, wanted := uint64(C.cloze_torch_loaded()), uint64(C.cloze_torch_wanted()); loaded>>40 != wanted>>40 {
		return fmt.Errorf("torch: libtorch_cpu.so is version %d.%d.%d, this program was built for %s: run make setup, or correct LD_LIBRARY_PATH",
			loaded>>56, loaded>>48&255, loaded>>40&255, C.GoString(C.cloze_torch_compiled()))
	}
	return nil
}

// useArena gives large tensors memory that stays with the process between steps.
func useArena() error {
	if C.cloze_use_arena() != 0 {
		return fmt.Errorf("torch: %s", firstLine(C.GoString(C.cloze_last_error())))
	}
	return nil
}

// SetThreads sets how many threads one operation may use (all operations of the process). It must be called inside Do; n < 1 is
// taken as 1.
func SetThreads(n int) {
	mustBeInside()
	C.cloze_set_threads(C.int(max(n, 1)))
}

// Threads returns how many threads one operation may use. It must be called inside Do.
func Threads() int {
	mustBeInside()
	return int(C.cloze_threads())
}
