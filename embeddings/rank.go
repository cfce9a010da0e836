package embeddings

import (
	"fmt"
	"hash/crc32"
	"math"
)

// Rank returns the k of the given rows that have the largest cosine with the
// query, [D] float32, best first: what [Vectors.NearestTo] would give if there
// were no other rows, the same numbers. It is for whoever has found likely rows
// by other means. A row that is given twice comes back twice.
func (v *Vectors) Rank(query []float32, rows []int, k int) ([]Neighbor, error) {
	length, err := v.checkQuery(query, k)
	if err != nil {
		return nil, err
	}
	s := &search{v: v, query: query, length: length, k: k}
	all := newCollector(k)
	for _, row := range rows {
		if row < 0 || row >= v.Len() {
			return nil, fmt.Errorf("row %d of %d", row, v.Len())
		}
		if v.norms[row] > 0 {
			all.found = append(all.found, candidate{math.Inf(1), int32(row)})
		}
	}
	return s.finish([]collector{all}), nil
}

// Checksum tells vectors apart: sizes, the kind of numbers, and the CRC-32C of
// words and rows. It is the same for the same vectors from any kind of file. A
// .cloze store has it in its head; of others every number is read at each call.
func (v *Vectors) Checksum() string {
	var sums [4]uint32
	if f := v.file; f != nil {
		sums = [4]uint32{f.sums[secWords], f.sums[secEnds], f.sums[secRows], f.sums[secScales]}
	} else {
		blob, ends, _ := v.names.joined()
		sums[0], sums[1] = crc32.Checksum(blob, castagnoli), crc32.Checksum(raw(ends), castagnoli)
		switch v.DType() {
		case Float16:
			sums[2] = crc32.Checksum(raw(v.half), castagnoli)
		case Int8:
			sums[2], sums[3] = crc32.Checksum(raw(v.codes), castagnoli), crc32.Checksum(raw(v.scales), castagnoli)
		default:
			sums[2] = crc32.Checksum(raw(v.rows), castagnoli)
		}
	}
	return fmt.Sprintf("%dx%d-%s-%08x-%08x-%08x-%08x", v.Len(), v.dim, v.DType(), sums[0], sums[1], sums[2], sums[3])
}
