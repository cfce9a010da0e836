package ann

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"strconv"
	"unsafe"

	"github.com/go-cloze/cloze/embeddings"
	"github.com/go-cloze/cloze/models/safetensors"
)

// An index file is a safetensors file, which maps and checks itself. Its
// tensors, all of them little-endian:
//
//	codes          U8  [nodes, stride]  a float32 scale, D int8, zeros
//	rows           U32 [nodes]          each node's row in the store
//	twins          U32 [n, 2]           node and further row
//	layer.K.at     U32 [nodes of it]    where a node's list begins in links
//	layer.K.links  U32                  a count, then as many nodes; K = 0 is the coarsest
//
// and its metadata: kind, version, layers, info (JSON), store (the store's
// checksum), crc32c (of all tensors, by name).
const (
	fileKind    = "cloze.hnsw"
	fileVersion = "1"
	maxLayers   = 16
	remedyBuild = "build it again: cloze embeddings index"
)

// Path is where the index of the store at path lies: beside it.
func Path(store string) string { return store + ".hnsw" }

// Write writes the index to path: aside, synced, renamed.
func (x *Index) Write(path string) error {
	if bigEndian() {
		return fmt.Errorf("%s: an index lies as the machine uses it, and this one orders bytes the other way", path)
	}
	info, err := json.Marshal(x.info)
	if err != nil {
		return err
	}
	tensors := []safetensors.Source{
		{Name: "codes", DType: safetensors.U8, Shape: []int64{int64(len(x.rows)), int64(x.codes.stride)}, Data: x.codes.data},
		numbers("rows", x.rows),
		{Name: "twins", DType: safetensors.U32, Shape: []int64{int64(len(x.twins)), 2}, Data: raw(x.twins)},
	}
	for k, g := range x.layers {
		tensors = append(tensors, numbers(layerName(k, "at"), g.at), numbers(layerName(k, "links"), g.links))
	}
	sum := uint32(0)
	for _, name := range tensorNames(len(x.layers)) {
		for _, t := range tensors {
			if t.Name == name {
				sum = crc32.Update(sum, castagnoli, t.Data)
			}
		}
	}
	return safetensors.Write(path, tensors, map[string]string{"kind": fileKind, "version": fileVersion, "info": string(info),
		"layers": strconv.Itoa(len(x.layers)), "store": x.vectors.Checksum(), "crc32c": fmt.Sprintf("%08x", sum)})
}

// Open maps the index at path for the vectors it was built of. It is checked as
// far as a search relies on it: sizes, and that no link leads out of the graph.
// Whether each byte is as it was written is another question: [Index.Verify].
func Open(path string, v *embeddings.Vectors) (*Index, error) {
	f, err := safetensors.Open(path)
	if err != nil {
		return nil, err
	}
	x, err := parse(path, f, v)
	if err != nil {
		f.Close()
		return nil, err
	}
	x.file = f
	return x, nil
}

// damaged words a refusal.
func damaged(path, format string, args ...any) error {
	return &embeddings.Error{File: path, Cause: fmt.Sprintf(format, args...), Remedy: remedyBuild}
}

func parse(path string, f *safetensors.File, v *embeddings.Vectors) (*Index, error) {
	meta := f.Metadata()
	x := &Index{vectors: v}
	layers, err := strconv.Atoi(meta["layers"])
	switch {
	case bigEndian():
		return nil, damaged(path, "an index lies as little-endian machines use it, and this one is none")
	case meta["kind"] != fileKind:
		return nil, damaged(path, "no index of neighbours: its kind is %q", meta["kind"])
	case meta["version"] != fileVersion:
		return nil, damaged(path, "an index of version %q; this program reads %s", meta["version"], fileVersion)
	case err != nil || layers < 1 || layers > maxLayers:
		return nil, damaged(path, "an index of %q layers", meta["layers"])
	case json.Unmarshal([]byte(meta["info"]), &x.info) != nil || x.info.EF < 1:
		return nil, damaged(path, "what it tells of itself cannot be read")
	case meta["store"] != v.Checksum():
		return nil, damaged(path, "built of other vectors (%s) than those opened (%s)", meta["store"], v.Checksum())
	}
	x.info.Words, x.info.Dim = v.Len(), v.Dim()
	x.codes.stride = codeStride(v.Dim())
	get := func(name string, dtype safetensors.DType, width int) []byte {
		t, ok := f.Tensor(name)
		if !ok || t.DType != dtype || width > 0 && len(t.Data)%width != 0 {
			err = errors.Join(err, damaged(path, "tensor %s is missing or of another kind", name))
		}
		return t.Data
	}
	x.codes.data = get("codes", safetensors.U8, x.codes.stride)
	x.rows = view[uint32](get("rows", safetensors.U32, 4))
	x.twins = view[[2]uint32](get("twins", safetensors.U32, 8))
	for k := range layers {
		x.layers = append(x.layers, graph{at: view[uint32](get(layerName(k, "at"), safetensors.U32, 4)),
			links: view[uint32](get(layerName(k, "links"), safetensors.U32, 4))})
	}
	if err == nil {
		err = x.check(path)
	}
	if err != nil {
		return nil, err
	}
	return x.ready(), nil
}

// check makes sure that no search leaves the tables: the kernel does not look.
func (x *Index) check(path string) error {
	nodes := len(x.rows)
	if nodes == 0 || len(x.codes.data) != nodes*x.codes.stride || x.layers[len(x.layers)-1].len() != nodes {
		return damaged(path, "%d rows, %d bytes of codes, %d nodes", nodes, len(x.codes.data), x.layers[len(x.layers)-1].len())
	}
	for _, row := range x.rows {
		if int(row) >= x.info.Words {
			return damaged(path, "row %d of %d words", row, x.info.Words)
		}
	}
	for i, twin := range x.twins {
		if int(twin[0]) >= nodes || int(twin[1]) >= x.info.Words || i > 0 && twin[0] < x.twins[i-1][0] {
			return damaged(path, "twin %d is node %d, row %d", i, twin[0], twin[1])
		}
	}
	for k, g := range x.layers {
		if n := g.len(); n == 0 || k > 0 && n < x.layers[k-1].len() {
			return damaged(path, "layer %d has %d nodes", k, n)
		}
		if node, ok := g.check(); !ok {
			return damaged(path, "the links of node %d in layer %d lead nowhere", node, k)
		}
	}
	return nil
}

// check says whether all lists and links stay inside; else at which node not.
func (g graph) check() (int, bool) {
	for node, at := range g.at {
		if int64(at) >= int64(len(g.links)) || int64(g.links[at]) > int64(len(g.links))-int64(at)-1 {
			return node, false
		}
		for _, to := range g.neighbors(uint32(node)) {
			if int(to) >= len(g.at) {
				return node, false
			}
		}
	}
	return 0, true
}

// Verify reads the whole file that the index was opened from and holds it
// against its checksum. For an index just built it does nothing.
func (x *Index) Verify() error {
	if x.file == nil {
		return nil
	}
	sum := uint32(0)
	for _, name := range tensorNames(len(x.layers)) {
		t, _ := x.file.Tensor(name)
		sum = crc32.Update(sum, castagnoli, t.Data)
	}
	if want := x.file.Metadata()["crc32c"]; fmt.Sprintf("%08x", sum) != want {
		return damaged(x.file.Path(), "the index is damaged: its bytes give the checksum %08x, written was %s", sum, want)
	}
	return nil
}

func tensorNames(layers int) []string {
	names := []string{"codes", "rows", "twins"}
	for k := range layers {
		names = append(names, layerName(k, "at"), layerName(k, "links"))
	}
	return names
}

func layerName(k int, what string) string { return fmt.Sprintf("layer.%d.%s", k, what) }

func numbers(name string, data []uint32) safetensors.Source {
	return safetensors.Source{Name: name, DType: safetensors.U32, Shape: []int64{int64(len(data))}, Data: raw(data)}
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// view is the same memory as numbers; safetensors begin at a multiple of their width.
func view[T uint32 | [2]uint32](b []byte) []T {
	if len(b) == 0 {
		return nil
	}
	var t T
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(b))), len(b)/int(unsafe.Sizeof(t)))
}

// raw is the way back.
func raw[T uint32 | [2]uint32](s []T) []byte {
	if len(s) == 0 {
		return []byte{}
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(s))), len(s)*int(unsafe.Sizeof(s[0])))
}

func bigEndian() bool {
	return binary.NativeEndian.Uint16([]byte{1, 0}) != 1 || math.MaxInt == math.MaxInt32
}
