package embeddings

import (
	"encoding/binary"
	"math"
	"unicode/utf8"

	"github.com/go-cloze/cloze/embeddings/fasttext"
)

// fifuVocabulary is the words, and how sub-words are numbered.
type fifuVocabulary struct {
	kind       uint32 // the chunk it comes from
	words      []string
	minN, maxN int
	size       uint64           // buckets of a hashed vocabulary
	list       map[string]int32 // sub-words of an explicit one
	listed     int              // how many rows those have
}

// buckets is how many rows of sub-words follow the words'.
func (x *fifuVocabulary) buckets() int {
	if x.kind == fifuExplicit {
		return x.listed
	}
	return int(x.size)
}

// vocabulary reads the chunk: counts, lengths and buckets, then the words.
func (r *fifuReader) vocabulary(kind uint32) fifuVocabulary {
	x := fifuVocabulary{kind: kind}
	count, listed := r.uint64(), uint64(0)
	if kind == fifuExplicit {
		listed = r.uint64()
	}
	if kind != fifuWords {
		x.minN, x.maxN = int(r.uint32()), int(r.uint32())
		if x.minN < 1 || x.maxN < x.minN {
			r.fail("sub-words of %d to %d characters", x.minN, x.maxN)
		}
	}
	switch kind {
	case fifuHashed:
		bits := r.uint32()
		if bits > fifuMostHashBits {
			r.fail("2^%d buckets", bits)
		}
		x.size = 1 << (bits % 64)
	case fifuFastText:
		if x.size = uint64(r.uint32()); x.size < 1 || x.size > maxWords {
			r.fail("%d buckets", x.size)
		}
	}
	if !r.room(count, 4) {
		return x
	}
	for range count {
		x.words = append(x.words, string(r.bytes(uint64(r.uint32()))))
		if r.err != nil {
			return x
		}
	}
	if kind == fifuExplicit && r.room(listed, 12) {
		r.subwords(&x, listed)
	}
	return x
}

// subwords reads the list. Sub-words may share a row; rows are numbered in the
// order in which they are met, whatever numbers the file has for them.
func (r *fifuReader) subwords(x *fifuVocabulary, count uint64) {
	x.list = map[string]int32{}
	rows := map[uint64]int32{}
	for range count {
		piece := string(r.bytes(uint64(r.uint32())))
		number := r.uint64()
		if r.err != nil {
			return
		}
		row, met := rows[number]
		if !met {
			row = int32(len(rows))
			rows[number] = row
		}
		if _, twice := x.list[piece]; twice {
			r.fail("sub-word %s is given twice", quote(piece))
			return
		}
		x.list[piece] = row
	}
	x.listed = len(rows)
}

// appendBuckets appends the rows, counted after the words', of the sub-words of
// "<word>".
func (x *fifuVocabulary) appendBuckets(dst []int32, word string) []int32 {
	marked := "<" + word + ">"
	ends := make([]int, 0, 64) // of the characters
	for i := 0; i < len(marked); {
		_, n := utf8.DecodeRuneInString(marked[i:])
		i += n
		ends = append(ends, i)
	}
	begin := 0
	for first := range ends {
		for n := x.minN; n <= x.maxN && first+n <= len(ends); n++ {
			piece := marked[begin:ends[first+n-1]]
			switch x.kind {
			case fifuHashed:
				dst = append(dst, int32(fifuHash(piece, n)&(x.size-1)))
			case fifuFastText:
				dst = append(dst, int32(fasttext.Hash(piece)%uint32(x.size)))
			case fifuExplicit:
				if row, ok := x.list[piece]; ok {
					dst = append(dst, row)
				}
			}
		}
		begin = ends[first]
	}
	return dst
}

// fifuHash is 64-bit FNV-1a over the count of characters, as 8 bytes, and the
// characters, as 4 bytes each.
func fifuHash(piece string, characters int) uint64 {
	bytes := binary.LittleEndian.AppendUint64(make([]byte, 0, 64), uint64(characters))
	for _, c := range piece {
		bytes = binary.LittleEndian.AppendUint32(bytes, uint32(c))
	}
	h := uint64(0xcbf29ce484222325)
	for _, b := range bytes {
		h = (h ^ uint64(b)) * 0x100000001b3
	}
	return h
}

// fifuSubwords composes a word: the sum of its sub-words' rows, scaled to length
// one, as finalfusion does.
type fifuSubwords struct {
	vocabulary fifuVocabulary
	rows       *fifuRows
}

func (s *fifuSubwords) canCompose(word string) bool {
	return len(s.vocabulary.appendBuckets(nil, word)) > 0
}

func (s *fifuSubwords) appendVector(dst []float32, word string) ([]float32, error) {
	from := len(dst)
	dst = append(dst, make([]float32, s.rows.dim)...)
	sum := dst[from:]
	for _, bucket := range s.vocabulary.appendBuckets(nil, word) {
		s.rows.add(sum, len(s.vocabulary.words)+int(bucket))
	}
	if length := norm(sum); length > 0 && !math.IsInf(length, 0) {
		for d, x := range sum {
			sum[d] = float32(float64(x) / length)
		}
	}
	return dst, nil
}
