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
	return &scratch{short: make([]shortSlot, shortSlots)}
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
