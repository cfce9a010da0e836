package tokenize

import (
	"runtime"
	"sync/atomic"
)

// work is what a call of the general pipeline writes to. One call at a time owns it.
type work struct {
	norm    normal
	cut     pieces
	parts   scratch   // for cutting at added tokens before normalising
	inner   []segment // and behind it
	merge   scratch   // buffers of merging
	syms    []symbol
	paths   []path
	spelled []byte
	lead    []byte // a unit with a blank in front
	short   []wordSlot
	long    []longWordSlot
	// The same for units of the fast way, as they are in the input; nil without one.
	units     []wordSlot
	longUnits []longWordSlot
	runes     *runeClasses
	next      waiting
	one       normal // for one character
	dropped   int
}

// maxKept is how many bytes of a buffer a block keeps between calls.
const maxKept = 1 << 20

// trim lets go of what one huge text has made large.
func (w *work) trim() {
	w.dropped = 0
	if cap(w.norm.b) > maxKept || cap(w.norm.out) > maxKept || cap(w.cut.b) > maxKept || cap(w.cut.out) > maxKept {
		w.norm, w.cut = normal{}, pieces{}
	}
	if cap(w.syms) > maxKept/16 || cap(w.paths) > maxKept/16 || cap(w.merge.syms) > maxKept/16 {
		w.syms, w.paths, w.merge = nil, nil, scratch{}
	}
	if cap(w.cut.cuts) > maxKept/16 || cap(w.cut.matches) > maxKept/16 {
		w.cut = pieces{}
	}
}

// workPool lends blocks, as pool does for the byte-level path.
type workPool struct{ slots []workSlot }

type workSlot struct {
	block atomic.Pointer[work]
	_     [56]byte
}

func newWorkPool() *workPool { return &workPool{slots: make([]workSlot, max(runtime.NumCPU(), 2))} }

func (p *workPool) get(units bool) *work {
	for i := range p.slots {
		if w := p.slots[i].block.Load(); w != nil && p.slots[i].block.CompareAndSwap(w, nil) {
			return w
		}
	}
	w := &work{short: make([]wordSlot, wordSlots), long: make([]longWordSlot, longWordSlots)}
	if units {
		w.units, w.longUnits, w.runes = make([]wordSlot, unitSlots), make([]longWordSlot, longWordSlots), new(runeClasses)
	}
	return w
}

func (p *workPool) put(w *work) {
	w.trim()
	for i := range p.slots {
		if p.slots[i].block.Load() == nil && p.slots[i].block.CompareAndSwap(nil, w) {
			return
		}
	}
}
