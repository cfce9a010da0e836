package embeddings

import (
	"archive/zip"
	"bytes"
	"hash/crc32"
	"path/filepath"
	"strings"
	"testing"
)

// zipped packs files, given as name and content in turns.
func zipped(t testing.TB, files ...string) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		w, err := z.Create(files[i])
		if err != nil {
			t.Fatal(err)
		}
		w.Write([]byte(files[i+1]))
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestZipMembersAreOpened(t *testing.T) {
	one := file(t, "one.zip", zipped(t, "sub/", "", "sub/a.txt", "a 1 0\nb 0 1\n", "__MACOSX/sub/._a.txt", "\x00\x05"))
	for _, path := range []string{one, one + "/sub/a.txt"} {
		v, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		holds(t, v, []string{"a", "b"}, 1, 0, 0, 1)
		if v.Report().File != one+"/sub/a.txt" {
			t.Errorf("report of %s", v.Report().File)
		}
	}
	two := file(t, "two.zip", zipped(t, "50d.txt", "a 1 0\nb 0 1\n", "sub/100d.bin", "1 2\na "+floats(1, 0)))
	_, err := Open(two)
	refused(t, err, "two.zip", "2 files", `"50d.txt" "sub/100d.bin"`, "two.zip/50d.txt")
	v, err := Options{Format: Word2VecBinary}.Open(filepath.Join(two, "sub", "100d.bin"))
	if err != nil {
		t.Fatal(err)
	}
	holds(t, v, []string{"a"}, 1, 0)
	_, err = Open(two + "/25d.txt")
	refused(t, err, "two.zip", `no member "25d.txt"`, `"50d.txt"`)
	_, err = Open(file(t, "none.zip", zipped(t, "sub/", "")))
	refused(t, err, "holds no file")
	_, err = Open(file(t, "nested.zip", zipped(t, "in.zip", zipped(t, "a.txt", "a 1 0\n"))))
	refused(t, err, "zip archive", "unpack it")
}

func TestDamagedZipIsRefused(t *testing.T) {
	whole := zipped(t, "a.txt", strings.Repeat("a 1 0\nb 0 1\n", 1000))
	for cut := 4; cut < len(whole); cut += 5 {
		_, err := Open(file(t, "x.zip", whole[:cut]))
		refused(t, err, "x.zip", "zip archive")
	}
	for at := 40; at < 60; at += 3 { // inside the packed data
		damaged := []byte(whole)
		damaged[at] ^= 0x55
		_, err := Open(file(t, "x.zip", string(damaged)))
		refused(t, err, "x.zip", "damaged")
	}
	// A checksum that is wrong, and nothing else.
	sum := crc32.ChecksumIEEE([]byte(strings.Repeat("a 1 0\nb 0 1\n", 1000)))
	old := string([]byte{byte(sum), byte(sum >> 8), byte(sum >> 16), byte(sum >> 24)})
	_, err := Open(file(t, "x.zip", strings.ReplaceAll(whole, old, "abcd")))
	refused(t, err, "x.zip", "damaged", "checksum")
}
