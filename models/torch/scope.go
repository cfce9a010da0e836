package torch

import (
	"sync/atomic"

	"github.com/sugarme/gotch/libtch"
)

// made lists the tensors of all open scopes, the innermost last. Only the worker uses it.
var made []*Tensor

// tidyAt is the length of made at which those freed early are taken out of it.
var tidyAt = 4096

// scopeStart is where the innermost scope begins in made.
var scopeStart int

var live atomic.Int64

// Live returns how many tensors exist and are not freed. It may be called anywhere.
func Live() int64 { return live.Load() }

// Scope runs f and then frees every tensor made in it that was not kept, also when f panics. Scopes nest.
func Scope(f func()) {
	mustBeInside()
	start := scopeStart
	scopeStart = len(made)
	defer func(from int) {
		freeFrom(from)
		scopeStart = start
	}(scopeStart)
	f()
}

// Keep takes t out of all scopes: it lives until Free. It returns t.
func (t *Tensor) Keep() *Tensor {
	t.kept = true
	return t
}

// Free frees tensors at once; nil and freed ones are skipped. Their memory goes when nothing else (a view, autograd) holds it.
// It must be called inside Do.
func Free(ts ...*Tensor) {
	mustBeInside()
	for _, t := range ts {
		if t != nil {
			t.free()
		}
	}
}

func (t *Tensor) free() {
	if t.c != nil {
		libtch.AtFree(t.c)
		t.c = nil
		live.Add(-1)
	}
}

// track enters a tensor that was just made.
func (t *Tensor) track() *Tensor {
	if len(made) >= tidyAt {
		tidy()
	}
	made = append(made, t)
	live.Add(1)
	return t
}

// tidy drops what was freed or kept from the innermost scope's part, so that a long scope whose tensors are freed one by one does
// not grow. The limit doubles with what is left, which keeps the cost a constant for each tensor.
func tidy() {
	rest := made[:scopeStart]
	for _, t := range made[scopeStart:] {
		if t.c != nil && !t.kept {
			rest = append(rest, t)
		}
	}
	clear(made[len(rest):])
	made = rest
	tidyAt = max(4096, 2*len(made))
}

// freeFrom ends the scopes whose tensors begin at from.
func freeFrom(from int) {
	for i, t := range made[from:] {
		if !t.kept {
			t.free()
		}
		made[from+i] = nil
	}
	made = made[:from]
}
