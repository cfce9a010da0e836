package shard

import (
	"context"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-cloze/cloze/tokenize"
)

// spoil writes a set of several files, changes it, and gives the error of opening and verifying it.
func spoil(t *testing.T, change func(dir string, first []byte) []byte) error {
	t.Helper()
	cfg := config(300, 0)
	cfg.FileBytes = 3000
	dir := write(t, cfg, randomDocuments(200, 300, 0))
	name := filepath.Join(dir, fileName(0))
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if data = change(dir, data); data != nil {
		if err := os.WriteFile(name, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s, err := Open(dir)
	if err != nil {
		return err
	}
	defer s.Close()
	return s.Verify(context.Background())
}

// reseal makes the checksum of a changed header match.
func reseal(b []byte) []byte {
	binary.LittleEndian.PutUint64(b[checksumAt:], headerSum(b))
	return b
}

func TestDamageIsRefusedByName(t *testing.T) {
	le := binary.LittleEndian
	for name, c := range map[string]struct {
		change func(dir string, b []byte) []byte
		want   string
	}{
		"empty":           {func(_ string, b []byte) []byte { return b[:0:0] }, "not a token shard"},
		"another format":  {func(_ string, b []byte) []byte { copy(b, "PK\x03\x04"); return b }, "not a token shard"},
		"half a header":   {func(_ string, b []byte) []byte { return b[:100] }, "inside its header"},
		"cut":             {func(_ string, b []byte) []byte { return b[:len(b)-64] }, "not whole"},
		"longer":          {func(_ string, b []byte) []byte { return append(b, 0) }, "not whole"},
		"header bit":      {func(_ string, b []byte) []byte { b[40] ^= 1; return b }, "damaged header"},
		"another version": {func(_ string, b []byte) []byte { b[8] = 2; return reseal(b) }, "has version 2 of the format, this cloze reads version 1"},
		"counts":          {func(_ string, b []byte) []byte { le.PutUint64(b[40:], 1<<62); return reseal(b) }, "claims"},
		"no documents":    {func(_ string, b []byte) []byte { le.PutUint64(b[48:], 0); return reseal(b) }, "ids in 0 documents"},
		"more ids":        {func(_ string, b []byte) []byte { le.PutUint64(b[40:], 1<<40); return reseal(b) }, "counts"},
		"width":           {func(_ string, b []byte) []byte { b[20] = 32; return reseal(b) }, "in 32 bits"},
		"flags":           {func(_ string, b []byte) []byte { b[16] |= 64; return reseal(b) }, "no cloze writes"},
		"end of text":     {func(_ string, b []byte) []byte { le.PutUint32(b[32:], 300); return reseal(b) }, "end of text 300"},
		"an id":           {func(_ string, b []byte) []byte { b[headerBytes+8] ^= 1; return b }, "checksum of its ids"},
		"a start":         {func(_ string, b []byte) []byte { b[len(b)-400] ^= 1; return b }, "does not match"},
		"first removed": {func(dir string, _ []byte) []byte {
			os.Remove(filepath.Join(dir, fileName(0)))
			return nil
		}, "is number 1 of its set but stands at place 0"},
		"last removed": {func(dir string, _ []byte) []byte {
			names, _ := listShards(dir)
			os.Remove(filepath.Join(dir, names[len(names)-1]))
			return nil
		}, "files are missing"},
		"a resealed stranger": {func(_ string, b []byte) []byte { b[96] ^= 1; return reseal(b) }, "not of the same set"},
		"none": {func(dir string, _ []byte) []byte {
			names, _ := listShards(dir)
			for _, name := range names {
				os.Remove(filepath.Join(dir, name))
			}
			return nil
		}, "holds no token shards"},
		"a folder": {func(dir string, _ []byte) []byte {
			os.Remove(filepath.Join(dir, fileName(0)))
			os.Mkdir(filepath.Join(dir, fileName(0)), 0o755)
			return nil
		}, "not a plain file"},
	} {
		t.Run(name, func(t *testing.T) { wantError(t, name, spoil(t, c.change), c.want, "; ") })
	}
	_, err := Open(filepath.Join(t.TempDir(), "nowhere"))
	wantError(t, "no folder", err, "nowhere", "no such file")
}

func TestAnotherTokenizerIsRefused(t *testing.T) {
	tok := byteTokenizer(t)
	dir := filepath.Join(t.TempDir(), "tokens")
	if err := Write(context.Background(), dir, documents("some text"), Encoder{Tokenizer: tok}, ConfigFor(tok), nil); err != nil {
		t.Fatal(err)
	}
	s := open(t, dir)
	other, err := tokenize.NewBPE([]string{"</s>"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	wantError(t, "another", s.CheckTokenizer(other), dir, "another tokenizer", "tokenizer.json")
	if err := s.CheckTokenizer(tok); err != nil {
		t.Error(err)
	}
}

// What Open lets through must be readable without a crash whatever the sections hold: only Verify reads them.
func TestDamagedSectionsNeverCrashAReader(t *testing.T) {
	dir := write(t, config(300, 0), randomDocuments(50, 300, 0))
	data, err := os.ReadFile(filepath.Join(dir, fileName(0)))
	if err != nil {
		t.Fatal(err)
	}
	for i := headerBytes; i < len(data); i++ {
		data[i] = 0xff
	}
	s := inMemory(t, data)
	readAll(s)
	if err := s.Verify(context.Background()); err == nil {
		t.Error("Verify finds nothing")
	}
}

// inMemory is Open of one file's bytes, nil where it is refused.
func inMemory(t testing.TB, data []byte) *Set {
	buf := alignedBytes(len(data))[:len(data)]
	copy(buf, data)
	f, err := parse("shard", buf)
	if err != nil {
		return nil
	}
	s := &Set{path: "shard", files: []*file{f}}
	if s.checkPlace(0, f) != nil {
		return nil
	}
	s.sum()
	return s
}

// readAll reads a set by every method.
func readAll(s *Set) {
	for d := range s.Documents() {
		start, end, _, _ := s.Document(d)
		s.Append(nil, nil, start, end)
		s.Text(d)
	}
	if s.Documents() > 0 {
		for i := range s.Tokens() {
			s.DocumentAt(i)
			s.Append(nil, nil, i, i+1)
		}
	}
}

func FuzzOpen(f *testing.F) {
	for _, cfg := range []Config{config(300, 0), config(1<<17, NoID)} {
		cfg.Languages = []string{"de", "en"}
		dir := write(f, cfg, randomDocuments(3, 300, 2))
		data, err := os.ReadFile(filepath.Join(dir, fileName(0)))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
		f.Add(data[:headerBytes])
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) >= headerBytes {
			reseal(data) // or nothing but the checksum is ever tried
		}
		s := inMemory(t, data)
		if s == nil {
			return
		}
		readAll(s)
		_ = s.Verify(context.Background())
	})
}

// Opening must not read the corpus. The file is sparse: it takes no room, and reading all of it would take seconds.
func TestTenGigabytesOpenAtOnce(t *testing.T) {
	cfg := config(300, 0)
	h := cfg.header(0, 0)
	h.flags |= flagLast
	h.ids, h.documents = 5_000_000_000, 10_000_000
	dir := t.TempDir()
	f, err := os.Create(filepath.Join(dir, fileName(0)))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Write(h.encode()); err != nil {
		t.Fatal(err)
	}
	if err := f.Truncate(h.layout().end); err != nil {
		t.Skipf("no sparse files here: %v", err)
	}
	best := time.Hour
	for range 3 {
		start := time.Now()
		s := open(t, dir)
		best = min(best, time.Since(start))
		if s.Tokens() != 5_000_000_000 {
			t.Fatal(s.Tokens())
		}
	}
	t.Logf("%d bytes opened in %v", h.layout().end, best)
	if best > 50*time.Millisecond {
		t.Errorf("opening took %v, want at most 50ms", best)
	}
}
