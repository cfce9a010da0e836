package embeddings

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"math"
	"unsafe"
)

// A .cloze file is a store that is used as it lies on the disk. All numbers are
// little-endian:
//
//	 0  "\x89cloze\r\n"   told from text, and broken by a transfer as text
//	 8  u32  version, 1
//	12  u32  how many sections
//	16  u64  words, N
//	24  u32  dimension, D
//	28  u32  how the rows are held: 0 float32, 1 float16, 2 int8
//	32  u32  CRC-32C of everything before the first section, this field as 0
//	36  u32  0
//	40       a section: u32 what, u32 CRC-32C, u64 begin, u64 bytes
//
// A section begins at a multiple of 64 bytes, the rows at a page, and at least
// 64 zero bytes follow each, so that a wide load at its end stays inside the
// file. Rows lie close to each other, so that the table is one [N,D] matrix to
// whoever reads it. Sections of an unknown kind are passed over.
//
// Opening checks the head and that each section is there in the size it needs;
// it reads nothing else, so it costs the same for any number of words.
// [Vectors.Verify] reads the whole file.
const (
	storeMagic   = "\x89cloze\r\n"
	storeVersion = 1
	storeHead    = 40
	storeEntry   = 24
	maxSections  = 64
	sectionAlign = 64
	rowsAlign    = 4096
)

// The kinds of sections. Those that a store must have come first.
const (
	secWords   = 1  // all words' bytes, one after another
	secEnds    = 2  // u32 [N]: where each word ends
	secSlots   = 3  // u32 [a power of two]: see names.slots, hashWord
	secNorms   = 4  // f64 [N]
	secRows    = 5  // [N,D]
	secScales  = 6  // f32 [N], where the rows are int8
	secScreen  = 7  // i8 [N,D], see screen
	secGrades  = 8  // f32 [N,2], see screen
	secMeta    = 9  // JSON, an object of strings
	secCounts  = 10 // u64 [N]: how often each word was met in training
	secHighest = 10
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

var storeDTypes = []DType{Float32, Float16, Int8}

// bytes is the size of a number.
func (d DType) bytes() int {
	switch d {
	case Float16:
		return 2
	case Int8:
		return 1
	}
	return 4
}

// storeFile is a parsed store: views of its bytes.
type storeFile struct {
	name     string
	data     []byte
	dtype    DType
	words    int
	dim      int
	sections [secHighest + 1][]byte
	sums     [secHighest + 1]uint32
	there    [secHighest + 1]bool
}

func (f *storeFile) fail(remedy, format string, args ...any) error {
	return &Error{File: f.name, Cause: fmt.Sprintf(format, args...), Remedy: remedy}
}

// parseStore checks the head and the places of the sections. data must begin at
// a multiple of eight bytes.
func parseStore(name string, data []byte) (*storeFile, error) {
	f := &storeFile{name: name, data: data}
	if bigEndian() {
		return nil, f.fail("use word2vec text here", "a .cloze store is used as it lies, and this machine orders bytes the other way")
	}
	if len(data) < storeHead {
		return nil, f.fail(remedyAgain, "a .cloze store of %d bytes: it ends inside its head", len(data))
	}
	if string(data[:len(storeMagic)]) != storeMagic {
		return nil, f.fail("leave the format out: it is told by the content", "no .cloze store: it does not begin like one")
	}
	if v := binary.LittleEndian.Uint32(data[8:]); v != storeVersion {
		return nil, f.fail("update cloze, or write the store with this version", "a .cloze store of version %d; this program reads %d", v, storeVersion)
	}
	count := binary.LittleEndian.Uint32(data[12:])
	end := storeHead + storeEntry*int(min(count, maxSections))
	if count > maxSections || end > len(data) || headSum(data[:end]) != binary.LittleEndian.Uint32(data[32:]) {
		return nil, f.fail(remedyAgain, "a .cloze store whose head is damaged")
	}
	n, dim, kind := binary.LittleEndian.Uint64(data[16:]), binary.LittleEndian.Uint32(data[24:]), binary.LittleEndian.Uint32(data[28:])
	if n > maxWords || dim < 1 || dim > maxDim || int(kind) >= len(storeDTypes) {
		return nil, f.fail(remedyAgain, "a .cloze store of %d words, dimension %d, numbers of kind %d", n, dim, kind)
	}
	f.words, f.dim, f.dtype = int(n), int(dim), storeDTypes[kind]
	for at := storeHead; at < end; at += storeEntry {
		if err := f.place(data[at : at+storeEntry]); err != nil {
			return nil, err
		}
	}
	return f, f.checkSizes()
}

// headSum is over the head with its own field as 0.
func headSum(head []byte) uint32 {
	sum := crc32.Update(0, castagnoli, head[:32])
	sum = crc32.Update(sum, castagnoli, []byte{0, 0, 0, 0})
	return crc32.Update(sum, castagnoli, head[36:])
}

// place reads one entry of the table of sections.
func (f *storeFile) place(entry []byte) error {
	kind, sum := binary.LittleEndian.Uint32(entry), binary.LittleEndian.Uint32(entry[4:])
	begin, size := binary.LittleEndian.Uint64(entry[8:]), binary.LittleEndian.Uint64(entry[16:])
	all := uint64(len(f.data))
	if size > math.MaxInt64-sectionAlign || begin > all || size+sectionAlign > all-begin {
		return f.fail(remedyAgain, "the file ends before its section %d: that takes %d bytes from byte %d and %d after it, the file has %d", kind, size, begin, sectionAlign, all)
	}
	if begin%sectionAlign != 0 {
		return f.fail(remedyAgain, "section %d begins at byte %d, which is no multiple of %d", kind, begin, sectionAlign)
	}
	if kind < 1 || kind > secHighest {
		return nil
	}
	if f.there[kind] {
		return f.fail(remedyAgain, "section %d is there twice", kind)
	}
	f.there[kind], f.sums[kind] = true, sum
	f.sections[kind] = f.data[begin : begin+size : begin+size]
	return nil
}

// checkSizes holds each section against the number of words.
func (f *storeFile) checkSizes() error {
	n, table := uint64(f.words), uint64(f.words)*uint64(f.dim)
	want := map[int]uint64{secEnds: 4 * n, secNorms: 8 * n, secRows: table * uint64(f.dtype.bytes()),
		secScales: 4 * n, secScreen: table, secGrades: 8 * n, secCounts: 8 * n}
	for kind := 1; kind <= secHighest; kind++ {
		needed := kind <= secRows || kind == secScales && f.dtype == Int8 || kind == secGrades && f.there[secScreen]
		if needed && !f.there[kind] {
			return f.fail(remedyAgain, "section %d is missing", kind)
		}
		if size, fixed := want[kind]; fixed && f.there[kind] && uint64(len(f.sections[kind])) != size {
			return f.fail(remedyAgain, "section %d has %d bytes, %d words of dimension %d need %d", kind, len(f.sections[kind]), n, f.dim, size)
		}
	}
	slots := uint64(len(f.sections[secSlots])) / 4
	if slots*4 != uint64(len(f.sections[secSlots])) || slots&(slots-1) != 0 || slots <= n {
		return f.fail(remedyAgain, "the hash table has %d bytes for %d words", len(f.sections[secSlots]), n)
	}
	if ends := view[uint32](f.sections[secEnds]); n > 0 && uint64(ends[n-1]) != uint64(len(f.sections[secWords])) {
		return f.fail(remedyAgain, "the last word ends at byte %d of %d", ends[n-1], len(f.sections[secWords]))
	}
	return nil
}

// vectors are the views as a store.
func (f *storeFile) vectors() (*Vectors, error) {
	v := &Vectors{dim: f.dim, file: f, norms: view[float64](f.sections[secNorms])}
	v.names = names{blob: f.sections[secWords], ends: view[uint32](f.sections[secEnds]), slots: view[uint32](f.sections[secSlots]), made: new(madeWords)}
	switch rows := f.sections[secRows]; f.dtype {
	case Float16:
		v.half = view[uint16](rows)
	case Int8:
		v.codes, v.scales = view[int8](rows), view[float32](f.sections[secScales])
	default:
		v.rows = view[float32](rows)
	}
	if f.there[secScreen] {
		v.screen = &screen{codes: view[int8](f.sections[secScreen]), grades: view[grade](f.sections[secGrades])}
	}
	if f.there[secCounts] {
		v.counts = view[uint64](f.sections[secCounts])
	}
	if f.there[secMeta] {
		if err := json.Unmarshal(f.sections[secMeta], &v.metadata); err != nil {
			return nil, f.fail(remedyAgain, "the metadata is no JSON object of strings: %v", err)
		}
	}
	v.report = Report{File: f.name, Format: Cloze, HeaderWords: int64(f.words), HeaderDim: int64(f.dim), Words: f.words, Dim: f.dim}
	return v, nil
}

// view is the same memory as numbers. It is never nil, so that an empty store
// still shows what kind it is.
func view[T any](b []byte) []T {
	var t T
	if len(b) == 0 {
		return []T{}
	}
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(b))), len(b)/int(unsafe.Sizeof(t)))
}

// raw is the way back.
func raw[T any](s []T) []byte {
	var t T
	if len(s) == 0 {
		return []byte{}
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(s))), len(s)*int(unsafe.Sizeof(t)))
}

func bigEndian() bool {
	one := [2]byte{1, 0}
	return binary.NativeEndian.Uint16(one[:]) != 1
}
