package corpus

import (
	"fmt"
	"strconv"
)

// Position says where a document or a fault was found.
type Position struct {
	// File is the path as it was listed, "standard input" for "-".
	File string `json:"file"`
	// Record is the 1-based line on which the record starts, whatever the format: the number an editor goes to; of Parquet
	// it is the row. 0 means the file as a whole.
	Record int64 `json:"record"`
	// Offset is where the record starts, in bytes into the decompressed file (a byte order mark counts); 0 for
	// Parquet, whose rows lie in many places.
	Offset int64 `json:"offset"`
}

// String gives "file:record".
func (p Position) String() string {
	if p.Record == 0 {
		return p.File
	}
	return p.File + ":" + strconv.FormatInt(p.Record, 10)
}

// Document is one text with its origin.
type Document struct {
	// Text is valid UTF-8 and never empty or blank unless Options.KeepEmpty asks for it. The memory belongs to the reader: it is valid until the next call of
	// Next, and the holder may change it in place until then.
	Text []byte
	// ID is the value of Options.IDField, empty when no such field was asked for or the record lacks it; Source tells
	// documents apart in every case.
	ID string
	// Source is where the text starts.
	Source Position
	// Meta holds the fields named by Options.MetaFields that the record has: strings unescaped, other JSON values as they
	// are written, null left out. It belongs to the caller; nil when no field was asked for.
	Meta map[string]string
}

// Reader is the narrow door through which other packages take documents. Next returns io.EOF after the last one; any
// other error is final.
type Reader interface {
	Next() (Document, error)
}

// Error is a fault in the input: one line with file, record, byte, cause and remedy.
type Error struct {
	File string
	// Record is the 1-based line of the fault, 0 when it concerns the whole file.
	Record int64
	// Offset is the byte in the decompressed file.
	Offset int64
	// Reason is the counter under which Lenient books the same fault.
	Reason Reason
	// Err is the cause.
	Err error

	endsFile bool // nothing more can be read from this file
}

// Error gives "file:record (byte n): cause".
func (e *Error) Error() string {
	if e.Record == 0 {
		return fmt.Sprintf("%s: %v", e.File, e.Err)
	}
	return fmt.Sprintf("%s:%d (byte %d): %v", e.File, e.Record, e.Offset, e.Err)
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }
