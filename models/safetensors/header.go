package safetensors

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"sort"
	"strconv"
	"unicode/utf8"
)

const (
	prefixBytes    = 8           // the header's length comes first
	maxHeaderBytes = 100_000_000 // the reference's limit
	metadataKey    = "__metadata__"
)

type header struct {
	tensors  []Tensor
	metadata map[string]string
}

// extent is where a tensor says it lies, counted from the end of the header.
type extent struct {
	begin, end int64
	tensor     Tensor
}

// parseHeader checks everything that can be wrong in a file of these bytes.
func parseHeader(name string, data []byte) (*header, error) {
	fail := func(remedy, format string, args ...any) (*header, error) {
		return nil, &Error{File: name, Cause: fmt.Sprintf(format, args...), Remedy: remedy}
	}
	if len(data) == 0 {
		return fail(remedyAgain, "the file is empty")
	}
	if what := otherFormat(data); what != "" {
		return fail("give a .safetensors file", "this is %s, not a safetensors file", what)
	}
	if len(data) < prefixBytes {
		return fail(remedyAgain, "only %d bytes, the header's length alone takes 8", len(data))
	}
	n := binary.LittleEndian.Uint64(data)
	if n > uint64(len(data)-prefixBytes) {
		return fail(remedyAgain, "the header claims %d bytes, the file has %d after its first 8: cut short, or not a safetensors file", n, len(data)-prefixBytes)
	}
	if n > maxHeaderBytes {
		return fail(remedyAgain, "the header claims %d bytes, the format allows %d", n, maxHeaderBytes)
	}
	text, body := data[prefixBytes:prefixBytes+n], data[prefixBytes+n:]
	if len(text) == 0 || text[0] != '{' {
		return fail("give a .safetensors file", "the header does not start with '{': not a safetensors file")
	}
	p := &headerParser{file: name, metadata: map[string]string{}}
	if err := p.parse(text); err != nil {
		return nil, err
	}
	tensors, err := place(name, p.extents, body)
	if err != nil {
		return nil, err
	}
	return &header{tensors: tensors, metadata: p.metadata}, nil
}

// otherFormat names what people pass by mistake most.
func otherFormat(data []byte) string {
	for _, f := range []struct{ magic, name string }{
		{"PK\x03\x04", "a zip archive (a PyTorch checkpoint, perhaps)"}, {"\x80\x02", "a Python pickle"},
		{"\x1f\x8b", "gzip data"}, {"GGUF", "a GGUF file"}, {"\x89HDF", "an HDF5 file"}, {"{", "JSON text"},
		{"version https://git-lfs", "a Git LFS pointer (the real file was not fetched)"}, {"<!DOCTYPE", "an HTML page"}, {"<html", "an HTML page"},
	} {
		// "{" and the like may be the low byte of an honest length: believe the
		// length when the header behind it starts as one.
		if bytes.HasPrefix(data, []byte(f.magic)) && (len(data) <= prefixBytes || data[prefixBytes] != '{' || data[prefixBytes-1] != 0) {
			return f.name
		}
	}
	return ""
}

// place sorts the tensors by where they lie and refuses any byte of body that
// belongs to no tensor or to two.
func place(name string, extents []extent, body []byte) ([]Tensor, error) {
	sort.SliceStable(extents, func(i, j int) bool {
		if extents[i].begin != extents[j].begin {
			return extents[i].begin < extents[j].begin
		}
		return extents[i].end < extents[j].end
	})
	at, last := int64(0), ""
	tensors := make([]Tensor, len(extents))
	for i, x := range extents {
		fail := func(format string, args ...any) ([]Tensor, error) {
			return nil, &Error{File: name, Tensor: x.tensor.Name, Cause: fmt.Sprintf(format, args...), Remedy: remedyAgain}
		}
		switch {
		case x.end > int64(len(body)):
			return fail("ends at byte %d of the data, the file has %d: cut short or damaged", x.end, len(body))
		case x.begin < at:
			return fail("begins at byte %d of the data, inside tensor %s that ends at %d", x.begin, quoteName(last), at)
		case x.begin > at:
			return fail("begins at byte %d of the data, bytes %d to %d before it belong to no tensor", x.begin, at, x.begin)
		}
		tensors[i] = x.tensor
		tensors[i].Data = body[x.begin:x.end:x.end]
		at, last = x.end, x.tensor.Name
	}
	if at != int64(len(body)) {
		return nil, &Error{File: name, Cause: fmt.Sprintf("%d bytes after the last tensor", int64(len(body))-at), Remedy: remedyAgain}
	}
	return tensors, nil
}

// headerParser walks the JSON token by token, since decoding into a map would
// let the last of two equal names win in silence.
type headerParser struct {
	file     string
	dec      *json.Decoder
	extents  []extent
	metadata map[string]string
}

func (p *headerParser) fail(tensor, format string, args ...any) error {
	return &Error{File: p.file, Tensor: tensor, Cause: fmt.Sprintf(format, args...), Remedy: remedyAgain}
}

func (p *headerParser) parse(text []byte) error {
	if !utf8.Valid(text) {
		return p.fail("", "the header is not UTF-8")
	}
	// From here on syntax cannot fail, so tokens need no error checks.
	if !json.Valid(text) {
		var none any
		return &Error{File: p.file, Cause: "the header is not JSON", Err: json.Unmarshal(text, &none), Remedy: remedyAgain}
	}
	p.dec = json.NewDecoder(bytes.NewReader(text))
	p.dec.UseNumber()
	p.token() // '{'
	seen := map[string]bool{}
	for p.dec.More() {
		name := p.token().(string)
		if seen[name] {
			return p.fail(name, "named twice in the header")
		}
		seen[name] = true
		read := p.tensor
		if name == metadataKey {
			read = p.meta
		}
		if err := read(name); err != nil {
			return err
		}
	}
	return nil
}

func (p *headerParser) token() json.Token {
	t, _ := p.dec.Token()
	return t
}

// meta reads the map of strings to strings; null counts as none.
func (p *headerParser) meta(string) error {
	switch t := p.token(); t {
	case nil:
		return nil
	case json.Delim('{'):
	default:
		return p.fail("", "__metadata__ is not an object of strings")
	}
	for p.dec.More() {
		key := p.token().(string)
		if _, twice := p.metadata[key]; twice {
			return p.fail("", "__metadata__ has the key %s twice", quoteName(key))
		}
		value, ok := p.token().(string)
		if !ok {
			return p.fail("", "__metadata__ %s is not a string", quoteName(key))
		}
		p.metadata[key] = value
	}
	p.token() // '}'
	return nil
}

// tensor reads {"dtype":..., "shape":[...], "data_offsets":[begin,end]}.
func (p *headerParser) tensor(name string) error {
	if p.token() != json.Delim('{') {
		return p.fail(name, "its entry in the header is not an object")
	}
	x := extent{tensor: Tensor{Name: name}}
	var offsets []int64
	seen := map[string]bool{}
	for p.dec.More() {
		key := p.token().(string)
		if seen[key] {
			return p.fail(name, "has the key %s twice", quoteName(key))
		}
		seen[key] = true
		var ok bool
		switch key {
		case "dtype":
			var s string
			s, ok = p.token().(string)
			x.tensor.DType = DType(s)
		case "shape":
			x.tensor.Shape, ok = p.numbers()
		case "data_offsets":
			offsets, ok = p.numbers()
			ok = ok && len(offsets) == 2
		default:
			return p.fail(name, "unknown key %s", quoteName(key))
		}
		if !ok {
			return p.fail(name, "%s is not what the format asks for", key)
		}
	}
	p.token() // '}'
	if len(seen) != 3 {
		return p.fail(name, "dtype, shape or data_offsets is missing")
	}
	x.begin, x.end = offsets[0], offsets[1]
	if err := p.check(x); err != nil {
		return err
	}
	p.extents = append(p.extents, x)
	return nil
}

// check holds the entry against itself: known type, order of the offsets, size.
func (p *headerParser) check(x extent) error {
	t := x.tensor
	if t.DType.Bits() == 0 {
		return p.fail(t.Name, "unknown dtype %s", quoteName(string(t.DType)))
	}
	if x.begin > x.end {
		return p.fail(t.Name, "begins at byte %d and ends before, at %d", x.begin, x.end)
	}
	want, ok := span(t.DType, t.Shape)
	if !ok {
		return p.fail(t.Name, "no whole number of bytes below 2^60 holds shape %v of %s", t.Shape, t.DType)
	}
	if x.end-x.begin != want {
		return p.fail(t.Name, "shape %v of %s takes %d bytes, the offsets span %d", t.Shape, t.DType, want, x.end-x.begin)
	}
	return nil
}

// numbers reads an array of whole numbers from 0 to 2^63-1, in plain digits.
func (p *headerParser) numbers() ([]int64, bool) {
	if p.token() != json.Delim('[') {
		return nil, false
	}
	out := []int64{}
	for p.dec.More() {
		digits, ok := p.token().(json.Number)
		if !ok {
			return nil, false
		}
		n, err := strconv.ParseUint(string(digits), 10, 63)
		if err != nil {
			return nil, false
		}
		out = append(out, int64(n))
	}
	p.token() // ']'
	return out, true
}
