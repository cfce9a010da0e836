//go:build torch

package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/go-cloze/cloze/corpus"
	"github.com/go-cloze/cloze/objectives/train"
)

// inputsFile is what a run was made of, in its folder, so that it is not gone on with on something else.
const inputsFile = "inputs.json"

// inputs is inputsFile.
type inputs struct {
	Init  string      `json:"init,omitempty"` // the folder of --init
	Parts []partInput `json:"corpora"`
	// Excluded are the files of corpus.exclude, whose texts are not trained on.
	Excluded []textFile `json:"excluded,omitempty"`
}

// partInput is the texts of a corpus, in the order in which they were read; none of standard input.
type partInput struct {
	Name  string     `json:"name,omitempty"`
	Files []textFile `json:"files"`
}

// textFile is a file of a corpus.
type textFile struct {
	Path   string `json:"path"` // as it was then; it may have been moved
	Format string `json:"format,omitempty"`
	SHA256 string `json:"sha256"`
}

// inputs lists what this run is made of.
func (p *pretraining) inputs() ([]byte, error) {
	in := inputs{Init: p.flags.init, Excluded: p.excluded}
	for _, part := range p.parts {
		in.Parts = append(in.Parts, partInput{part.name, part.texts})
	}
	data, err := json.MarshalIndent(in, "", "  ")
	return append(data, '\n'), err
}

func readInputs(run string) (in inputs, err error) {
	name := filepath.Join(run, inputsFile)
	data, err := os.ReadFile(name)
	if err == nil {
		dec := json.NewDecoder(bytes.NewReader(data))
		dec.DisallowUnknownFields()
		err = dec.Decode(&in)
	}
	if err != nil {
		return in, fmt.Errorf("%s: cannot be read: %w; it says what the run was made of, without it the run cannot go on: start a new one", name, cause(err))
	}
	return in, nil
}

// lookAtTexts takes the sums of a corpus's files, from src or, where no texts were named, from the run; those of a run that is resumed must be
// what they were.
func (p *pretraining) lookAtTexts(part *part, src *corpus.Source) error {
	var before []textFile
	if p.resumed != nil {
		for _, in := range p.resumed.inputs.Parts {
			if in.Name == part.name {
				before = in.Files
			}
		}
	}
	if src == nil {
		part.texts = before
		return nil
	}
	if part.paths[0] == "-" {
		return nil
	}
	var err error
	if part.texts, err = sums(src.Files()); err != nil {
		return err
	}
	if p.resumed == nil || len(before) == 0 {
		return nil
	}
	return compareTexts(p.folder, p.flags.out, before, part.texts)
}

// excludedSums are the files of Exclude.
func (s corpusSection) excludedSums() ([]textFile, error) {
	files, err := s.ExcludedFiles()
	if err != nil {
		return nil, err
	}
	return sums(files)
}

// lookAtExcluded is lookAtTexts for the texts that are not trained on.
func (p *pretraining) lookAtExcluded() (err error) {
	if p.resumed == nil {
		p.excluded, err = p.cfg.Corpus.excludedSums()
		return err
	}
	p.excluded = p.resumed.inputs.Excluded
	if len(p.paths) == 0 { // nothing is read
		return nil
	}
	now, err := p.cfg.Corpus.excludedSums()
	if err != nil {
		return err
	}
	return compareTexts(p.folder, p.flags.out, p.excluded, now)
}

// sums are files with their checksums.
func sums(from []corpus.File) (files []textFile, err error) {
	for _, f := range from {
		sum, err := fileSum(f.Path)
		if err != nil {
			return nil, err
		}
		files = append(files, textFile{f.Path, f.Format, fmt.Sprintf("%x", sum)})
	}
	return files, nil
}

// compareTexts refuses texts that are not those the run began with, and names the first that differs.
func compareTexts(folder *train.Folder, run string, before, now []textFile) error {
	remedy := "leave PATH out to go on with the tokens the run has, or start a new run"
	if !folder.Has(tokensDir) {
		remedy = "bring back what it was, or start a new run"
	}
	for i := range min(len(before), len(now)) {
		if b, n := before[i], now[i]; b.SHA256 != n.SHA256 {
			return fmt.Errorf("%s: is not what %s reads as file %d, %s: sha256 %.16s then, %.16s now; %s", n.Path, run, i+1, b.Path, b.SHA256, n.SHA256, remedy)
		}
	}
	switch {
	case len(now) > len(before):
		return fmt.Errorf("%s: was not among the %d files that %s reads; %s", now[len(before)].Path, len(before), run, remedy)
	case len(now) < len(before):
		return fmt.Errorf("%s: is the last of %d files, %s reads %d, among them %s; %s", now[len(now)-1].Path, len(now), run, len(before), before[len(now)].Path, remedy)
	}
	return nil
}

func fileSum(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%s: cannot be read: %w; check the file and its rights", path, cause(err))
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return nil, fmt.Errorf("%s: cannot be read: %w; check the disk", path, cause(err))
	}
	return sum.Sum(nil), nil
}
