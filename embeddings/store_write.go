package embeddings

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"math"
)

// StoreOptions say what a .cloze store holds.
type StoreOptions struct {
	// DType is how the rows are held; "" is as they are now. Float16 rounds each
	// number to the nearest; Int8 rounds it to one of 255 steps between minus and
	// plus the largest of its row. Neighbours are then those of the rounded rows.
	DType DType
	// Screen adds the rows as int8 for searching, with how far each is off: a
	// search reads these and then only the few rows that may be among the best.
	// The answers are those without it, exactly; the file grows by D+8 bytes a
	// word. Int8 stores are their own screen.
	Screen bool
	// Metadata replaces what the vectors tell of their origin, if not nil.
	Metadata map[string]string
}

// WriteStore writes a .cloze store to path: aside in the same folder, synced to
// the disk, then renamed. [Vectors.Write] with [Cloze] writes one in the DType
// that the vectors have, with a screen.
func (v *Vectors) WriteStore(path string, o StoreOptions) error {
	v, sections, err := v.storeSections(path, o)
	if err != nil {
		return err
	}
	return replaceFile(path, func(w io.Writer) error { return v.encodeStore(w, sections) })
}

// EncodeStore writes the same bytes to w.
func (v *Vectors) EncodeStore(w io.Writer, o StoreOptions) error {
	v, sections, err := v.storeSections("vectors", o)
	if err != nil {
		return err
	}
	return v.encodeStore(w, sections)
}

type section struct {
	kind uint32
	data []byte
}

// storeSections are what the file will hold, and the vectors as it will hold them.
func (v *Vectors) storeSections(path string, o StoreOptions) (*Vectors, []section, error) {
	fail := func(remedy, format string, args ...any) (*Vectors, []section, error) {
		return nil, nil, &Error{File: path, Cause: fmt.Sprintf(format, args...), Remedy: remedy}
	}
	if bigEndian() {
		return fail("write word2vec text", "a .cloze store lies as the machine uses it, and this one orders bytes the other way")
	}
	blob, ends, ok := v.names.joined()
	if !ok {
		return fail("cut the words to the most frequent", "the words have more than 4 GiB")
	}
	if o.DType != "" {
		var err error
		if v, err = v.Convert(o.DType); err != nil {
			return fail("give another kind of numbers", "%v", err)
		}
	}
	sections := []section{{secWords, blob}, {secEnds, raw(ends)}, {secSlots, raw(v.names.table())}, {secNorms, raw(v.norms)}}
	switch v.DType() {
	case Float16:
		sections = append(sections, section{secRows, raw(v.half)})
	case Int8:
		sections = append(sections, section{secRows, raw(v.codes)}, section{secScales, raw(v.scales)})
	default:
		sections = append(sections, section{secRows, raw(v.rows)})
	}
	if o.Screen && v.DType() != Int8 {
		s := v.makeScreen()
		sections = append(sections, section{secScreen, raw(s.codes)}, section{secGrades, raw(s.grades)})
	}
	metadata := o.Metadata
	if metadata == nil {
		metadata = v.metadata
	}
	if len(metadata) > 0 {
		text, err := json.Marshal(metadata)
		if err != nil {
			return fail("give strings", "the metadata cannot be written: %v", err)
		}
		sections = append(sections, section{secMeta, text})
	}
	if v.counts != nil {
		sections = append(sections, section{secCounts, raw(v.counts)})
	}
	return v, sections, nil
}

// encodeStore writes head, sections and the zeros between them.
func (v *Vectors) encodeStore(w io.Writer, sections []section) error {
	head := make([]byte, storeHead+storeEntry*len(sections))
	copy(head, storeMagic)
	binary.LittleEndian.PutUint32(head[8:], storeVersion)
	binary.LittleEndian.PutUint32(head[12:], uint32(len(sections)))
	binary.LittleEndian.PutUint64(head[16:], uint64(v.Len()))
	binary.LittleEndian.PutUint32(head[24:], uint32(v.dim))
	for kind, d := range storeDTypes {
		if d == v.DType() {
			binary.LittleEndian.PutUint32(head[28:], uint32(kind))
		}
	}
	begins, at := make([]int, len(sections)), len(head)
	for i, s := range sections {
		align := sectionAlign
		if s.kind == secRows || s.kind == secScreen {
			align = rowsAlign
		}
		at = (at + align - 1) / align * align
		entry := head[storeHead+storeEntry*i:]
		binary.LittleEndian.PutUint32(entry, s.kind)
		binary.LittleEndian.PutUint32(entry[4:], crc32.Checksum(s.data, castagnoli))
		binary.LittleEndian.PutUint64(entry[8:], uint64(at))
		binary.LittleEndian.PutUint64(entry[16:], uint64(len(s.data)))
		begins[i] = at
		at += len(s.data) + sectionAlign
	}
	binary.LittleEndian.PutUint32(head[32:], headSum(head))
	written := 0
	put := func(b []byte) error {
		n, err := w.Write(b)
		written += n
		return err
	}
	if err := put(head); err != nil {
		return err
	}
	zeros := make([]byte, rowsAlign+sectionAlign)
	for i, s := range sections {
		if err := put(zeros[:begins[i]-written]); err != nil {
			return err
		}
		if err := put(s.data); err != nil {
			return err
		}
	}
	return put(zeros[:sectionAlign])
}

// joined are the words' bytes and where each ends.
func (x *names) joined() (blob []byte, ends []uint32, ok bool) {
	if x.ends != nil {
		return x.blob, x.ends, true
	}
	size := 0
	for _, w := range x.list {
		size += len(w)
	}
	if uint64(size) > math.MaxUint32 {
		return nil, nil, false
	}
	blob, ends = make([]byte, 0, size), make([]uint32, len(x.list))
	for i, w := range x.list {
		blob = append(blob, w...)
		ends[i] = uint32(len(blob))
	}
	return blob, ends, true
}

// table is the hash table, in the size that the words need: one that grew may be
// twice that.
func (x *names) table() []uint32 {
	if size := tableSize(x.len()); len(x.slots) != size {
		fresh := names{list: x.list}
		fresh.reserve(x.len())
		return fresh.slots
	}
	return x.slots
}
