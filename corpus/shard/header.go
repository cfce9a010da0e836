package shard

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
)

// Version is the version of the format that this package writes. It reads all versions up to this one.
const Version = 1

const (
	magic       = "CLOZETOK"
	headerBytes = 512
	alignment   = 64
	checksumAt  = headerBytes - 8
)

// Flags of a header.
const (
	flagLast  = 1 << iota // the last file of its set
	flagWords             // there are word starts
	flagLanguages
	knownFlags = flagLast | flagWords | flagLanguages
)

// Sections, in the order of the file.
const (
	idSection = iota
	startSection
	hashSection
	textSection
	languageSection
	wordSection
	nameSection
	sections
)

var sectionNames = [sections]string{"ids", "document starts", "hashes", "text bytes", "languages", "word starts", "language names"}

// header is the first 512 bytes of a file. Offsets:
//
//	0 magic  8 version u32  12 header bytes u32  16 flags u32  20 bits an id u32  24 number of the file in its set u32
//	28 vocabulary u32  32 eot i32  36 bytes of language names u32  40 ids u64  48 documents u64  56 bytes of text u64
//	64 words u64  72 documents left out because they had no ids u64  80 checksum of the file before u64  96 tokenizer sha256 [32]
//	128 CRC-32C of each section u32 [7]  504 checksum: first 8 bytes of the SHA-256 of bytes 0 to 503
//
// Bytes not named are zero. Where the sections lie follows from the counts.
type header struct {
	flags     uint32
	bits      uint32
	part      uint32
	vocab     uint32
	eot       int32
	nameBytes uint32
	ids       uint64
	documents uint64
	text      uint64
	words     uint64
	empty     uint64
	previous  uint64
	tokenizer [sha256.Size]byte
	crc       [sections]uint32
	checksum  uint64 // of these bytes; set by encode and decodeHeader
}

// encode gives the bytes and sets the checksum.
func (h *header) encode() []byte {
	b := make([]byte, headerBytes)
	le := binary.LittleEndian
	copy(b, magic)
	for i, v := range []uint32{Version, headerBytes, h.flags, h.bits, h.part, h.vocab, uint32(h.eot), h.nameBytes} {
		le.PutUint32(b[8+4*i:], v)
	}
	for i, v := range []uint64{h.ids, h.documents, h.text, h.words, h.empty, h.previous} {
		le.PutUint64(b[40+8*i:], v)
	}
	copy(b[96:], h.tokenizer[:])
	for i, v := range h.crc {
		le.PutUint32(b[128+4*i:], v)
	}
	h.checksum = headerSum(b)
	le.PutUint64(b[checksumAt:], h.checksum)
	return b
}

func headerSum(b []byte) uint64 {
	sum := sha256.Sum256(b[:checksumAt])
	return binary.LittleEndian.Uint64(sum[:])
}

// decodeHeader reads and checks the header of a file of size bytes: after it, all sections lie inside the file.
func decodeHeader(file string, b []byte, size int64) (header, error) {
	var h header
	le := binary.LittleEndian
	if len(b) < len(magic) || string(b[:len(magic)]) != magic {
		return h, &Error{File: file, Cause: "is not a token shard", Remedy: "name a folder that cloze wrote its tokens to"}
	}
	if len(b) < headerBytes {
		return h, refused(file, "is cut off inside its header: it has %d bytes", size)
	}
	// The version comes first: what follows it may mean something else in another one.
	if v := le.Uint32(b[8:]); v != Version {
		return h, &Error{File: file, Cause: fmt.Sprintf("has version %d of the format, this cloze reads version %d", v, Version),
			Remedy: "use the cloze that wrote it, or remove the folder and tokenise the corpus again"}
	}
	h.checksum = le.Uint64(b[checksumAt:])
	if h.checksum != headerSum(b) {
		return h, refused(file, "has a damaged header: its checksum does not match")
	}
	var small [8]uint32
	for i := range small {
		small[i] = le.Uint32(b[8+4*i:])
	}
	h.flags, h.bits, h.part, h.vocab, h.eot, h.nameBytes = small[2], small[3], small[4], small[5], int32(small[6]), small[7]
	for i, v := range []*uint64{&h.ids, &h.documents, &h.text, &h.words, &h.empty, &h.previous} {
		*v = le.Uint64(b[40+8*i:])
	}
	copy(h.tokenizer[:], b[96:])
	for i := range h.crc {
		h.crc[i] = le.Uint32(b[128+4*i:])
	}
	return h, h.check(file, le.Uint32(b[12:]), size)
}

// check refuses a header that contradicts itself or the size of its file.
func (h *header) check(file string, length uint32, size int64) error {
	const most = math.MaxInt64 / 64 // no sum below overflows
	switch {
	case length != headerBytes || h.flags&^knownFlags != 0 || h.bits != 16 && h.bits != 32:
		return refused(file, "has a header that no cloze writes (%d bytes, flags %#x, %d bits an id)", length, h.flags, h.bits)
	case h.bits != idBits(int64(h.vocab)):
		return refused(file, "keeps ids of a vocabulary of %d in %d bits", h.vocab, h.bits)
	case h.ids > most || h.documents > h.ids || h.ids > 0 && h.documents == 0:
		return refused(file, "has a header that claims %d ids in %d documents", h.ids, h.documents)
	case h.eot != NoID && (h.eot < 0 || uint32(h.eot) >= h.vocab):
		return refused(file, "has end of text %d outside its vocabulary of %d", h.eot, h.vocab)
	}
	// The counts decide where every section lies, so that a file of the right size holds all of them and nothing else.
	if want := h.layout().end; want != size {
		return refused(file, "has %d bytes, but its header's counts (%d ids, %d documents) make %d: it is damaged or not whole",
			size, h.ids, h.documents, want)
	}
	return nil
}

// layout says where the sections lie.
type layout struct {
	offset, bytes [sections]int64
	end           int64 // of the file
}

func (h *header) layout() (l layout) {
	ids, documents := int64(h.ids), int64(h.documents)
	l.bytes = [sections]int64{ids * int64(h.bits/8), documents * 8, documents * 8, documents * 4, 0, 0, int64(h.nameBytes)}
	if h.flags&flagLanguages != 0 {
		l.bytes[languageSection] = documents * 2
	}
	if h.flags&flagWords != 0 {
		l.bytes[wordSection] = (ids + 63) / 64 * 8
	}
	at := int64(headerBytes)
	for i, n := range l.bytes {
		l.offset[i] = at
		at = aligned(at + n)
	}
	l.end = at
	return l
}

func aligned(n int64) int64 { return (n + alignment - 1) &^ (alignment - 1) }

// idBits is the width that a vocabulary needs.
func idBits(vocab int64) uint32 {
	if vocab <= 1<<16 {
		return 16
	}
	return 32
}

// tokenizerName is the hash as tokenize.Tokenizer.Hash spells it.
func (h *header) tokenizerName() string { return hex.EncodeToString(h.tokenizer[:]) }
