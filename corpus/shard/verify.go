package shard

import (
	"context"
	"hash/crc32"
	"math/bits"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// verifyChunk is read between two looks at the context.
const verifyChunk = 16 << 20

// Verify reads everything: the checksum of each section, and that what they hold agrees with the header. Open does not, since reading takes as
// long as the disk needs. It stops with ctx's error when ctx ends.
func (s *Set) Verify(ctx context.Context) error {
	for _, f := range s.files {
		if err := f.verify(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (f *file) verify(ctx context.Context) error {
	for i := range sections {
		crc := uint32(0)
		for data := f.section(i); len(data) > 0; {
			if err := ctx.Err(); err != nil {
				return err
			}
			n := min(len(data), verifyChunk)
			crc = crc32.Update(crc, castagnoli, data[:n])
			data = data[n:]
		}
		if crc != f.header.crc[i] {
			return refused(f.path, "is damaged: the checksum of its %s does not match", sectionNames[i])
		}
	}
	return f.verifyContent()
}

// verifyContent finds what a writer with a fault would have written: checksums match then.
func (f *file) verifyContent() error {
	h := &f.header
	for i, id := range f.narrow {
		if uint32(id) >= h.vocab {
			return refused(f.path, "has id %d at token %d, outside its vocabulary of %d", id, i, h.vocab)
		}
	}
	for i, id := range f.wide {
		if id >= h.vocab {
			return refused(f.path, "has id %d at token %d, outside its vocabulary of %d", id, i, h.vocab)
		}
	}
	text := uint64(0)
	for d, start := range f.starts {
		first := d == 0 && start != 0
		if first || d > 0 && start <= f.starts[d-1] || start >= h.ids {
			return refused(f.path, "has document %d start at token %d, out of order", d, start)
		}
		text += uint64(f.text[d])
	}
	// Bytes that do not add up would spoil bits a byte.
	if text != h.text {
		return refused(f.path, "has %d bytes of text in %d documents, its header says %d bytes", text, h.documents, h.text)
	}
	if f.words != nil {
		words := uint64(0)
		for _, w := range f.words {
			words += uint64(bits.OnesCount64(w))
		}
		if h.eot != NoID { // its bit is set, so that no word goes on over it, but it is no word
			words -= h.documents
		}
		if words != h.words {
			return refused(f.path, "has %d words, its header says %d", words, h.words)
		}
	}
	return nil
}
