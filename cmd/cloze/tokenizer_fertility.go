package main

import (
	"bytes"
	"context"
	"runtime"
	"slices"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/go-cloze/cloze/corpus"
	"github.com/go-cloze/cloze/tokenize"
	"github.com/go-cloze/cloze/tokenize/words"
)

// partBytes bounds what is encoded at once: an Encoding takes some 50 bytes a byte of text, and a document may be the
// size of a book.
const partBytes = 256_000

// scriptTally counts what belongs to one script.
type scriptTally struct {
	words, tokens, unknown, bytes int64
}

// tally counts a text; each worker has its own.
type tally struct {
	unknown         int32         // id of the unknown token, -1 without one
	scripts         []scriptTally // by number of scripts.names
	used            []int64       // tokens by id
	tokens, dropped int64
	documents, cuts int64 // documents, and the cuts inside long ones
}

// scripts numbers Unicode's scripts; a table of all code points makes looking one up one load.
type scripts struct {
	names []string // 0 is Common: digits, punctuation, blanks, symbols; marks are with their base, see scriptOf
	of    []uint8
}

func newScripts() *scripts {
	s := &scripts{[]string{"Common"}, make([]uint8, unicode.MaxRune+1)}
	names := make([]string, 0, len(unicode.Scripts))
	for name := range unicode.Scripts {
		if name != "Common" && name != "Inherited" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		number := uint8(len(s.names))
		s.names = append(s.names, name)
		table := unicode.Scripts[name]
		for _, r := range table.R16 {
			for c := int(r.Lo); c <= int(r.Hi); c += int(r.Stride) {
				s.of[c] = number
			}
		}
		for _, r := range table.R32 {
			for c := int(r.Lo); c <= int(r.Hi); c += int(r.Stride) {
				s.of[c] = number
			}
		}
	}
	return s
}

// scriptOf is the script of the first character that has one of its own, else 0.
func (s *scripts) scriptOf(text string) uint8 {
	for _, c := range text {
		if n := s.of[c]; n != 0 {
			return n
		}
	}
	return 0
}

// measure counts all documents of src on several threads; note is called with the number of documents now and then.
func measure(ctx context.Context, t *tokenize.Tokenizer, unknown int32, src *corpus.Source, threads int, note func(string)) (tally, *scripts, error) {
	if threads <= 0 {
		threads = runtime.GOMAXPROCS(0)
	}
	s := newScripts()
	todo := make(chan string, threads)
	tallies := make([]tally, threads)
	var workers sync.WaitGroup
	for i := range tallies {
		tallies[i] = newTally(t, s, unknown)
		workers.Go(func() {
			var seg words.Segmenter
			for text := range todo {
				tallies[i].add(t, s, &seg, text)
			}
		})
	}
	var documents, cuts int64
	var failed error
	for text, err := range documentTexts(ctx, src, note) {
		if err != nil {
			failed = err
			break
		}
		documents++
		for len(text) > 0 {
			n := cutAt(text, partBytes)
			if n < len(text) {
				cuts++
			}
			todo <- string(text[:n]) // the reader's memory changes with the next document
			text = text[n:]
		}
	}
	close(todo)
	workers.Wait()
	all := newTally(t, s, unknown)
	all.documents, all.cuts = documents, cuts
	for _, part := range tallies {
		all.merge(part)
	}
	return all, s, failed
}

// cutAt returns where a text longer than limit is cut: before its last line end or blank, else between characters.
func cutAt(text []byte, limit int) int {
	if len(text) <= limit {
		return len(text)
	}
	if n := bytes.LastIndexByte(text[1:limit], '\n'); n >= 0 {
		return n + 1
	}
	if n := bytes.LastIndexByte(text[1:limit], ' '); n >= 0 {
		return n + 1
	}
	for n := limit; n > limit-utf8.UTFMax; n-- {
		if utf8.RuneStart(text[n]) {
			return n
		}
	}
	return limit
}

func newTally(t *tokenize.Tokenizer, s *scripts, unknown int32) tally {
	return tally{unknown: unknown, scripts: make([]scriptTally, len(s.names)), used: make([]int64, t.VocabSize())}
}

func (a *tally) add(t *tokenize.Tokenizer, s *scripts, seg *words.Segmenter, text string) {
	e := t.EncodeWith(text, tokenize.EncodeOptions{AsData: true})
	a.dropped += int64(e.Dropped)
	a.tokens += int64(len(e.IDs))
	for i, id := range e.IDs {
		a.used[id]++
		o := e.Offsets[i]
		row := &a.scripts[s.scriptOf(text[o[0]:o[1]])]
		row.tokens++
		if id == a.unknown {
			row.unknown++
		}
	}
	last := uint8(0) // a mark is counted with the letter it stands on
	for i, c := range text {
		n := s.of[c]
		if n == 0 && last != 0 && unicode.Is(unicode.Inherited, c) {
			n = last
		}
		last = n
		size := utf8.RuneLen(c)
		if c == utf8.RuneError {
			_, size = utf8.DecodeRuneInString(text[i:])
		}
		a.scripts[n].bytes += int64(size)
	}
	seg.Reset([]byte(text))
	for seg.Next() {
		if seg.Kind() != words.None {
			a.scripts[s.scriptOf(text[seg.Start():seg.End()])].words++
		}
	}
}

func (a *tally) merge(b tally) {
	a.tokens += b.tokens
	a.dropped += b.dropped
	for i, n := range b.used {
		a.used[i] += n
	}
	for i, n := range b.scripts {
		a.scripts[i].words += n.words
		a.scripts[i].tokens += n.tokens
		a.scripts[i].unknown += n.unknown
		a.scripts[i].bytes += n.bytes
	}
}
