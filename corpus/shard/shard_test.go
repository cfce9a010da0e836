package shard

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-cloze/cloze/corpus"
	"github.com/go-cloze/cloze/tokenize"
)

const someHash = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

// plain is a set as slices: what a reader must give.
type plain struct {
	ids   []int32
	words []bool
	docs  []Document
	start []int
}

// randomDocuments makes documents of 1 to 40 ids.
func randomDocuments(n, vocab int, languages int) []Document {
	rng := rand.New(rand.NewPCG(1, 2))
	docs := make([]Document, n)
	for i := range docs {
		d := &docs[i]
		for range 1 + rng.IntN(40) {
			d.IDs = append(d.IDs, int32(rng.IntN(vocab)))
		}
		d.Words = []uint64{rng.Uint64() | 1}
		d.TextBytes, d.Hash = rng.IntN(1000), rng.Uint64()
		d.Language = int16(rng.IntN(max(languages, 1)))
	}
	return docs
}

func expect(docs []Document, eot int32) (p plain) {
	p.docs = docs
	for _, d := range docs {
		p.start = append(p.start, len(p.ids))
		if eot != NoID {
			p.ids, p.words = append(p.ids, eot), append(p.words, true)
		}
		for i, id := range d.IDs {
			p.ids = append(p.ids, id)
			p.words = append(p.words, d.Words[i>>6]>>(i&63)&1 == 1)
		}
	}
	return p
}

func write(t testing.TB, cfg Config, docs []Document) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tokens")
	w, err := Create(path, cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	for _, d := range docs {
		if err := w.Add(d); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Finish(); err != nil {
		t.Fatal(err)
	}
	return path
}

func open(t testing.TB, path string) *Set {
	t.Helper()
	s, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func config(vocab int, eot int32) Config {
	return Config{Tokenizer: someHash, VocabSize: vocab, EndOfText: eot, Words: true, FileBytes: DefaultFileBytes}
}

func TestWhatIsWrittenIsReadBack(t *testing.T) {
	for _, c := range []struct {
		name      string
		vocab     int
		eot       int32
		languages []string
		fileBytes int64
		files     int
	}{
		{"16 bits", 1 << 16, 7, nil, DefaultFileBytes, 1},
		{"32 bits", 1<<16 + 1, 1 << 16, nil, DefaultFileBytes, 1},
		{"no end of text", 300, NoID, nil, DefaultFileBytes, 1},
		{"languages in many files", 300, 0, []string{"de", "en", "fr"}, 3000, 7},
		{"a file a document", 300, 0, nil, 1, 30},
	} {
		t.Run(c.name, func(t *testing.T) {
			docs := randomDocuments(200, c.vocab, len(c.languages))
			if c.fileBytes == 1 {
				docs = docs[:c.files]
			}
			cfg := config(c.vocab, c.eot)
			cfg.Languages, cfg.FileBytes = c.languages, c.fileBytes
			s := open(t, write(t, cfg, docs))
			if err := s.Verify(context.Background()); err != nil {
				t.Error(err)
			}
			info := s.Info()
			if info.Files != c.files || !slices.Equal(info.Languages, c.languages) || info.Tokenizer != someHash {
				t.Errorf("info %+v, want %d files", info, c.files)
			}
			checkSet(t, s, expect(docs, c.eot), c.eot)
		})
	}
}

// checkSet compares a set with slices, from every id on.
func checkSet(t *testing.T, s *Set, want plain, eot int32) {
	t.Helper()
	if s.Tokens() != len(want.ids) || s.Documents() != len(want.docs) {
		t.Fatalf("%d tokens in %d documents, want %d in %d", s.Tokens(), s.Documents(), len(want.ids), len(want.docs))
	}
	words, text := int64(0), int64(0)
	for d, doc := range want.docs {
		start, end, next, language := s.Document(d)
		wantEnd := len(want.ids)
		if d+1 < len(want.docs) {
			wantEnd = want.start[d+1]
		}
		if start != want.start[d] || end != wantEnd || next != eot || language != doc.Language {
			t.Fatalf("document %d is [%d,%d) then %d in language %d", d, start, end, next, language)
		}
		if bytes, hash := s.Text(d); bytes != int64(doc.TextBytes) || hash != doc.Hash {
			t.Fatalf("document %d: text of %d bytes, hash %x", d, bytes, hash)
		}
		text += int64(doc.TextBytes)
	}
	for i := range want.ids {
		d, _ := slices.BinarySearch(want.start, i+1)
		if got := s.DocumentAt(i); got != d-1 {
			t.Fatalf("id %d is in document %d, want %d", i, got, d-1)
		}
		hi := min(i+100, len(want.ids))
		ids, bits := s.Append(nil, nil, i, hi)
		if !slices.Equal(ids, want.ids[i:hi]) {
			t.Fatalf("ids from %d on differ", i)
		}
		for j := range ids {
			if got := bits[j>>6]>>(j&63)&1 == 1; got != want.words[i+j] {
				t.Fatalf("word start of id %d is %v", i+j, got)
			}
		}
		if want.words[i] {
			words++
		}
	}
	if eot != NoID {
		words -= int64(len(want.docs))
	}
	if info := s.Info(); info.Words != words || info.TextBytes != text {
		t.Errorf("info counts %d words in %d bytes, want %d in %d", info.Words, info.TextBytes, words, text)
	}
}

// documents yields texts.
func documents(texts ...string) iter.Seq2[corpus.Document, error] {
	return func(yield func(corpus.Document, error) bool) {
		for _, text := range texts {
			if !yield(corpus.Document{Text: []byte(text)}, nil) {
				return
			}
		}
	}
}

func byteTokenizer(t testing.TB) *tokenize.Tokenizer {
	t.Helper()
	tok, err := tokenize.NewBPE([]string{"<|endoftext|>"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

func TestThreadsChangeNoByte(t *testing.T) {
	tok := byteTokenizer(t)
	var texts []string
	for i := range 3000 {
		texts = append(texts, strings.Repeat(fmt.Sprintf("document number %d says little. ", i), 1+i%40))
	}
	texts = append(texts, "", strings.Repeat("one long line ", 1<<16), "end")
	var first []byte
	for _, threads := range []int{1, 3} {
		path := filepath.Join(t.TempDir(), "tokens")
		seen := 0
		err := Write(context.Background(), path, documents(texts...), Encoder{Tokenizer: tok, Threads: threads}, ConfigFor(tok), func(e *Encoded) error {
			if string(e.Text) != texts[seen] {
				return fmt.Errorf("document %d came out of order", seen)
			}
			seen++
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(filepath.Join(path, fileName(0)))
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = data
		} else if string(first) != string(data) {
			t.Error("more threads gave other bytes")
		}
		s := open(t, path)
		if err := s.CheckTokenizer(tok); err != nil {
			t.Error(err)
		}
		if info := s.Info(); info.Empty != 1 || info.Documents != int64(len(texts)-1) {
			t.Errorf("%d documents and %d empty ones of %d", info.Documents, info.Empty, len(texts))
		}
		start, end, _, _ := s.Document(2999)
		ids, _ := s.Append(nil, nil, start+1, end)
		if got := tok.Decode(ids, true); got != texts[2999] {
			t.Errorf("document 2999 reads %.60q", got)
		}
	}
}

func TestErrorsEndTheWritingAndLeaveNothing(t *testing.T) {
	tok := byteTokenizer(t)
	broken := errors.New("the text is broken")
	bad := func(yield func(corpus.Document, error) bool) {
		for range 1000 {
			if !yield(corpus.Document{Text: make([]byte, 10_000)}, nil) {
				return
			}
		}
		yield(corpus.Document{}, broken)
	}
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	for _, c := range []struct {
		name string
		ctx  context.Context
		each func(*Encoded) error
		lang func(corpus.Document) (int16, error)
		want error
	}{
		{"reading", context.Background(), nil, nil, broken},
		{"adding", context.Background(), func(*Encoded) error { return broken }, nil, broken},
		{"language", context.Background(), nil, func(corpus.Document) (int16, error) { return 0, broken }, broken},
		{"cancelled", cancelled, nil, nil, context.Canceled},
	} {
		dir := t.TempDir()
		err := Write(c.ctx, filepath.Join(dir, "tokens"), bad, Encoder{Tokenizer: tok, Language: c.lang}, ConfigFor(tok), c.each)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: error %v, want %v", c.name, err, c.want)
		}
		if left, _ := os.ReadDir(dir); len(left) > 0 {
			t.Errorf("%s: %s is left behind", c.name, left[0].Name())
		}
	}
}

func TestIDOutsideIsFoundWhereverItStands(t *testing.T) {
	for n := 1; n < 10; n++ {
		for i := range n {
			for _, id := range []int32{100, -1} {
				w, err := Create(filepath.Join(t.TempDir(), "tokens"), config(100, 0))
				if err != nil {
					t.Fatal(err)
				}
				d := Document{IDs: make([]int32, n), Words: []uint64{1}}
				d.IDs[i] = id
				wantError(t, "an id outside", w.Add(d), fmt.Sprintf("token %d has id %d", i, id))
				w.Close()
			}
		}
	}
}

func TestWriterRefusesByName(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "tokens")
	cfg := config(100, 0)
	first, err := Create(path, cfg)
	if err != nil {
		t.Fatal(err)
	}
	wantError(t, "a second writer", func() error { _, err := Create(path, cfg); return err }(), "another process")
	wantError(t, "an id outside", first.Add(Document{IDs: []int32{1, 100}, Words: []uint64{1}}), "id 100", "vocabulary of 100")
	wantError(t, "after an error", first.Finish(), "id 100")
	if err := first.Close(); err != nil {
		t.Error(err)
	}
	for name, d := range map[string]Document{
		"word starts for 64": {IDs: make([]int32, 65), Words: []uint64{1}}, "language 1 of 0": {IDs: []int32{1}, Words: []uint64{1}, Language: 1},
	} {
		w, err := Create(path, cfg)
		if err != nil {
			t.Fatal(err)
		}
		wantError(t, name, w.Add(d), name)
		w.Close()
	}
	// What a killed writer left is no obstacle, and what stands there is never overwritten.
	if err := os.MkdirAll(filepath.Join(dir, ".tokens.writing"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, ".tokens.writing", "tokens-00000.shard.b"), []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	w, err := Create(path, cfg)
	if err != nil {
		t.Fatal(err)
	}
	wantError(t, "a file outside", w.AddFile("../report.json", nil), "no name")
	wantError(t, "a file like a shard", w.AddFile(fileName(1), nil), "no name")
	if err := w.AddFile("report.json", []byte("{}")); err != nil {
		t.Fatal(err)
	}
	if err := w.Finish(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	wantError(t, "a second time", w.Add(Document{IDs: []int32{1}}), "finished")
	wantError(t, "a used folder", func() error { _, err := Create(path, cfg); return err }(), "not empty", "another folder")
	if entries, _ := os.ReadDir(path); len(entries) != 2 || entries[0].Name() != "report.json" || entries[1].Name() != fileName(0) {
		t.Errorf("the folder holds %v, want a shard and a report", entries)
	}
	if s := open(t, path); s.Tokens() != 0 || s.Documents() != 0 {
		t.Errorf("a set without documents has %d tokens", s.Tokens())
	}
	for key, c := range map[string]Config{
		"sha256": {}, "vocabulary": {Tokenizer: someHash}, "end of text": {Tokenizer: someHash, VocabSize: 5, EndOfText: 5},
		"at least 1": {Tokenizer: someHash, VocabSize: 5}, "line break": {Tokenizer: someHash, VocabSize: 5, FileBytes: 1, Languages: []string{"a\nb"}},
	} {
		wantError(t, key, c.Validate(), key)
	}
}

// wantError checks that an error is one line with all parts in it.
func wantError(t *testing.T, name string, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Errorf("%s: no error", name)
		return
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: error %q, want a line with %q", name, err, part)
		}
	}
}
