package safetensors

// DType is an element type by its name in the file, for instance "F32".
type DType string

// The element types of the format. All are little-endian.
const (
	BOOL       DType = "BOOL"    // one byte, 0 or 1
	F4         DType = "F4"      // 4 bits, two in a byte
	F6E2M3     DType = "F6_E2M3" // 6 bits
	F6E3M2     DType = "F6_E3M2" // 6 bits
	U8         DType = "U8"
	I8         DType = "I8"
	F8E5M2     DType = "F8_E5M2"
	F8E4M3     DType = "F8_E4M3"
	F8E8M0     DType = "F8_E8M0"
	F8E4M3FNUZ DType = "F8_E4M3FNUZ"
	F8E5M2FNUZ DType = "F8_E5M2FNUZ"
	I16        DType = "I16"
	U16        DType = "U16"
	F16        DType = "F16"
	BF16       DType = "BF16"
	I32        DType = "I32"
	U32        DType = "U32"
	F32        DType = "F32"
	C64        DType = "C64" // two float32: real, imaginary
	F64        DType = "F64"
	I64        DType = "I64"
	U64        DType = "U64"
)

// dtypes holds every element type with its width in bits and its rank. Ranks
// follow the reference's enumeration: [Write] sorts by falling rank, which puts
// wide elements first and so keeps every tensor aligned to its own width.
var dtypes = map[DType]struct {
	bits int64
	rank int
}{
	BOOL: {8, 0}, F4: {4, 1}, F6E2M3: {6, 2}, F6E3M2: {6, 3}, U8: {8, 4}, I8: {8, 5},
	F8E5M2: {8, 6}, F8E4M3: {8, 7}, F8E8M0: {8, 8},
	F8E4M3FNUZ: {8, 9}, F8E5M2FNUZ: {8, 10},
	I16: {16, 11}, U16: {16, 12}, F16: {16, 13}, BF16: {16, 14},
	I32: {32, 15}, U32: {32, 16}, F32: {32, 17}, C64: {64, 18}, F64: {64, 19}, I64: {64, 20}, U64: {64, 21},
}

// Bits is the width of one element in bits; 0 for a type the format does not have.
func (d DType) Bits() int { return int(dtypes[d].bits) }

// span is the number of bytes that a tensor takes, and whether that number
// exists: no negative side, no overflow of int64, no half byte at the end.
func span(d DType, shape []int64) (int64, bool) {
	bits, zero := dtypes[d].bits, false
	if bits == 0 {
		return 0, false
	}
	n := bits
	for _, side := range shape {
		switch {
		case side < 0:
			return 0, false
		case side == 0:
			zero = true // keep checking: [2^62, 2^62, 0] is still refused
		case n > (1<<63-1)/side:
			return 0, false
		default:
			n *= side
		}
	}
	if zero {
		return 0, true
	}
	return n / 8, n%8 == 0
}
