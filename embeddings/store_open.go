package embeddings

import (
	"hash/crc32"
	"io"
	"os"
	"runtime"
	"sync"
)

// isStore says whether a plain file is a .cloze store, from its first bytes.
func isStore(file *os.File) bool {
	var magic [len(storeMagic)]byte
	_, err := file.ReadAt(magic[:], 0)
	return err == nil && string(magic[:]) == storeMagic
}

// openStore maps a plain file; nothing of it is read but its head.
func (o Options) openStore(path string, file *os.File, size int64) (*Vectors, error) {
	data, release, err := mapFile(file, size)
	if err != nil {
		return nil, (&input{path: path}).readError(err)
	}
	v, err := o.storeOf(path, data)
	if err != nil {
		release()
		return nil, err
	}
	v.close = release
	return v, nil
}

// readStore takes a store from a stream or out of gzip into memory.
func (in *input) readStore() (*Vectors, error) {
	data, err := readAligned(in.body)
	if err != nil {
		return nil, in.readError(err)
	}
	return in.storeOf(in.path, data)
}

func (o Options) storeOf(name string, data []byte) (*Vectors, error) {
	f, err := parseStore(name, data)
	if err != nil {
		return nil, err
	}
	v, err := f.vectors()
	if err == nil && o.Strict {
		err = v.Verify()
	}
	return v, err
}

// readAligned reads everything into memory that begins at a multiple of eight.
func readAligned(r io.Reader) ([]byte, error) {
	all, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	aligned := raw(make([]uint64, (len(all)+7)/8))[:len(all)]
	copy(aligned, all)
	return aligned, nil
}

// Verify reads a whole .cloze store and holds it against its checksums; then it
// looks that every word is found at its row and every number is finite. For
// other vectors, which were read whole when they were opened, it does nothing.
func (v *Vectors) Verify() error {
	f := v.file
	if f == nil {
		return nil
	}
	for kind := 1; kind <= secHighest; kind++ {
		if f.there[kind] && crc32.Checksum(f.sections[kind], castagnoli) != f.sums[kind] {
			return f.fail(remedyAgain, "section %d is damaged: its bytes do not fit its checksum", kind)
		}
	}
	var once sync.Once
	var bad error
	spans(v.Len(), runtime.GOMAXPROCS(0), func(_, from, to int) {
		var row []float32
		for i := from; i < to; i++ {
			if found, ok := v.Index(v.Word(i)); !ok || found != i || i > 0 && v.names.ends[i-1] > v.names.ends[i] {
				once.Do(func() { bad = f.fail(remedyAgain, "word %d is not found at its row", i+1) })
				return
			}
			row = v.AppendRow(row[:0], i)
			for _, x := range row {
				if !finite(x) {
					once.Do(func() { bad = f.fail(remedyAgain, "the vector of word %d holds %v", i+1, x) })
					return
				}
			}
		}
	})
	return bad
}

// Metadata is what a .cloze store tells of its origin, nil for none. The map is
// the store's own.
func (v *Vectors) Metadata() map[string]string { return v.metadata }

// Counts are how often each word was met in training, [N], nil where the file
// does not say. The store's own memory: read only.
func (v *Vectors) Counts() []uint64 { return v.counts }
