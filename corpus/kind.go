package corpus

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
)

// sniffBytes is how much of a file's start decides what it is.
const sniffBytes = 8000

var utf8BOM = []byte("\xef\xbb\xbf")

// kind is a sort of file that is told by its first bytes and not read.
type kind struct {
	magic string
	at    int
	what  string
	do    string // the remedy
}

const (
	doUnpack  = "unpack it first"
	doConvert = "convert it to UTF-8 first: iconv -f %s -t UTF-8"
	doText    = "give text instead"
)

// kinds are tried in order: longer signatures before their beginnings.
var kinds = []kind{
	{"\xff\xfe\x00\x00", 0, "UTF-32 text", fmt.Sprintf(doConvert, "UTF-32")},
	{"\x00\x00\xfe\xff", 0, "UTF-32 text", fmt.Sprintf(doConvert, "UTF-32")},
	{"\xff\xfe", 0, "UTF-16 text", fmt.Sprintf(doConvert, "UTF-16")},
	{"\xfe\xff", 0, "UTF-16 text", fmt.Sprintf(doConvert, "UTF-16")},
	{"\x1f\x8b", 0, "gzip data inside compressed data", "decompress it once"},
	{"\x28\xb5\x2f\xfd", 0, "zstd data inside compressed data", "decompress it once"},
	{"BZh", 0, "bzip2 data", "decompress it first: bunzip2, or pipe bzcat into -"},
	{"\xfd7zXZ\x00", 0, "xz data", "decompress it first: unxz, or pipe xzcat into -"},
	{"\x04\x22\x4d\x18", 0, "lz4 data", "decompress it first: lz4 -d"},
	{"PK\x03\x04", 0, "a zip archive (also docx, xlsx, epub)", "unpack it first: unzip"},
	{"PK\x05\x06", 0, "an empty zip archive", doText},
	{"7z\xbc\xaf\x27\x1c", 0, "a 7z archive", doUnpack},
	{"Rar!\x1a\x07", 0, "a rar archive", doUnpack},
	{"ustar", 257, "a tar archive", "unpack it first: tar -x"},
	{"ARROW1", 0, "an Arrow file", "convert it to jsonl first"},
	{"SQLite format 3\x00", 0, "an SQLite database", "export its texts as jsonl or csv"},
	{"%PDF-", 0, "a PDF document", "extract its text first: pdftotext"},
	{"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 0, "an old Office document", "save it as text first"},
	{"{\\rtf", 0, "an RTF document", "save it as text first"},
	{"\x89PNG\r\n\x1a\n", 0, "a PNG image", doText},
	{"\xff\xd8\xff", 0, "a JPEG image", doText},
	{"GIF8", 0, "a GIF image", doText},
	{"RIFF", 0, "a RIFF file (WAV, AVI, WebP)", doText},
	{"OggS", 0, "an Ogg file", doText},
	{"ID3", 0, "an MP3 file", doText},
	{"\x7fELF", 0, "an ELF executable", doText},
	{"\xca\xfe\xba\xbe", 0, "a Java class or Mach-O file", doText},
	{"\xcf\xfa\xed\xfe", 0, "a Mach-O executable", doText},
	{"\x00asm", 0, "a WebAssembly module", doText},
	{"GGUF", 0, "a GGUF model", doText},
	{"\x93NUMPY", 0, "a NumPy array", doText},
	{"\x80\x02}", 0, "a Python pickle", doText},
	{"\x80\x04\x95", 0, "a Python pickle", doText},
	{"\x89HDF", 0, "an HDF5 file", doText},
}

// textLike reports that a signature is made of plain letters, which a text may start with by chance ("GIF8", "RIFF"):
// these count only when a byte that no text holds is near.
func (k kind) textLike() bool {
	return strings.IndexFunc(k.magic, func(r rune) bool { return r < ' ' || r > '~' }) < 0 &&
		k.magic != "%PDF-" && k.magic != "{\\rtf"
}

// wrongKind returns nil when the start of a decompressed file may be text, otherwise an error that says what it is and
// what to do.
func wrongKind(head []byte) error {
	control, zeros := 0, [2]int{}
	head = head[:min(len(head), sniffBytes)]
	for i, c := range head {
		if c == 0 {
			zeros[i&1]++
		}
		if c < ' ' && (c < '\a' || c > '\r') && c != 0x1b {
			control++
		}
	}
	for _, k := range kinds {
		if len(head) >= k.at && bytes.HasPrefix(head[k.at:], []byte(k.magic)) && (control > 0 || firstInvalid(head) >= 0 || !k.textLike()) {
			return fmt.Errorf("looks binary: %s; %s", k.what, k.do)
		}
	}
	half := len(head) / 2
	switch {
	case half > 1 && zeros[1] > half*7/10 && zeros[0] <= half/10:
		return errors.New("looks binary: UTF-16 text (little endian, no byte order mark); " + fmt.Sprintf(doConvert, "UTF-16LE"))
	case half > 1 && zeros[0] > half*7/10 && zeros[1] <= half/10:
		return errors.New("looks binary: UTF-16 text (big endian, no byte order mark); " + fmt.Sprintf(doConvert, "UTF-16BE"))
	case zeros[0]+zeros[1] > 0:
		return fmt.Errorf("looks binary: a NUL byte at %d; %s", bytes.IndexByte(head, 0), doText)
	case badShare(head):
		return errors.New("not UTF-8, and too much of it to be a slip (over a fifth of the bytes); convert it first: iconv -f ENCODING -t UTF-8")
	case control > len(head)/10:
		return fmt.Errorf("looks binary: %d control characters in the first %d bytes; %s", control, len(head), doText)
	}
	return nil
}

// badShare reports whether so many bytes are not UTF-8 that the text must be in another encoding: replaced one by one they
// would leave nothing to learn from.
func badShare(head []byte) bool {
	bad := int64(0)
	if firstInvalid(head) >= 0 {
		_, bad = repairUTF8(nil, head)
	}
	return bad >= 100 && bad > int64(len(head)/5)
}

// looksJSONL reports whether head starts as a JSON object does; whether the record is whole is for its reader to say.
func looksJSONL(head []byte) bool {
	head = bytes.TrimLeft(bytes.TrimPrefix(head, utf8BOM), " \t\r\n")
	if !bytes.HasPrefix(head, []byte("{")) {
		return false
	}
	rest := bytes.TrimLeft(head[1:], " \t")
	return len(rest) > 0 && (rest[0] == '"' || rest[0] == '}')
}
