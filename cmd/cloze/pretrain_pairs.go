//go:build torch

package main

import (
	"fmt"
	"iter"

	"github.com/go-cloze/cloze/corpus"
	"github.com/go-cloze/cloze/corpus/shard"
)

// pairSide is one of two files that say the same, line by line.
type pairSide struct {
	src  *corpus.Source
	next func() (corpus.Document, error, bool)
	stop func()

	doc corpus.Document
	ok  bool
}

func (s *pairSide) advance() error {
	doc, err, ok := s.next()
	// The text is the reader's until the next one comes, and one side may stand still while the other goes on: each has a reader of its own.
	s.doc, s.ok = doc, ok && err == nil
	return err
}

// lines is how many lines were read, blank ones too.
func (s *pairSide) lines() int64 {
	r := s.src.Report()
	return r.Records + r.Count(corpus.BlankLine)
}

// openPair opens the two files of a corpus.
func (p *pretraining) openPair(part *part) (sides [2]*pairSide, err error) {
	if len(part.paths) != 2 {
		return sides, usagef("translation wants two files whose lines say the same, and there are %d paths: give FIRST SECOND, or WEIGHT=FIRST|SECOND in data.mix", len(part.paths))
	}
	for i, path := range part.paths {
		src, err := p.cfg.Corpus.open(nil, []string{path})
		if err != nil {
			return sides, err
		}
		if n := len(src.Files()); n != 1 {
			src.Close()
			return sides, fmt.Errorf("%s: is %d files; translation reads one file a language, line by line: name it", path, n)
		}
		next, stop := iter.Pull2(src.All())
		sides[i] = &pairSide{src: src, next: next, stop: stop}
	}
	return sides, nil
}

// eachPair gives the texts of lines of the same number. A line whose partner is blank is left out and counted; files of different lengths are an error.
func eachPair(first, second *pairSide, yield func(a, b []byte) error) (alone int, err error) {
	for _, s := range []*pairSide{first, second} {
		if err := s.advance(); err != nil {
			return 0, err
		}
	}
	for first.ok && second.ok {
		a, b := first.doc.Source.Record, second.doc.Source.Record
		if a == b {
			if err := yield(first.doc.Text, second.doc.Text); err != nil {
				return alone, err
			}
		} else {
			alone++
		}
		if a <= b {
			if err := first.advance(); err != nil {
				return alone, err
			}
		}
		if b <= a {
			if err := second.advance(); err != nil {
				return alone, err
			}
		}
	}
	for _, s := range []*pairSide{first, second} {
		for s.ok {
			alone++
			if err := s.advance(); err != nil {
				return alone, err
			}
		}
	}
	if a, b := first.lines(), second.lines(); a != b {
		return alone, fmt.Errorf("%s has %s lines and %s has %s: line by line they cannot say the same; give files of the same length",
			first.src.Files()[0].Path, count(a), second.src.Files()[0].Path, count(b))
	}
	return alone, nil
}

// pairLimit is how many tokens a text of a pair may have, so that both fit into a block.
func (p *pretraining) pairLimit() int { return max(1, (p.cfg.Train.BlockSize-2)/2) }

// pairWriter turns pairs of texts into documents `first EOT second`.
type pairWriter struct {
	p       *pretraining
	shards  *shard.Writer
	between int32 // EOT
	repeats *lineRepeats

	ids    []int32
	words  []uint64
	tokens int64 // so far, of other corpora too
	pairs  int
	cut    int // texts that were too long
}

// add writes a pair.
func (w *pairWriter) add(a, b []byte) error {
	w.ids, w.words = w.ids[:0], w.words[:0]
	w.text(a)
	n := len(w.ids)
	if n&63 == 0 {
		w.words = append(w.words, 0)
	}
	w.words[n>>6] |= 1 << (n & 63)
	w.ids = append(w.ids, w.between)
	w.text(b)
	w.pairs++
	if w.tokens += int64(len(w.ids)) + 1; w.tokens > w.p.cfg.Data.MaxTokens {
		return fmt.Errorf("the corpus has more than %s tokens (data.max_tokens); read less text, or raise the key", count(w.p.cfg.Data.MaxTokens))
	}
	both := append(append(append([]byte{}, a...), '\n'), b...)
	return w.shards.Add(shard.Document{IDs: w.ids, Words: w.words, TextBytes: len(a) + len(b), Hash: shard.HashText(both)})
}

// text appends the ids of one text, as many as may be.
func (w *pairWriter) text(text []byte) {
	start, limit := len(w.ids), w.p.pairLimit()
	w.repeats.add(text)
	w.ids, w.words = w.p.tokenizer.AppendWords(w.ids, w.words, text)
	if len(w.ids)-start <= limit {
		return
	}
	w.cut++
	w.ids = w.ids[:start+limit]
	w.words = w.words[:(len(w.ids)+63)/64]
	if n := len(w.ids) & 63; n > 0 {
		w.words[len(w.words)-1] &= 1<<n - 1
	}
}

// writePairs tokenises two files, pair by pair.
func (p *pretraining) writePairs(part *part, folder string) error {
	sides, err := p.openPair(part)
	for _, s := range sides {
		if s != nil {
			defer s.src.Close()
			defer s.stop()
		}
	}
	if err != nil {
		return err
	}
	cfg := shard.ConfigFor(p.tokenizer)
	if cfg.EndOfText == shard.NoID {
		return fmt.Errorf("the tokenizer has no token that can stand between the two texts of a pair: give it one, </s>, [SEP] or <|endoftext|>, among its special tokens")
	}
	shards, err := shard.Create(folder, cfg)
	if err != nil {
		return err
	}
	defer shards.Close()
	_, total := sides[0].src.Progress()
	bar := newProgress(p.stderr(), p.flags.quiet, "encode", total)
	show := readProgress(bar, sides[0].src)
	w := &pairWriter{p: p, shards: shards, between: cfg.EndOfText, repeats: newLineRepeats(), tokens: p.tokensOpen()}
	alone, err := eachPair(sides[0], sides[1], func(a, b []byte) error {
		if w.pairs&1023 == 0 {
			show(count(w.pairs) + " pairs")
		}
		return w.add(a, b)
	})
	if err == nil && w.pairs == 0 {
		err = fmt.Errorf("%s and %s have no pair of lines with text; give two files of translations", part.paths[0], part.paths[1])
	}
	if err != nil {
		bar.end("stopped")
		return err
	}
	bar.end(count(w.pairs) + " pairs")
	p.notePairs(alone, w.cut)
	report := sides[0].src.Report()
	report.Add(sides[1].src.Report())
	return finishTokens(shards, tokenReport{plainReport(report), w.repeats.report()})
}

func (p *pretraining) notePairs(alone, cut int) {
	if alone > 0 {
		p.note(fmt.Sprintf("%s lines whose partner is blank, or excluded, were left out", count(alone)))
	}
	if cut > 0 {
		p.note(fmt.Sprintf("%s texts of pairs were cut behind %d tokens, so that both fit into train.block_size", count(cut), p.pairLimit()))
	}
}
