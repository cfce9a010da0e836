//go:build torch

package main

import (
	"fmt"
	"io"
	"math"
	"path/filepath"
	"strconv"
	"strings"
	"unicode"

	"github.com/go-cloze/cloze/corpus"
	"github.com/go-cloze/cloze/corpus/shard"
	"github.com/go-cloze/cloze/objectives"
)

// part is a corpus of the run: the only one, or one of data.mix.
type part struct {
	name   string // "" for the only one; a folder below RUN/tokens
	paths  []string
	weight float64 // share of the blocks read, over the sum of all

	texts  []textFile // that were read, nil of standard input
	set    *shard.Set
	report tokenReport
}

// parts reads data.mix, or takes the paths of the command line for the only corpus.
func (d dataSection) parts(paths []string) ([]*part, error) {
	if len(d.Mix) == 0 {
		if len(paths) == 0 {
			return nil, usagef("missing argument PATH: name the texts, or give corpora and their weights in data.mix")
		}
		return []*part{{paths: paths, weight: 1}}, nil
	}
	if len(paths) > 0 {
		return nil, usagef("data.mix names the texts, and %s stands beside it; leave one of them out", paths[0])
	}
	var parts []*part
	names, seen := map[string]bool{}, map[string]bool{}
	for _, entry := range d.Mix {
		weight, path, ok := strings.Cut(entry, "=")
		w, err := strconv.ParseFloat(strings.TrimSpace(weight), 64)
		switch {
		case !ok || path == "" || path == "-":
			return nil, fmt.Errorf("data.mix: %q: want WEIGHT=PATH, for instance 0.7=wiki.jsonl", entry)
		case err != nil || !(w > 0) || math.IsInf(w, 0):
			return nil, fmt.Errorf("data.mix: %q: weight %q: give a number above 0, or leave the corpus out", entry, weight)
		case seen[path]:
			return nil, fmt.Errorf("data.mix: %s is named twice; give it once, with the sum of its weights", path)
		}
		seen[path] = true
		base := partName(path)
		name := base
		for i := 2; names[name]; i++ {
			name = fmt.Sprintf("%s-%d", base, i)
		}
		names[name] = true
		parts = append(parts, &part{name: name, paths: strings.Split(path, "|"), weight: w})
	}
	return parts, nil
}

// partName makes a path's last element without its endings a folder's name; of a pattern it is the folder before it.
func partName(path string) string {
	path = filepath.Clean(path)
	for strings.ContainsAny(filepath.Base(path), "*?[") && filepath.Dir(path) != path {
		path = filepath.Dir(path)
	}
	name, _, _ := strings.Cut(strings.TrimLeft(filepath.Base(path), "."), ".")
	name = strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("-_", r) {
			return r
		}
		return '-'
	}, name)
	if strings.Trim(name, "-") == "" {
		return "corpus"
	}
	return name
}

// partReport is what is said of a corpus of a mix.
type partReport struct {
	Name      string  `json:"name"`
	Path      string  `json:"path"`
	Share     float64 `json:"share"` // of the blocks read
	Documents int     `json:"documents"`
	Tokens    int     `json:"tokens"`
	Held      int     `json:"held_out_documents"`
	Passes    float64 `json:"passes"` // that the run's steps make over the tokens not held out; 0 where nothing was trained
	Split     string  `json:"split"`
}

// String is the report's line.
func (r partReport) String() string {
	return fmt.Sprintf("corpus %s: share %.3f, %s documents, %s tokens, %s documents held out, read %.2f times",
		r.Name, r.Share, count(r.Documents), count(r.Tokens), count(r.Held), r.Passes)
}

// manyPasses is where repeating text begins to teach less than new text (Muennighoff et al. 2023, "Scaling Data-Constrained Language Models").
const manyPasses = 4

// blended is the data as train.Job takes it.
type blended struct {
	train       objectives.Blocks
	order       objectives.Order // nil: the one corpus, shuffled
	valid       objectives.Blocks
	fingerprint string // of the documents trained on, the names and weights of the corpora
}

// splitParts holds documents out of each corpus: of each its share, together data.valid_max_tokens at most.
func (p *pretraining) splitParts() {
	textBytes := func(ids []int32) int64 { return int64(len(p.tokenizer.AppendBytes(nil, ids, true))) }
	var corpora []objectives.Corpus
	var configs []objectives.SplitConfig
	sum := 0.0
	for _, part := range p.parts {
		part.weight *= math.Pow(float64(part.set.Tokens()), p.cfg.Data.MixAlpha)
		sum += part.weight
	}
	for _, part := range p.parts {
		config := p.cfg.Data.SplitConfig
		if config.ValidMaxTokens > 0 {
			config.ValidMaxTokens = max(1, int64(float64(config.ValidMaxTokens)*part.weight/sum))
		}
		corpora, configs = append(corpora, part.set), append(configs, config)
	}
	var how []string
	p.train, p.valid, how = objectives.SplitEach(corpora, configs, textBytes)
	p.report.Split = how[0]
	if len(p.parts) == 1 && p.parts[0].name == "" {
		return
	}
	p.report.Split = "of each corpus by itself"
	for i, part := range p.parts {
		p.report.Mix = append(p.report.Mix, partReport{Name: part.name, Path: part.paths[0], Share: part.weight / sum, Documents: part.set.Documents(),
			Tokens: part.set.Tokens(), Held: p.valid[i].Documents(), Split: how[i]})
	}
}

// blend mixes the corpora, after splitParts.
func (p *pretraining) blend() error {
	p.data = blended{train: p.train.Blocks(p.cfg.cut), valid: p.valid.Blocks(p.cfg.cut), fingerprint: fmt.Sprintf("%016x", p.train.Fingerprint())}
	if len(p.report.Mix) == 0 {
		return nil
	}
	var sources []objectives.Source
	for i, part := range p.parts {
		p.data.fingerprint += fmt.Sprintf(" %g %s", part.weight, part.name)
		sources = append(sources, objectives.Source{Name: part.paths[0], Blocks: p.cfg.cut(i, p.train[i]), Weight: part.weight})
	}
	mix, err := objectives.NewMix(p.cfg.Train.Seed, sources...)
	if err != nil {
		return fmt.Errorf("data.mix: %w", err)
	}
	p.data.train, p.data.order = mix, mix
	t := p.cfg.Train
	for i, passes := range mix.Passes(uint64(t.Steps) * uint64(t.BatchSize*t.GradientAccumulationSteps)) {
		r := &p.report.Mix[i]
		if r.Passes = passes; passes > manyPasses {
			p.note(fmt.Sprintf("%s is read %.1f times; beyond about %d a text teaches less each time: lower its weight, give it more text, or train fewer steps",
				r.Path, passes, manyPasses))
		}
	}
	return nil
}

// printMix says what the corpora of a mix are, nothing where there is one corpus.
func (p *pretraining) printMix(w io.Writer) {
	for _, r := range p.report.Mix {
		fmt.Fprintln(w, r)
	}
}

// sumReports makes one report of what was read of all corpora.
func (p *pretraining) sumReports() {
	for _, part := range p.parts {
		p.report.Corpus.Add(corpus.Report(part.report.Corpus))
		p.report.Repeats = p.report.Repeats.plus(part.report.Repeats)
		p.report.Empty += part.set.Info().Empty
	}
}

// plus joins what was found in two corpora; a line that both have does not count as repeated.
func (r repeatReport) plus(o repeatReport) repeatReport {
	lines := r.Lines + o.Lines
	if lines == 0 {
		return r
	}
	sum := repeatReport{Lines: lines, Share: (r.Share*float64(r.Lines) + o.Share*float64(o.Lines)) / float64(lines), Top: r.Top, Line: r.Line}
	if o.Top > r.Top {
		sum.Top, sum.Line = o.Top, o.Line
	}
	sum.TopShare = float64(sum.Top) / float64(lines)
	return sum
}
