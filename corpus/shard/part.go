package shard

import (
	"encoding/binary"
	"hash/crc32"
	"io"
	"math/bits"
	"os"
	"path/filepath"
	"slices"
)

// part is a file that is being written. Its ids go where they stay; the other sections, whose places depend on how many ids there will be, go
// to files beside it and are copied behind them at the end. So memory does not grow with the file.
type part struct {
	path   string
	header header
	out    [sections]*output
	bits   []uint64 // word starts that do not fill an element yet, and
	nbits  int      // how many of them there are
}

// output is one section on its way to the disk.
type output struct {
	file *os.File
	buf  []byte
	n    int64 // bytes flushed
	crc  uint32
}

// eotWord is the word start of an eot, which no word goes on into.
var eotWord = [1]uint64{1}

// outputBytes are written at once.
const outputBytes = 256 << 10

func newPart(folder string, h header) (*part, error) {
	p := &part{header: h, path: filepath.Join(folder, fileName(int(h.part)))}
	for i := range p.out {
		name := p.path
		if i != idSection {
			name += "." + string(rune('a'+i))
		}
		f, err := os.Create(name)
		if err != nil {
			p.close()
			return nil, writeError(name, err)
		}
		p.out[i] = &output{file: f, buf: make([]byte, 0, 64)}
	}
	// Zeros until finish knows better: a file that nobody finished is no shard.
	if _, err := p.out[idSection].file.Write(make([]byte, headerBytes)); err != nil {
		p.close()
		return nil, writeError(p.path, err)
	}
	return p, nil
}

// add appends a document; bit first of words belongs to its first id. A write that fails shows in the next flush.
func (p *part) add(d *Document, first int) error {
	h := &p.header
	eots := 0
	if h.eot != NoID {
		eots = 1
		p.ids([]int32{h.eot})
	}
	p.ids(d.IDs)
	if h.flags&flagWords != 0 {
		p.words(eotWord[:], 0, eots)
		p.words(d.Words, first, len(d.IDs))
	}
	p.out[startSection].u64(h.ids)
	p.out[hashSection].u64(d.Hash)
	p.out[textSection].u32(uint32(d.TextBytes))
	if h.flags&flagLanguages != 0 {
		p.out[languageSection].u16(uint16(d.Language))
	}
	h.ids += uint64(len(d.IDs) + eots)
	h.documents++
	h.text += uint64(d.TextBytes)
	return p.flush(outputBytes)
}

// ids appends ids to their section.
func (p *part) ids(ids []int32) {
	o := p.out[idSection]
	n, width := len(o.buf), int(p.header.bits/8)
	o.buf = slices.Grow(o.buf, len(ids)*width)[:n+len(ids)*width]
	out := o.buf[n:]
	if width == 2 {
		narrow(out, ids)
		return
	}
	for i, id := range ids {
		binary.LittleEndian.PutUint32(out[4*i:], uint32(id))
	}
}

// narrow writes ids of 16 bits, four at a time.
func narrow(dst []byte, ids []int32) {
	for len(ids) >= 4 && len(dst) >= 8 {
		v := uint64(uint16(ids[0])) | uint64(uint16(ids[1]))<<16 | uint64(uint16(ids[2]))<<32 | uint64(uint16(ids[3]))<<48
		binary.LittleEndian.PutUint64(dst, v)
		dst, ids = dst[8:], ids[4:]
	}
	for i, id := range ids {
		binary.LittleEndian.PutUint16(dst[2*i:], uint16(id))
	}
}

// largest is the largest id, where negative ones are larger than all others.
func largest(ids []int32) uint32 {
	var a, b, c, d uint32 // the maximum of one number waits for the one before; four do not
	for len(ids) >= 4 {
		a, b, c, d = max(a, uint32(ids[0])), max(b, uint32(ids[1])), max(c, uint32(ids[2])), max(d, uint32(ids[3]))
		ids = ids[4:]
	}
	for _, id := range ids {
		a = max(a, uint32(id))
	}
	return max(a, b, c, d)
}

// words appends n word starts, whole elements of them to their section.
func (p *part) words(words []uint64, first, n int) {
	p.bits = appendBits(p.bits, 0, p.nbits, words, first, first+n)
	p.nbits += n
	// Documents end anywhere inside of an element; the part that is not full waits for the next one.
	whole := p.nbits / 64
	p.putBits(whole)
	rest := copy(p.bits, p.bits[whole:])
	p.bits, p.nbits = p.bits[:rest], p.nbits-64*whole
}

// putBits writes the first n elements of the word starts.
func (p *part) putBits(n int) {
	for _, w := range p.bits[:n] {
		p.header.words += uint64(bits.OnesCount64(w))
		p.out[wordSection].u64(w)
	}
}

// bytes is how long the file would be now.
func (p *part) bytes() int64 { return p.header.layout().end }

// flush writes the buffers that hold at least limit bytes.
func (p *part) flush(limit int) error {
	for _, o := range p.out {
		if len(o.buf) < limit || len(o.buf) == 0 {
			continue
		}
		o.crc = crc32.Update(o.crc, castagnoli, o.buf)
		o.n += int64(len(o.buf))
		if _, err := o.file.Write(o.buf); err != nil {
			return writeError(o.file.Name(), err)
		}
		o.buf = o.buf[:0]
	}
	return nil
}

// finish joins the sections, writes the header and syncs the file. It returns the header's checksum.
func (p *part) finish(names string) (uint64, error) {
	h := &p.header
	if h.flags&flagWords != 0 {
		p.putBits(len(p.bits))
		if h.eot != NoID {
			h.words -= h.documents // an eot is marked and is no word
		}
	}
	o := p.out[nameSection]
	o.buf = append(o.buf, names...)
	h.nameBytes = uint32(len(names))
	if err := p.flush(0); err != nil {
		return 0, err
	}
	l := h.layout()
	file := p.out[idSection].file
	// The ids lie where they belong; their number now says where the others do.
	for i, o := range p.out {
		h.crc[i] = o.crc
		if i == idSection || o.n == 0 {
			continue
		}
		_, err := o.file.Seek(0, io.SeekStart)
		if err == nil {
			_, err = file.Seek(l.offset[i], io.SeekStart)
		}
		if err == nil {
			_, err = io.Copy(file, o.file)
		}
		if err != nil {
			return 0, writeError(p.path, err)
		}
	}
	// The last section is filled up to its multiple of 64 with zeros, as those between are by being skipped.
	if err := file.Truncate(l.end); err != nil {
		return 0, writeError(p.path, err)
	}
	if _, err := file.WriteAt(h.encode(), 0); err != nil {
		return 0, writeError(p.path, err)
	}
	if err := file.Sync(); err != nil {
		return 0, writeError(p.path, err)
	}
	return h.checksum, p.close()
}

// close closes the files and removes those beside the shard.
func (p *part) close() (err error) {
	for i, o := range p.out {
		if o == nil {
			continue
		}
		if e := o.file.Close(); e != nil && err == nil && i == idSection {
			err = writeError(p.path, e)
		}
		if i != idSection {
			os.Remove(o.file.Name())
		}
		p.out[i] = nil
	}
	return err
}

func (o *output) u16(v uint16) { o.buf = binary.LittleEndian.AppendUint16(o.buf, v) }
func (o *output) u32(v uint32) { o.buf = binary.LittleEndian.AppendUint32(o.buf, v) }
func (o *output) u64(v uint64) { o.buf = binary.LittleEndian.AppendUint64(o.buf, v) }
