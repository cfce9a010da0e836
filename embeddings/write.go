package embeddings

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"

	"github.com/go-cloze/cloze/models/safetensors"
)

// Write writes the vectors to path: aside in the same folder, synced to the
// disk, then renamed, so that path holds the old or the new file whole. Reading
// the file gives the same words in the same order and the same numbers, bit for
// bit. Words that the format cannot hold (text and binary: those with blanks,
// and the empty one; fastText: those with a zero byte) are refused by name;
// [Vectors.Escaped] makes them fit. What words are composed of is not written.
func (v *Vectors) Write(path string, format Format) error {
	if err := v.fits(path, format); err != nil {
		return err
	}
	switch format {
	case Safetensors:
		return safetensors.Write(path, v.tensors(), map[string]string{"format": "pt"})
	case Cloze:
		return v.WriteStore(path, StoreOptions{Screen: true})
	}
	return replaceFile(path, func(w io.Writer) error { return v.encode(w, format) })
}

// Encode writes the same bytes to w.
func (v *Vectors) Encode(w io.Writer, format Format) error {
	if err := v.fits("vectors", format); err != nil {
		return err
	}
	switch format {
	case Safetensors:
		return safetensors.Encode(w, v.tensors(), map[string]string{"format": "pt"})
	case Cloze:
		return v.EncodeStore(w, StoreOptions{Screen: true})
	}
	return v.encode(w, format)
}

// replaceFile puts what write writes at path once all of it is on the disk.
func replaceFile(path string, write func(io.Writer) error) (err error) {
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*.tmp")
	if err != nil {
		return writeError(path, err)
	}
	defer func() {
		if err != nil {
			file.Close()
			os.Remove(file.Name())
		}
	}()
	for _, step := range []func() error{
		func() error { return write(file) },
		func() error { return file.Chmod(0o644) }, // CreateTemp's 0600 is for secrets
		file.Sync, file.Close,
		func() error { return os.Rename(file.Name(), path) },
	} {
		if err := step(); err != nil {
			return writeError(path, err)
		}
	}
	if dir, err := os.Open(filepath.Dir(path)); err == nil { // make the rename last
		_ = dir.Sync() // some file systems cannot
		dir.Close()
	}
	return nil
}

func writeError(path string, err error) error {
	return &Error{File: path, Cause: "cannot be written", Err: cutPath(err), Remedy: "check the folder, its rights and the free space"}
}

// fits refuses what could not be read back, before anything is written.
func (v *Vectors) fits(path string, format Format) error {
	unfit := func(w string) bool { return w == "" || strings.ContainsAny(w, " \t\n\v\f\r") }
	what := "hold blanks or are empty"
	switch format {
	case Safetensors, Cloze:
		return nil
	case Word2Vec, Word2VecBinary, FastTextVec:
	case FastText:
		unfit, what = func(w string) bool { return strings.IndexByte(w, 0) >= 0 }, "hold a zero byte"
	case GloVe:
		// Without a header the rows alone must tell what they are.
		if v.Len() == 0 || v.dim == 1 {
			return &Error{File: path, Cause: fmt.Sprintf("GloVe text has no header: %d words of dimension %d would not be read back", v.Len(), v.dim), Remedy: "write word2vec text"}
		}
		if strings.HasPrefix(v.Word(0), "\ufeff") {
			return &Error{File: path, Cause: "the first word begins with a byte order mark, which GloVe text cannot hold", Remedy: remedyEscape}
		}
	case Model2Vec, Finalfusion:
		return &Error{File: path, Cause: string(format) + " is read and not written here", Remedy: "give one of " + formatNames()}
	default:
		return &Error{File: path, Cause: "unknown format " + quote(string(format)), Remedy: "give one of " + formatNames()}
	}
	var list []string
	bad := 0
	for _, w := range v.Words() {
		if unfit(w) {
			if bad++; bad <= 10 {
				list = append(list, quote(w))
			}
		}
	}
	if bad == 0 {
		return nil
	}
	if bad > len(list) {
		list = append(list, "...")
	}
	return &Error{File: path, Cause: fmt.Sprintf("%d words %s, which %s cannot hold: %s", bad, what, format, strings.Join(list, " ")), Remedy: remedyEscape}
}

const remedyEscape = "write them escaped (Vectors.Escaped), or as safetensors"

// encode streams the rows: blocks are laid out in parallel, written in order.
func (v *Vectors) encode(file io.Writer, format Format) error {
	if format == FastText {
		m, err := v.fastTextModel()
		if err != nil {
			return err
		}
		return m.Encode(file)
	}
	w := bufio.NewWriterSize(file, 1<<16)
	if format != GloVe {
		fmt.Fprintf(w, "%d %d\n", v.Len(), v.dim)
	}
	add := v.appendText
	if format == Word2VecBinary {
		add = v.appendBinary
	}
	blocks := make([][]byte, runtime.GOMAXPROCS(0))
	rows := max(1, 1<<16/v.dim) // of a block
	for from := 0; from < v.Len(); from += rows * len(blocks) {
		var wait sync.WaitGroup
		for i := range blocks {
			begin := min(from+i*rows, v.Len())
			end := min(begin+rows, v.Len())
			wait.Go(func() {
				blocks[i] = blocks[i][:0]
				for row := begin; row < end; row++ {
					blocks[i] = add(blocks[i], row)
				}
			})
		}
		wait.Wait()
		for _, block := range blocks {
			if _, err := w.Write(block); err != nil {
				return err
			}
		}
	}
	return w.Flush()
}

// appendText writes nine significant digits: as many as tell every float32 from
// its neighbours, also for readers that go through float64 and round twice (the
// shortest digits come too close to the middle between two for that).
func (v *Vectors) appendText(b []byte, row int) []byte {
	b = append(b, v.Word(row)...)
	for _, x := range v.Row(row) {
		b = append(b, ' ')
		b = strconv.AppendFloat(b, float64(x), 'g', 9, 32)
	}
	return append(b, '\n')
}

func (v *Vectors) appendBinary(b []byte, row int) []byte {
	b = append(b, v.Word(row)...)
	b = append(b, ' ')
	for _, x := range v.Row(row) {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
	}
	return append(b, '\n')
}
