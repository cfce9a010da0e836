package corpus

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync/atomic"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// maxWindowBytes is the largest zstd window accepted, the bound of the zstd command without --long.
const maxWindowBytes = 128 << 20

// stream opens one file after the other and takes gzip and zstd off. The decompressors are made once and used again.
type stream struct {
	file  io.Closer // nil when nothing is to be closed
	count countReader
	gz    *gzip.Reader
	zst   *zstd.Decoder
	buf   *bufio.Reader
}

// countReader counts the bytes that pass, for progress bars in other goroutines.
type countReader struct {
	r     io.Reader
	total atomic.Int64
}

// Read counts what the reader below gives.
func (c *countReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.total.Add(int64(n))
	return n, err
}

// open returns the decompressed content of f and the compression found: ".gz", ".zst" or empty. Content decides, not the
// name. An error is the operating system's, or that of a compressed stream that does not start well.
func (st *stream) open(f File, given io.Reader) (r io.Reader, packed string, err error) {
	st.close()
	switch {
	case given != nil:
		st.count.r = given
	case f.Path == stdinName && f.Bytes < 0:
		st.count.r = os.Stdin
	default:
		file, err := os.Open(f.Path)
		if err != nil {
			return nil, "", err
		}
		st.file, st.count.r = file, file
	}
	head := make([]byte, 4)
	n, err := io.ReadFull(&st.count, head)
	head = head[:n]
	raw := &joined{head: head, rest: &st.count}
	if err != nil && err != io.ErrUnexpectedEOF { // whoever reads so far is told
		raw.rest = failed{err}
	}
	switch {
	case len(head) >= 2 && head[0] == 0x1f && head[1] == 0x8b:
		return st.openGzip(raw)
	case len(head) == 4 && (bytes.Equal(head, []byte{0x28, 0xb5, 0x2f, 0xfd}) || head[0]&0xf0 == 0x50 && bytes.Equal(head[1:], []byte{0x2a, 0x4d, 0x18})):
		return st.openZstd(raw)
	}
	return raw, "", nil
}

// openGzip reads all members: gzip.Reader is in its multistream mode, and an error in a later member is not passed over.
func (st *stream) openGzip(raw io.Reader) (io.Reader, string, error) {
	if st.buf == nil {
		st.buf = bufio.NewReaderSize(raw, 64<<10)
	}
	st.buf.Reset(raw)
	var err error
	if st.gz == nil {
		st.gz, err = gzip.NewReader(st.buf)
	} else {
		err = st.gz.Reset(st.buf)
	}
	return st.gz, ".gz", err
}

// openZstd reads all frames, also skippable ones.
func (st *stream) openZstd(raw io.Reader) (io.Reader, string, error) {
	var err error
	if st.zst == nil { // one thread: a reader must not take cores that its user did not give it
		st.zst, err = zstd.NewReader(raw, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindowBytes))
	} else {
		err = st.zst.Reset(raw)
	}
	return st.zst, ".zst", err
}

// close closes the open file, if there is one; a decompressor is kept for the next.
func (st *stream) close() error {
	if st.file == nil {
		return nil
	}
	err := st.file.Close()
	st.file = nil
	return err
}

// joined reads head and then rest. Unlike io.MultiReader it leaves rest's large reads whole and never joins two.
type joined struct {
	head []byte
	rest io.Reader
}

// Read gives the head first.
func (j *joined) Read(p []byte) (int, error) {
	if len(j.head) == 0 {
		return j.rest.Read(p)
	}
	n := copy(p, j.head)
	j.head = j.head[n:]
	return n, nil
}

// failed is a reader whose error is known.
type failed struct{ err error }

// Read gives the error.
func (f failed) Read([]byte) (int, error) { return 0, f.err }

// streamCause words an error of a decompressor or of the disk.
func streamCause(err error, packed string) error {
	name := map[string]string{".gz": "gzip", ".zst": "zstd"}[packed]
	switch {
	case name != "" && (errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF)):
		return fmt.Errorf("truncated %s stream; fetch the file again, or read it with policy lenient up to the cut", name)
	case errors.Is(err, zstd.ErrWindowSizeExceeded):
		return fmt.Errorf("zstd window over %d MiB; compress it again without --long", maxWindowBytes>>20)
	case name != "":
		cause := strings.TrimPrefix(err.Error(), name+": ")
		return fmt.Errorf("damaged %s stream: %s; fetch the file again, or read it with policy lenient up to the damage", name, cause)
	}
	return fmt.Errorf("reading failed: %w; check the disk or pipe", err)
}
