package ann

import (
	"encoding/binary"
	"math"
)

// A code is a unit vector in one byte a number: a float32 scale and D int8,
// padded with zeros to a multiple of codeAlign bytes. The vector is about
// scale times the int8, the largest number being 127 of them. The graph is
// built and walked on codes alone: 64 bytes instead of 200 for D = 50, so that
// a look at a neighbour costs one line of cache, not four.
const (
	codeHead  = 4  // bytes of the scale
	codeAlign = 16 // bytes that the kernel takes at once
)

// codeStride is the size of a code of a D-dimensional vector, in bytes.
func codeStride(dim int) int {
	return (codeHead + dim + codeAlign - 1) / codeAlign * codeAlign
}

// encode writes the code of row, whose length is norm, to dst.
func encode(dst []byte, row []float32, norm float64) {
	most := 0.0
	for _, x := range row {
		most = max(most, math.Abs(float64(x)))
	}
	step := 127 / most
	binary.LittleEndian.PutUint32(dst, math.Float32bits(float32(1/(step*norm))))
	for i, x := range row {
		dst[codeHead+i] = byte(int8(math.RoundToEven(float64(x) * step)))
	}
	clear(dst[codeHead+len(row):])
}

// query is a code made ready for many products: its int8 as int16, with zeros
// where the other code's scale and padding lie, so that the product may run
// over the whole of that code.
type query struct {
	scale  float32
	values []int16 // [stride]
}

// load makes q the code's query.
func (q *query) load(code []byte) {
	q.scale = math.Float32frombits(binary.LittleEndian.Uint32(code))
	for i := codeHead; i < len(code); i++ {
		q.values[i] = int16(int8(code[i]))
	}
}

// codes are the codes of all nodes, one after another.
type codes struct {
	data   []byte
	stride int
}

func (c codes) at(node uint32) []byte {
	return c.data[int(node)*c.stride : (int(node)+1)*c.stride]
}

// similarities writes the approximate cosine of the query with each node. Every
// node must be one of the codes'.
func (c codes) similarities(out []float32, q *query, nodes []uint32) {
	if len(nodes) == 0 {
		return
	}
	_ = out[len(nodes)-1]
	if haveKernel {
		similaritiesAVX2(&out[0], &q.values[0], &c.data[0], &nodes[0], c.stride, len(nodes), q.scale)
		return
	}
	c.similaritiesGo(out, q, nodes)
}

// similaritiesGo is the kernel in plain Go; the numbers are the same, bit for
// bit, since the sums are of whole numbers.
func (c codes) similaritiesGo(out []float32, q *query, nodes []uint32) {
	for i, node := range nodes {
		code := c.at(node)
		values := q.values[:len(code)]
		var sum int32
		for j := codeHead; j < len(code); j++ {
			sum += int32(values[j]) * int32(int8(code[j]))
		}
		scale := math.Float32frombits(binary.LittleEndian.Uint32(code))
		out[i] = float32(sum) * scale * q.scale
	}
}
