package shard

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"github.com/go-cloze/cloze/tokenize"
)

// NoID says that there is no id: no end of text between documents, nothing that follows. It equals objectives.IgnoreIndex.
const NoID = -100

// ending is how the names of shards end.
const ending = ".shard"

// fileName is the name of a file by its number; sorted by name they are sorted by number up to 99,999.
func fileName(part int) string { return fmt.Sprintf("tokens-%05d%s", part, ending) }

// Info is what a set holds, by its headers.
type Info struct {
	Files     int      `json:"files"`
	Bytes     int64    `json:"bytes"`     // of the files
	Tokens    int64    `json:"tokens"`    // ids, those of eot included
	Documents int64    `json:"documents"` //
	Empty     int64    `json:"empty"`     // documents left out because they had no ids
	TextBytes int64    `json:"text_bytes"`
	Words     int64    `json:"words"`         // 0 where word starts are not kept
	VocabSize int      `json:"vocab_size"`    // ids are below it
	EndOfText int32    `json:"end_of_text"`   // NoID where there is none
	Bits      int      `json:"bits_an_id"`    // 16 or 32
	Tokenizer string   `json:"tokenizer"`     // tokenize.Tokenizer.Hash
	Languages []string `json:"languages"`     // names by index, nil where there is one language
	Checksum  string   `json:"last_checksum"` // stands for the content of all headers, hexadecimal
}

// Set is the files of one folder as one row of ids. All methods but Close may be called by several goroutines at once. The files must not be
// cut while they are open; removing them is safe.
type Set struct {
	path     string
	files    []*file
	firstID  []int // of each file, in the set; increasing, so that a place is found by halving
	firstDoc []int
	tokens   int
	docs     int
	info     Info
}

// Open maps the shards of a folder. It reads their headers alone, checks that they belong together and that each file is as long as its
// header says; Verify looks at the rest. Close it when nothing is read any more.
func Open(path string) (*Set, error) {
	names, err := listShards(path)
	if err != nil {
		return nil, err
	}
	s := &Set{path: path}
	for _, name := range names {
		f, err := openFile(filepath.Join(path, name))
		if err == nil {
			s.files = append(s.files, f)
			err = s.checkPlace(len(s.files)-1, f)
		}
		if err != nil {
			s.Close()
			return nil, err
		}
	}
	if last := s.files[len(s.files)-1]; last.header.flags&flagLast == 0 {
		s.Close()
		return nil, refused(last.path, "is the last file of the folder but not of its set: files are missing")
	}
	s.sum()
	return s, nil
}

// listShards gives the names of a folder's shards in order.
func listShards(path string) ([]string, error) {
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, &Error{File: path, Cause: "cannot be read", Err: cutPath(err), Remedy: "name a folder that cloze wrote its tokens to"}
	}
	var names []string
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ending) && !strings.HasPrefix(e.Name(), ".") {
			names = append(names, e.Name())
		}
	}
	if len(names) == 0 {
		return nil, &Error{File: path, Cause: "holds no token shards (files that end in " + ending + ")", Remedy: "name a folder that cloze wrote its tokens to"}
	}
	// By length first: number 100,000 comes after 99,999.
	sort.Slice(names, func(i, j int) bool {
		return len(names[i]) < len(names[j]) || len(names[i]) == len(names[j]) && names[i] < names[j]
	})
	return names, nil
}

// checkPlace refuses a file that does not belong behind those before it.
func (s *Set) checkPlace(i int, f *file) error {
	if int(f.header.part) != i {
		return refused(f.path, "is number %d of its set but stands at place %d: files are missing, renamed or of another set", f.header.part, i)
	}
	if i == 0 {
		return nil
	}
	// The checksum of the header before holds those of the sections behind it: no file of another set fits in, even with the same counts.
	before, h := &s.files[i-1].header, &f.header
	if before.flags&flagLast != 0 || h.previous != before.checksum || h.vocab != before.vocab || h.eot != before.eot ||
		h.tokenizer != before.tokenizer || (h.flags^before.flags)&^flagLast != 0 {
		return refused(f.path, "is not of the same set as %s", filepath.Base(s.files[i-1].path))
	}
	return nil
}

// sum adds the headers up.
func (s *Set) sum() {
	first := &s.files[0].header
	s.info = Info{Files: len(s.files), VocabSize: int(first.vocab), EndOfText: first.eot, Bits: int(first.bits), Tokenizer: first.tokenizerName()}
	for _, f := range s.files {
		h := &f.header
		s.firstID, s.firstDoc = append(s.firstID, s.tokens), append(s.firstDoc, s.docs)
		s.tokens += int(h.ids)
		s.docs += int(h.documents)
		s.info.Bytes += int64(len(f.data))
		s.info.Empty += int64(h.empty)
		s.info.TextBytes += int64(h.text)
		s.info.Words += int64(h.words)
		s.info.Checksum = fmt.Sprintf("%016x", h.checksum)
	}
	s.info.Tokens, s.info.Documents = int64(s.tokens), int64(s.docs)
	if names := string(s.files[len(s.files)-1].names); names != "" {
		s.info.Languages = strings.Split(strings.TrimSuffix(names, "\n"), "\n")
	}
}

// CheckTokenizer refuses a set that another tokenizer made: its ids would mean something else.
func (s *Set) CheckTokenizer(t *tokenize.Tokenizer) error {
	if hash := t.Hash(); hash != s.info.Tokenizer {
		return &Error{File: s.path, Cause: fmt.Sprintf("holds ids of another tokenizer (sha256 %.12s..., this one is %.12s...)", s.info.Tokenizer, hash),
			Remedy: "take the tokenizer.json that it was written with, or tokenise the corpus again"}
	}
	return nil
}

// Info says what the set holds.
func (s *Set) Info() Info {
	info := s.info
	info.Languages = slices.Clone(info.Languages)
	return info
}

// Path is the folder that was opened.
func (s *Set) Path() string { return s.path }

// Tokens is the number of ids.
func (s *Set) Tokens() int { return s.tokens }

// Documents is the number of documents.
func (s *Set) Documents() int { return s.docs }

// fileOf finds the file that holds number i of what first counts. Files without documents, of which a set has one at most, hold no number.
func fileOf(first []int, i int) int {
	if len(first) == 1 {
		return 0
	}
	lo, hi := 0, len(first)
	for hi-lo > 1 {
		if mid := (lo + hi) / 2; first[mid] <= i {
			lo = mid
		} else {
			hi = mid
		}
	}
	return lo
}

// DocumentAt is the document that id i, in [0, Tokens()), lies in.
func (s *Set) DocumentAt(i int) int {
	f := fileOf(s.firstID, i)
	return s.firstDoc[f] + s.files[f].documentAt(i-s.firstID[f])
}

// Document gives where document d, in [0, Documents()), starts and ends, the id that follows its last one (the eot, NoID where there is
// none), and the index of its language.
func (s *Set) Document(d int) (start, end int, next int32, language int16) {
	i := fileOf(s.firstDoc, d)
	f, base := s.files[i], s.firstID[i]
	d -= s.firstDoc[i]
	start, end = f.document(d)
	if f.languages != nil {
		language = f.languages[d]
	}
	return base + start, base + end, f.header.eot, language
}

// Text gives the length of document d's text and its hash, HashText.
func (s *Set) Text(d int) (bytes int64, hash uint64) {
	i := fileOf(s.firstDoc, d)
	f := s.files[i]
	d -= s.firstDoc[i]
	return int64(f.text[d]), f.hashes[d]
}

// Append appends ids [lo, hi) to ids, and to words a bit for each, the first in the lowest bit of the first new element: whether the id starts a
// word. Where that is unknown words is returned as it came. What is asked for lies in one file unless it crosses a document's end.
func (s *Set) Append(ids []int32, words []uint64, lo, hi int) ([]int32, []uint64) {
	bits, n := len(words), 0
	for lo < hi {
		i := fileOf(s.firstID, lo)
		f, base := s.files[i], s.firstID[i]
		end := min(hi, base+f.ids())
		ids = f.appendIDs(ids, lo-base, end-base)
		// A bit is where its id is: of ids from two files the second ones follow on.
		if f.words != nil {
			words = appendBits(words, bits, n, f.words, lo-base, end-base)
		}
		n += end - lo
		lo = end
	}
	return ids, words
}

// Close gives the mappings back. Nothing may be read afterwards. A second call does nothing.
func (s *Set) Close() error {
	var first error
	for _, f := range s.files {
		if f.unmap == nil {
			continue
		}
		if err := f.unmap(); err != nil && first == nil {
			first = err
		}
	}
	s.files = nil
	return first
}
