//go:build torch

package main

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/go-cloze/cloze/cmd/cloze/config"
	"github.com/go-cloze/cloze/corpus"
	"github.com/go-cloze/cloze/embeddings"
	"github.com/go-cloze/cloze/objectives/train"
	"github.com/go-cloze/cloze/objectives/train/hogwild"
	"github.com/go-cloze/cloze/objectives/wordvec"
	"github.com/go-cloze/cloze/tokenize"
)

// vectorRun is one call of "pretrain" for word vectors; run reads downwards.
type vectorRun struct {
	cmd   *cobra.Command
	cfg   vectorsConfig
	flags pretrainFlags
	paths []string

	folder  *train.Folder
	was     *vectorsConfig // of the run that is gone on with, nil for a new one
	changed bool           // the run goes on with other keys
	inputs  inputs
	start   *startVectors // of --init-vectors, nil without
	corpus  *wordvec.Corpus
	model   *hogwild.Model
	report  vectorReport
}

// Files in the folder tokensDir of a run of word vectors.
const (
	numbersFile    = "words.ids" // the text in numbers, package wordvec's
	vocabularyFile = "vocab.txt" // a word and its count a line
)

// startWordVectors is startPretrain for the objectives of word vectors.
func startWordVectors(cmd *cobra.Command, objective string, f *pretrainFlags, args []string) error {
	if err := f.refuseForVectors(objective); err != nil {
		return err
	}
	v := &vectorRun{cmd: cmd, cfg: defaultVectors(objective), flags: *f, paths: args}
	defer v.close()
	if err := v.open(); err != nil {
		return err
	}
	for _, step := range []func() error{v.openStart, v.read, v.writeFolder, v.makeModel, v.train} {
		if err := step(); err != nil {
			return err
		}
	}
	return v.finish()
}

func (v *vectorRun) close() {
	if v.model != nil {
		v.model.Free()
	}
	if v.corpus != nil {
		v.corpus.Close()
	}
	if v.folder != nil {
		os.RemoveAll(filepath.Join(v.flags.out, tokensAside))
		v.folder.Close()
	}
}

func (v *vectorRun) note(text string) { v.report.Notes = append(v.report.Notes, text) }

// open resolves the configuration and locks the folder.
func (v *vectorRun) open() (err error) {
	if !v.flags.resume {
		if err := v.cfg.resolve(&v.flags); err != nil {
			return err
		}
		if len(v.paths) == 0 {
			return usagef("missing argument; see %s --help", v.cmd.CommandPath())
		}
		v.folder, err = train.CreateFolder(v.flags.out)
		return err
	}
	if v.folder, err = train.OpenFolder(v.flags.out); err != nil {
		return err
	}
	if v.folder.Has(train.ConfigFile) {
		if _, err := config.Load(&v.cfg, filepath.Join(v.flags.out, train.ConfigFile), nil); err != nil {
			return err
		}
		was := v.cfg
		v.was = &was
		if v.inputs, err = readInputs(v.flags.out); err != nil {
			return err
		}
	} else {
		v.note("nothing to go on with in " + v.flags.out + ": the run starts at the beginning")
	}
	if err := v.cfg.resolve(&v.flags); err != nil {
		return err
	}
	return v.compare()
}

// vectorsMayChange are the keys that a run may be resumed with other values of.
var vectorsMayChange = map[string]bool{"checkpoint.every": true, "checkpoint.keep": true}

// compare refuses a configuration that is another run's.
func (v *vectorRun) compare() error {
	if v.was == nil {
		return nil
	}
	for _, change := range config.Changes(v.was, &v.cfg) {
		text := fmt.Sprintf("%s was %s and is now %s", change.Key, orNothing(change.From), orNothing(change.To))
		if !vectorsMayChange[change.Key] && !(change.Key == "threads" && !v.cfg.Deterministic) {
			return fmt.Errorf("%s: the run cannot go on with other settings: %s; give what it began with, leave it out, or start a new run", v.flags.out, text)
		}
		v.changed = true
		v.note(text)
	}
	return nil
}

// read turns the texts into numbers, or opens those that the run has.
func (v *vectorRun) read() (err error) {
	dir := filepath.Join(v.flags.out, tokensDir)
	if v.folder.Has(tokensDir) {
		if err := v.compareTexts(); err != nil {
			return err
		}
		data, err := os.ReadFile(filepath.Join(dir, tokensReport))
		if err == nil {
			err = json.Unmarshal(data, &v.report.Text)
		}
		if err != nil {
			return fmt.Errorf("%s: cannot be read: %w; start a new run", filepath.Join(dir, tokensReport), cause(err))
		}
		v.corpus, err = wordvec.OpenCorpus(filepath.Join(dir, numbersFile), filepath.Join(dir, vocabularyFile))
		return err
	}
	if len(v.paths) == 0 {
		return fmt.Errorf("%s: the run has no text yet; name PATH", v.flags.out)
	}
	aside := filepath.Join(v.flags.out, tokensAside)
	if err := errors.Join(os.RemoveAll(aside), os.Mkdir(aside, 0o755)); err != nil {
		return err
	}
	src, err := v.cfg.Corpus.open(v.cmd.InOrStdin(), v.paths)
	if err != nil {
		return err
	}
	defer src.Close()
	listFiles(v.cmd.ErrOrStderr(), v.flags.quiet, src.Files())
	v.inputs.Parts = []partInput{{}}
	if v.paths[0] != "-" {
		if v.inputs.Parts[0].Files, err = sums(src.Files()); err != nil {
			return err
		}
	}
	if v.inputs.Excluded, err = v.cfg.Corpus.excludedSums(); err != nil {
		return err
	}
	if err := v.encode(aside, src); err != nil {
		return err
	}
	v.report.Corpus = src.Report()
	data, err := json.Marshal(v.report.Text)
	if err == nil {
		err = os.WriteFile(filepath.Join(aside, tokensReport), data, 0o644)
	}
	return err
}

// compareTexts refuses texts that are not those that the run began with.
func (v *vectorRun) compareTexts() error {
	if len(v.paths) == 0 || v.paths[0] == "-" || v.was == nil {
		return nil
	}
	src, err := v.cfg.Corpus.open(v.cmd.InOrStdin(), v.paths)
	if err != nil {
		return err
	}
	defer src.Close()
	now, err := sums(src.Files())
	if err != nil || len(v.inputs.Parts) == 0 {
		return err
	}
	return compareTexts(v.folder, v.flags.out, v.inputs.Parts[0].Files, now)
}

// encode reads the whole source into the folder aside.
func (v *vectorRun) encode(aside string, src *corpus.Source) error {
	tokenizer, names, err := v.tokenizer()
	if err != nil {
		return err
	}
	e, err := wordvec.NewEncoder(filepath.Join(aside, numbersFile), v.cfg.Config.Config, tokenizer, names)
	if err != nil {
		return err
	}
	defer func() {
		if v.corpus == nil {
			e.Close()
		}
	}()
	_, total := src.Progress()
	bar := newProgress(v.cmd.ErrOrStderr(), v.flags.quiet, "read", total)
	show, documents := readProgress(bar, src), 0
	for doc, err := range src.All() {
		if err == nil {
			err = e.Add(doc.Text)
		}
		if err != nil {
			return err
		}
		if documents++; documents%10000 == 0 {
			if err := v.cmd.Context().Err(); err != nil {
				return fmt.Errorf("interrupted while the texts were read; nothing was written")
			}
			show("")
		}
	}
	var old *wordvec.Vocabulary
	if v.start != nil && bool(v.cfg.UpdateVocab) {
		old = v.start.vocabulary()
	}
	v.corpus, v.report.Text, err = e.Corpus(filepath.Join(aside, vocabularyFile), old)
	bar.end(fmt.Sprintf("%s words, %s of %s types kept", count(v.report.Text.Words), count(v.report.Text.KeptTypes), count(v.report.Text.Types)))
	return err
}

// tokenizer opens the one whose pieces are the words, and names them as vector files can hold them; nil where words are words.
func (v *vectorRun) tokenizer() (*tokenize.Tokenizer, []string, error) {
	if v.cfg.Words == wordvec.Blank || v.cfg.Words == wordvec.UAX29 {
		return nil, nil, nil
	}
	t, err := tokenize.Open(v.cfg.Words)
	if err != nil {
		return nil, nil, err
	}
	pieces := make([]string, t.VocabSize())
	for id := range pieces {
		pieces[id] = string(t.AppendBytes(nil, []int32{int32(id)}, false))
	}
	return t, embeddings.Keys(pieces), nil
}

// writeFolder writes the first files of the run and puts the numbers in their place.
func (v *vectorRun) writeFolder() error {
	var files []train.File
	if v.was == nil || v.changed {
		files = append(files, train.File{Name: train.ConfigFile, Data: resolvedConfig(v.paths, &v.cfg)})
	}
	if v.was == nil {
		data, err := json.MarshalIndent(v.inputs, "", "  ")
		if err != nil {
			return err
		}
		files = append(files, train.File{Name: inputsFile, Data: append(data, '\n')})
	}
	if err := v.folder.Write(files...); err != nil {
		return err
	}
	if v.folder.Has(tokensDir) {
		return nil
	}
	return os.Rename(filepath.Join(v.flags.out, tokensAside), filepath.Join(v.flags.out, tokensDir))
}

// makeModel makes the tables, and fills in what --init-vectors has.
func (v *vectorRun) makeModel() (err error) {
	debug.FreeOSMemory() // what counting the words took: the tables below need not come on top of it
	if v.model, err = hogwild.NewModel(v.cfg.Config, v.corpus.Vocabulary); err != nil || v.start == nil {
		return err
	}
	if _, _, resumed := v.folder.Resumed(); !resumed {
		v.report.Init = v.start.into(v.model, v.cfg.Config)
	}
	return nil
}

func (v *vectorRun) train() error {
	all := v.corpus.WordsBefore(v.corpus.Chunks()) * int64(v.cfg.Epochs)
	bar := newProgress(v.cmd.ErrOrStderr(), v.flags.quiet, "train", all)
	job := hogwild.Job{
		Model: v.model, Corpus: v.corpus, Folder: v.folder, Checkpoint: v.cfg.Checkpoint, DataSet: v.fingerprint(),
		OnProgress: func(p hogwild.Progress) {
			bar.set(p.Words, fmt.Sprintf("epoch %d/%d  loss %.4f  %s words/s", p.Epoch, v.cfg.Epochs, p.Loss, count(int64(p.WordsPerSecond))))
		},
		OnEpoch: func(epoch int, loss float64) { bar.say("epoch %d: loss %.4f", epoch, loss) },
		OnNote:  func(text string) { bar.say("note: %s", text) },
	}
	var err error
	v.report.Result, err = hogwild.Run(v.cmd.Context(), v.cfg.Config, job)
	bar.end(v.report.Result.Ended)
	if err != nil {
		return fmt.Errorf("%s: %w", v.flags.out, err)
	}
	return nil
}

// fingerprint tells the text of this run from another.
func (v *vectorRun) fingerprint() string {
	sum := sha256.New()
	for i, word := range v.corpus.Words {
		fmt.Fprintf(sum, "%s %d\n", word, v.corpus.Counts[i])
	}
	fmt.Fprintf(sum, "%d chunks of %d words", v.corpus.Chunks(), v.corpus.WordsBefore(v.corpus.Chunks()))
	return fmt.Sprintf("%.32x", sum.Sum(nil))
}

// vectorReport is what a run counted, printed at the end and given by --json.
type vectorReport struct {
	Out    string         `json:"out"`
	Corpus corpus.Report  `json:"corpus"`
	Text   wordvec.Report `json:"text"`
	Init   *initReport    `json:"init,omitempty"`
	Notes  []string       `json:"notes,omitempty"`
	Result hogwild.Result `json:"result"`
}

// finish reports, and makes an interrupted run a failed one.
func (v *vectorRun) finish() error {
	v.report.Out = v.flags.out
	out := v.cmd.OutOrStdout()
	if v.flags.json {
		if err := json.NewEncoder(out).Encode(v.report); err != nil {
			return err
		}
	} else if err := v.print(out); err != nil {
		return err
	}
	if r := v.report.Result; r.Ended == train.Interrupted {
		return fmt.Errorf("%s: interrupted after step %d of %d; the checkpoint %s is complete, and the same command with --resume goes on from it", v.flags.out, r.Steps, r.AllSteps, r.Last)
	}
	return nil
}

func (v *vectorRun) print(w io.Writer) error {
	t, r := v.report.Text, v.report.Result
	if v.report.Corpus.Files > 0 {
		fmt.Fprint(w, v.report.Corpus)
	}
	fmt.Fprintf(w, "words        %s read in %s sentences, %s different\n", count(t.Words), count(t.Sentences), count(t.Types))
	for i, n := range t.Joined {
		fmt.Fprintf(w, "phrases      %s pairs joined in pass %d\n", count(n), i+1)
	}
	fmt.Fprintf(w, "vocabulary   %s words\n", count(t.KeptTypes))
	fmt.Fprintf(w, "left out     %s words of %s types that occur less than %d times (min-count)\n", count(t.RareWords), count(t.RareTypes), v.cfg.MinCount)
	fmt.Fprintf(w, "passed over  about %s of %s words an epoch, since they are frequent (sample)\n", count(t.Sampled), count(t.KeptWords))
	if t.Cut > 0 {
		fmt.Fprintf(w, "cut          %s sentences of more than 100,000 words, trained in pieces\n", count(t.Cut))
	}
	if v.report.Init != nil {
		fmt.Fprintf(w, "start        %s\n", v.report.Init)
	}
	fmt.Fprintf(w, "%s: %s words in %s, %s words/s\n", r.Ended, count(r.Words), shortDuration(r.Elapsed), count(int64(r.WordsPerSecond)))
	for i, loss := range r.EpochLosses {
		fmt.Fprintf(w, "epoch %-6d loss %.4f\n", i+1, loss)
	}
	for _, note := range append(v.report.Notes, r.Notes...) {
		fmt.Fprintln(w, "note: "+note)
	}
	_, err := fmt.Fprintf(w, "wrote %s (newest checkpoint %s)\n", v.flags.out, r.Last)
	return err
}
