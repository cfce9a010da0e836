package embeddings

import (
	"math"
	"math/bits"
	"strconv"
)

// status is what became of a field that should be a number.
type status byte

const (
	isNumber  status = iota
	notFinite        // nan, inf, or beyond float32
	notNumber
)

// powers holds 10^(i-maxPower), each the nearest float64.
var powers = func() (p [2*maxPower + 1]float64) {
	for i := range p {
		p[i], _ = strconv.ParseFloat("1e"+strconv.Itoa(i-maxPower), 64)
	}
	return p
}()

// maxPower covers every float32 written with 19 digits; others go the slow way.
const maxPower = 64

// scanNumber reads the number that starts at b[i] and returns it rounded once,
// to the nearest float32, and the place after its field (a blank, a tab or the
// end). It accepts what C's strtof does in decimal: sign, digits, point, exponent.
func scanNumber(b []byte, i int) (float32, int, status) {
	start, negative := i, false
	if i < len(b) && (b[i] == '-' || b[i] == '+') {
		negative = b[i] == '-'
		i++
	}
	mantissa, digits, point := uint64(0), 0, -1
	for ; i < len(b); i++ {
		c := b[i] - '0'
		if c <= 9 {
			// Past 19 digits this wraps; the slow way reads such numbers again.
			mantissa = mantissa*10 + uint64(c)
			digits++
		} else if b[i] == '.' && point < 0 {
			point = digits
		} else {
			break
		}
	}
	exponent := 0
	if point >= 0 {
		exponent = point - digits
	}
	bad := digits == 0
	if !bad && i < len(b) && (b[i] == 'e' || b[i] == 'E') {
		var e int
		e, i, bad = scanExponent(b, i+1)
		exponent += e
	}
	if bad || i < len(b) && b[i] != ' ' && b[i] != '\t' {
		return badNumber(b, start)
	}
	if digits <= 19 || leadingZeros(b[start:i]) >= digits-19 {
		if v, ok := scale(mantissa, exponent); ok {
			if negative {
				v = -v
			}
			return v, i, isNumber
		}
	}
	v, err := strconv.ParseFloat(string(b[start:i]), 32)
	if err != nil { // the syntax is checked: it can only be out of range
		return 0, i, notFinite
	}
	return float32(v), i, isNumber
}

// scale returns mantissa * 10^exponent as the nearest float32, or false where
// the quick way cannot be sure. Three roundings (mantissa, power, product) put
// the product in float64 off by at most two of its last places, so it lies on
// the same side of every midpoint between two float32 as the true value does,
// unless it is within a few places of one.
func scale(mantissa uint64, exponent int) (float32, bool) {
	if mantissa == 0 {
		return 0, true
	}
	if exponent < -maxPower || exponent > maxPower {
		return 0, false
	}
	d := float64(mantissa) * powers[exponent+maxPower]
	const low = 1<<29 - 1 // the bits of a float64 that a float32 has not
	b := math.Float64bits(d)
	if gap := b&low - (1<<28 - 8); gap <= 16 || d < 0x1p-126 || d > math.MaxFloat32 {
		return 0, false
	}
	return float32(d), true
}

// leadingZeros counts the zeros before a number's first other digit: they are
// digits that do not fill the mantissa.
func leadingZeros(b []byte) int {
	n := 0
	for _, c := range b {
		if c == '0' {
			n++
		} else if c != '.' && c != '-' && c != '+' {
			break
		}
	}
	return n
}

// scanExponent reads what follows the e. Beyond five digits the value no longer
// matters: every such number is zero or out of range.
func scanExponent(b []byte, i int) (e, next int, bad bool) {
	negative := false
	if i < len(b) && (b[i] == '-' || b[i] == '+') {
		negative = b[i] == '-'
		i++
	}
	start := i
	for ; i < len(b) && b[i]-'0' <= 9; i++ {
		if e < 10000 {
			e = e*10 + int(b[i]-'0')
		}
	}
	if negative {
		e = -e
	}
	return e, i, i == start
}

// badNumber tells nan and inf from things that are no numbers.
func badNumber(b []byte, start int) (float32, int, status) {
	end := start
	for end < len(b) && b[end] != ' ' && b[end] != '\t' {
		end++
	}
	word := b[start:end]
	if len(word) > 0 && (word[0] == '-' || word[0] == '+') {
		word = word[1:]
	}
	if len(word) > 20 {
		return 0, end, notNumber
	}
	switch string(lower(word)) {
	case "nan", "inf", "infinity", "nan(ind)", "1.#qnan", "1.#ind", "1.#inf":
		return 0, end, notFinite
	}
	return 0, end, notNumber
}

func lower(b []byte) []byte {
	out := make([]byte, len(b))
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		out[i] = c
	}
	return out
}

// headerNumber reads the plain digits of a header.
func headerNumber(field []byte) (int64, bool) {
	if len(field) == 0 || len(field) > 20 {
		return 0, false
	}
	n := uint64(0)
	for _, c := range field {
		if c < '0' || c > '9' {
			return 0, false
		}
		hi, lo := bits.Mul64(n, 10)
		if n = lo + uint64(c-'0'); hi != 0 || n > math.MaxInt64 {
			return math.MaxInt64, true // no file is that large; the reader says so
		}
	}
	return int64(n), true
}
