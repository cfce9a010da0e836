//go:build torch

package main

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/go-cloze/cloze/corpus"
	"github.com/go-cloze/cloze/corpus/shard"
	"github.com/go-cloze/cloze/tokenize"
)

// Names of what "pretrain" keeps of a corpus.
const (
	tokensDir    = "tokens"      // in a run folder: the token shards
	tokensAside  = ".tokens.tmp" // there too, until all of them are written and the run's first files are
	tokensReport = "report.json" // beside the shards: tokenReport
)

// tokenReport is what reading the texts counted, kept with the ids so that a run that reuses them reports it too.
type tokenReport struct {
	Corpus  plainReport  `json:"corpus"`
	Repeats repeatReport `json:"repeated_lines"`
}

// plainReport is a corpus.Report field by field: its own JSON is for readers and does not come back.
type plainReport corpus.Report

// encode turns each corpus into token shards and opens them: in --cache, where those of the same texts and tokenizer are reused, or aside in the run
// folder, to be moved into place once they are whole. A run that is resumed has them.
func (p *pretraining) encode() error {
	if _, ok := p.tokenizer.EndOfText(); !ok {
		p.note("the tokenizer has no end-of-text token: the model learns neither where documents start nor where they end")
	}
	if note := missingBytesNote(p.tokenizer); note != "" {
		p.note(note)
	}
	if p.flags.cache == "" && !(p.resumed != nil && p.folder.Has(tokensDir)) {
		p.aside = filepath.Join(p.flags.out, tokensAside)
		if err := os.RemoveAll(p.aside); err != nil { // what a killed run left
			return err
		}
	}
	if err := p.lookAtExcluded(); err != nil {
		return err
	}
	for _, part := range p.parts {
		if err := p.encodePart(part); err != nil {
			return err
		}
	}
	p.report.Tokens = filepath.Join(p.flags.out, tokensDir)
	if p.flags.cache != "" {
		p.report.Tokens = p.parts[0].set.Path()
		if len(p.parts) > 1 {
			p.report.Tokens = p.flags.cache
		}
	}
	p.sumReports()
	return nil
}

// encodePart does it for one corpus.
func (p *pretraining) encodePart(part *part) error {
	var src *corpus.Source
	if len(part.paths) > 0 { // a run that is resumed may do without
		var err error
		if src, err = p.cfg.Corpus.open(p.cmd.InOrStdin(), part.paths); err != nil {
			return err
		}
		defer src.Close()
		if p.flags.tokenizer != "" {
			listFiles(p.stderr(), p.flags.quiet, src.Files())
		}
	}
	if err := p.lookAtTexts(part, src); err != nil {
		return err
	}
	folder, found, err := p.tokenFolder(part)
	if err != nil {
		return err
	}
	if !found && src == nil {
		return fmt.Errorf("%s: the run's tokens are not there; give the --cache that has them, or name the texts again", filepath.Join(p.flags.out, tokensDir, part.name))
	}
	if !found {
		write := func() error { return p.writeTokens(part, folder, src) }
		if p.cfg.Objective == translation {
			write = func() error { return p.writePairs(part, folder) }
		}
		if err := write(); err != nil {
			return err
		}
	}
	return p.openTokens(part, folder, found)
}

// tokenFolder says where the shards go, and whether they are there already.
func (p *pretraining) tokenFolder(part *part) (folder string, found bool, err error) {
	if p.aside != "" {
		return filepath.Join(p.aside, part.name), false, nil
	}
	if p.flags.cache == "" {
		return filepath.Join(p.flags.out, tokensDir, part.name), true, nil
	}
	if len(part.texts) == 0 {
		return "", false, errors.New("--cache: standard input cannot be told from another without reading it; put the text into a file, or leave --cache out")
	}
	key, err := p.tokensKey(part.texts)
	if err != nil {
		return "", false, err
	}
	folder = filepath.Join(p.flags.cache, key)
	_, err = os.Stat(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return folder, false, nil
	}
	return folder, true, err
}

// tokensKey tells apart what gives other ids: tokenizer, options of reading, and the content and ending of each file, in order. Where the files
// lie does not matter.
func (p *pretraining) tokensKey(texts []textFile) (string, error) {
	reading := p.cfg.Corpus.Options
	if len(reading.Exclude) == 0 {
		reading.ExcludeThreshold = 0 // of no matter
	}
	reading.Exclude = nil // what is in the files counts
	options, err := json.Marshal(reading)
	if err != nil {
		return "", err
	}
	key := sha256.New()
	fmt.Fprintf(key, "shard %d\n%s\n%s %s\n", shard.Version, p.tokenizer.Hash(), options, p.cfg.Corpus.Policy)
	if p.cfg.Objective == translation {
		fmt.Fprintf(key, "pairs of %d\n", p.pairLimit())
	}
	for _, f := range append(texts[:len(texts):len(texts)], p.excluded...) {
		fmt.Fprintf(key, "%s %s %s\n", f.Format, strings.ToLower(filepath.Ext(f.Path)), f.SHA256)
	}
	return fmt.Sprintf("%x", key.Sum(nil)[:16]), nil
}

// writeTokens tokenises a corpus on all cores and counts its repeated lines.
func (p *pretraining) writeTokens(part *part, folder string, src *corpus.Source) error {
	p.saySize(part, folder)
	cfg := shard.ConfigFor(p.tokenizer)
	w, err := shard.Create(folder, cfg)
	if err != nil {
		return err
	}
	defer w.Close()
	repeats, tokens, before := newLineRepeats(), int64(0), p.tokensOpen()
	_, total := src.Progress()
	bar := newProgress(p.stderr(), p.flags.quiet, "encode", total)
	show := readProgress(bar, src)
	encoder := shard.Encoder{Tokenizer: p.tokenizer, Threads: p.cfg.Threads, Words: cfg.Words}
	err = encoder.Run(p.cmd.Context(), src.All(), func(d *shard.Encoded) error {
		repeats.add(d.Text)
		if tokens += int64(len(d.IDs)) + 1; before+tokens > p.cfg.Data.MaxTokens {
			return fmt.Errorf("the corpus has more than %s tokens (data.max_tokens); read less text, or raise the key", count(p.cfg.Data.MaxTokens))
		}
		if w.Documents()&63 == 0 {
			show(count(tokens) + " tokens")
		}
		return w.AddEncoded(d)
	})
	if err != nil {
		bar.end("stopped")
		return err
	}
	bar.end(count(tokens) + " tokens")
	report := src.Report()
	if err := report.CheckDocuments(); err != nil {
		return err
	}
	return finishTokens(w, tokenReport{plainReport(report), repeats.report()})
}

// finishTokens puts the report beside the shards and both in place.
func finishTokens(w *shard.Writer, report tokenReport) error {
	data, err := json.Marshal(report)
	if err == nil {
		err = w.AddFile(tokensReport, data)
	}
	if err != nil {
		return err
	}
	return w.Finish()
}

// saySize says how much room the shards will take, from the first megabytes of text: enough of them that
// what a decompressor has read ahead does not matter.
func (p *pretraining) saySize(part *part, folder string) {
	if p.flags.quiet || part.paths[0] == "-" {
		return
	}
	if p.aside != "" {
		folder = filepath.Join(p.flags.out, tokensDir, part.name)
	}
	src, err := p.cfg.Corpus.open(nil, part.paths)
	if err != nil {
		return // reading it in earnest says what is wrong
	}
	defer src.Close()
	const sample = 8 << 20
	var ids []int32
	text, documents := 0, 0
	for doc, err := range src.All() {
		if err != nil || text > sample {
			break
		}
		ids = p.tokenizer.AppendIDs(ids, doc.Text)
		text += len(doc.Text)
		documents++
	}
	read, total := src.Progress()
	if read == 0 || total < read {
		fmt.Fprintf(p.stderr(), "tokens go to %s\n", folder)
		return
	}
	size := shard.ConfigFor(p.tokenizer).EstimateBytes(len(ids), documents)
	fmt.Fprintf(p.stderr(), "tokens go to %s, about %s\n", folder, byteSize(int64(float64(size)*float64(total)/float64(read))))
}

// tokensOpen is the number of tokens of the corpora that are open.
func (p *pretraining) tokensOpen() (n int64) {
	for _, part := range p.parts {
		if part.set != nil {
			n += int64(part.set.Tokens())
		}
	}
	return n
}

// openTokens opens the shards and what was counted when they were written. Shards that were there before are read whole once: training on a
// damaged file would go unnoticed.
func (p *pretraining) openTokens(part *part, folder string, found bool) (err error) {
	if part.set, err = shard.Open(folder); err != nil {
		return err
	}
	if err := part.set.CheckTokenizer(p.tokenizer); err != nil {
		return err
	}
	if found {
		if err := part.set.Verify(p.cmd.Context()); err != nil {
			return err
		}
	}
	name := filepath.Join(folder, tokensReport)
	data, err := os.ReadFile(name)
	if err == nil {
		err = json.Unmarshal(data, &part.report)
	}
	if err != nil {
		return fmt.Errorf("%s: cannot be read: %w; remove the folder and tokenise the corpus again", name, cause(err))
	}
	if info := part.set.Info(); found && !p.flags.quiet {
		fmt.Fprintf(p.stderr(), "tokens of an earlier run: %s, %s tokens, %s\n", folder, count(info.Tokens), byteSize(info.Bytes))
	}
	return nil
}

// keepTokens moves the shards to their place in the run folder; what is mapped stays so.
func (p *pretraining) keepTokens() error {
	if p.aside == "" {
		return nil
	}
	// Tokens of a run that was killed before its first files were whole may lie there.
	to := filepath.Join(p.flags.out, tokensDir)
	if err := errors.Join(os.RemoveAll(to), os.Rename(p.aside, to)); err != nil {
		return fmt.Errorf("%s: cannot be moved into place: %w; check the folder and its rights", to, cause(err))
	}
	return nil
}

// closeTokens lets the shards go, and removes those that did not come to their place.
func (p *pretraining) closeTokens() {
	for _, part := range p.parts {
		if part.set != nil {
			part.set.Close()
		}
	}
	if p.aside != "" {
		os.RemoveAll(p.aside)
	}
}

// missingBytesNote says what a tokenizer cannot see, "" when it sees everything.
func missingBytesNote(t *tokenize.Tokenizer) string {
	if missing := t.MissingBytes(); len(missing) > 0 {
		return fmt.Sprintf("the tokenizer has no token for %d of the 256 bytes: text that holds them loses them", len(missing))
	}
	return ""
}
