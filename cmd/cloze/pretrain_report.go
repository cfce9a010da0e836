//go:build torch

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/go-cloze/cloze/cmd/cloze/config"
	"github.com/go-cloze/cloze/corpus"
	"github.com/go-cloze/cloze/objectives"
	"github.com/go-cloze/cloze/objectives/train"
)

// pretrainReport is what a run counted, printed at the end and given by --json.
type pretrainReport struct {
	Out       string               `json:"out"`
	Tokens    string               `json:"tokens"` // folder of the token shards
	Corpus    corpus.Report        `json:"corpus"`
	Empty     int64                `json:"documents_without_tokens"`
	Repeats   repeatReport         `json:"repeated_lines"`
	Split     string               `json:"split"`
	Mix       []partReport         `json:"mix,omitempty"`
	Preflight objectives.Preflight `json:"preflight"`
	Notes     []string             `json:"notes,omitempty"`
	Result    train.Result         `json:"result"`
}

// resolved is config.yaml: every key with its value, below how it came about.
func (p *pretraining) resolved() []byte { return resolvedConfig(p.paths, &p.cfg) }

func resolvedConfig(paths []string, cfg any) []byte {
	v := thisVersion()
	head := fmt.Sprintf("# written by cloze %s on %s", v.Version, time.Now().UTC().Format(time.RFC3339))
	if v.Commit != "" {
		head += ", commit " + v.Commit
	}
	head += "\n# texts:"
	for _, path := range paths {
		head += " " + shellWord(oneLine(path)) // a line break in a name must not end the comment
	}
	return append([]byte(head+"\n"), config.Format(cfg)...)
}

func showStep(bar *progress, s train.Progress) {
	bar.set(int64(s.Step), fmt.Sprintf("step %d/%d  loss %.4f  %s tokens/s", s.Step, s.Steps, s.Loss, count(int64(s.TokensPerSecond))))
}

func (p *pretraining) evaluationLine(e train.Evaluation) string {
	what := "token"
	if p.cfg.masks() { // the perplexity of a masked token is that of a gap with text on both sides, not of the text
		what = "masked token"
	}
	line := fmt.Sprintf("loss %.4f nats/%s, perplexity %.2f", e.Loss, what, e.Perplexity)
	if len(e.Terms) > 1 {
		line = fmt.Sprintf("loss %.4f", e.Loss)
		for _, name := range slices.Sorted(maps.Keys(e.Terms)) {
			line += fmt.Sprintf(", %s %.4f", name, e.Terms[name])
		}
	}
	if e.BitsPerByte > 0 {
		line += fmt.Sprintf(", %.4f bits/byte", e.BitsPerByte)
	}
	return line
}

// finish reports, and makes an interrupted run a failed one.
func (p *pretraining) finish() error {
	out := p.cmd.OutOrStdout()
	if p.flags.json {
		if err := json.NewEncoder(out).Encode(p.report); err != nil {
			return err
		}
	} else if err := p.print(out); err != nil {
		return err
	}
	if r := p.report.Result; r.Ended == train.Interrupted {
		return fmt.Errorf("%s: interrupted after step %d of %d; the checkpoint %s is complete, and the same command with --resume goes on from it", p.flags.out, r.Steps, p.cfg.Train.Steps, r.Last)
	}
	return nil
}

func (p *pretraining) print(w io.Writer) error {
	r, pre := p.report.Result, p.report.Preflight
	fmt.Fprint(w, p.report.Corpus)
	if p.report.Empty > 0 {
		fmt.Fprintf(w, "documents without tokens, left out: %s\n", count(p.report.Empty))
	}
	p.printMix(w)
	fmt.Fprintf(w, "%s: %s steps, %s tokens in %s, %s tokens/s\n", r.Ended, count(r.Steps), count(r.Tokens), shortDuration(r.Elapsed), count(int64(r.TokensPerSecond)))
	if r.Eval != nil {
		fmt.Fprintf(w, "held out     %s\n", p.evaluationLine(*r.Eval))
		fmt.Fprintf(w, "by frequency %s\n", p.evaluationLine(train.Evaluation{Loss: pre.UnigramNats, Perplexity: math.Exp(pre.UnigramNats), BitsPerByte: pre.UnigramBitsPerByte}))
	}
	if r.AskedShare > 0 {
		fmt.Fprintf(w, "asked for    %.2f %% of the tokens of text\n", 100*r.AskedShare)
	}
	for _, note := range append(append(pre.Notes, p.report.Notes...), r.Notes...) {
		fmt.Fprintln(w, "note: "+note)
	}
	_, err := fmt.Fprintf(w, "wrote %s (newest checkpoint %s)\n", p.flags.out, r.Last)
	return err
}

// shellWord quotes a path for a command line shown to the user, where needed.
func shellWord(s string) string {
	if s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._/-+=:,@%") == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// say prints a line among the progress without tearing the bar.
func (p *progress) say(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.silent {
		return
	}
	if p.bar != nil {
		_ = p.bar.Clear()
	}
	fmt.Fprintf(p.w, format+"\n", args...)
}
