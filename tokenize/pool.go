package tokenize

import (
	"runtime"
	"sync/atomic"
)

// pool lends scratch blocks. It keeps as many as there are processors, and unlike sync.Pool it keeps them through garbage
// collections: their caches are what makes encoding fast, and a call may allocate nothing once they exist.
type pool struct{ slots []poolSlot }

// poolSlot fills a cache line, so that neighbours do not slow each other down.
type poolSlot struct {
	block atomic.Pointer[scratch]
	_     [56]byte
}

func newPool() *pool { return &pool{slots: make([]poolSlot, max(runtime.NumCPU(), 2))} }

// get returns a block that nobody else has until it is put back.
func (p *pool) get() *scratch {
	for i := range p.slots {
		if s := p.slots[i].block.Load(); s != nil && p.slots[i].block.CompareAndSwap(s, nil) {
			return s
		}
	}
	return &scratch{short: new(shortCache)}
}

// put takes a block back; more than the pool holds are left to the garbage collector.
func (p *pool) put(s *scratch) {
	s.trim()
	for i := range p.slots {
		if p.slots[i].block.Load() == nil && p.slots[i].block.CompareAndSwap(nil, s) {
			return
		}
	}
}

// scratch is what a call writes to. One call at a time owns it.
type scratch struct {
	short   *shortCache
	long    *longCache // made when the first word needs it
	window  window
	starts  []uint64 // of the ids so far, where marking
	marking bool     // the caller wants to know where words start
	few     few
	syms    []symbol
	next    []int32
	prev    []int32
	queue   rankQueue
	text    []byte // the text with a blank in front
	parts   []segment
	dropped int
}

// maxRetained symbols of merge buffers are kept between calls.
const maxRetained = 1 << 16

// trim lets go of buffers that one huge word has made large.
func (s *scratch) trim() {
	if cap(s.syms) > maxRetained {
		s.syms, s.next, s.prev, s.queue = nil, nil, nil, rankQueue{}
	}
	if cap(s.text) > maxRetained*16 {
		s.text = nil
	}
	s.dropped = 0
}
