//go:build quality

package train

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-cloze/cloze/models"
	"github.com/go-cloze/cloze/objectives"
	"github.com/go-cloze/cloze/objectives/loss"
	"github.com/go-cloze/cloze/objectives/metrics"
	"github.com/go-cloze/cloze/tokenize"
	tokenizers "github.com/go-cloze/cloze/tokenize/train"
)

var curveSteps = flag.Int("curve-steps", 1000, "how many steps TestMaskedCurveIsTransformers compares")

// A BERT-mini from scratch on Shakespeare, WordPieces of 4,000, steps of 8 blocks of 126: with the same weights at first, the same masked batches and the same
// learning rates its loss must not be above that of transformers by more than 0.01, averaged over each tenth of the run. It wants CLOZE_DATA, and
// CLOZE_PYTHON with transformers.
func TestMaskedCurveIsTransformers(t *testing.T) {
	text, python := shakespeare(t), os.Getenv("CLOZE_PYTHON")
	if python == "" {
		t.Skip("CLOZE_PYTHON names no Python with transformers")
	}
	folder, threads := t.TempDir(), 2
	useThreads(t, threads)
	r := curveRun(t, text, folder)
	ours := writeCurve(t, r, folder)
	cmd := exec.Command(python, "../../testdata/bench/masked_curve.py", folder, fmt.Sprint(threads))
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var peer struct{ Losses []float64 }
	if err := json.Unmarshal(out, &peer); err != nil {
		t.Fatal(err)
	}
	if len(peer.Losses) != len(ours) {
		t.Fatalf("%d losses, transformers has %d", len(ours), len(peer.Losses))
	}
	most, window := 0.0, max(1, len(ours)/10)
	var us, them metrics.Mean
	for i := range ours {
		most = max(most, math.Abs(ours[i]-peer.Losses[i]))
		us.Add(ours[i], 1)
		them.Add(peer.Losses[i], 1)
		if (i+1)%window == 0 {
			t.Logf("steps to %4d: %.4f, transformers %.4f", i+1, us.Value(), them.Value())
			if us.Value() > them.Value()+0.01 {
				t.Errorf("the loss is above transformers' by %.4f", us.Value()-them.Value())
			}
			us.Reset()
			them.Reset()
		}
	}
	t.Logf("largest difference of a step's loss: %.5f", most)
}

// curveRun is a run of the encoder on the text, and its weights and configuration in folder.
func curveRun(t *testing.T, text []byte, folder string) *run {
	t.Helper()
	lines := strings.SplitAfter(string(text), "\n\n") // speeches
	wordPiece := tokenizers.DefaultWordPiece()
	wordPiece.VocabSize = 4000
	file, _, err := tokenizers.WordPiece(wordPiece, func(yield func([]byte, error) bool) {
		for _, line := range lines {
			if !yield([]byte(line), nil) {
				return
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	tokenizer, err := tokenize.Parse(file)
	if err != nil {
		t.Fatal(err)
	}
	roles := tokenizer.Roles()
	b := objectives.NewBuilder(tokenizer.VocabSize(), roles.SEP)
	for _, line := range lines {
		if err := b.Add([]byte(line), tokenizer.AppendIDs(nil, []byte(line))); err != nil {
			t.Fatal(err)
		}
	}
	stream, _, _ := b.Split(objectives.SplitConfig{}, nil)
	objective, err := objectives.NewMaskedToken(objectives.DefaultMask(), objectives.Roles{CLS: roles.CLS, SEP: roles.SEP, Mask: roles.Mask,
		EndOfText: roles.SEP, Special: tokenizer.Special(), VocabSize: tokenizer.VocabSize()})
	if err != nil {
		t.Fatal(err)
	}
	bert, err := models.BERTPreset("bert-mini")
	if err != nil {
		t.Fatal(err)
	}
	bert.VocabSize, bert.NumPositions = tokenizer.VocabSize(), 128
	data, err := bert.ConfigJSON()
	if err == nil {
		err = os.WriteFile(filepath.Join(folder, "config.json"), data, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	var model *models.BERT
	mustDo(t, func() {
		if model, err = models.NewBERT(bert, 1); err == nil {
			err = model.Params().Save(filepath.Join(folder, "model.safetensors"))
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { mustDo(t, func() { model.Params().Free() }) })
	config := DefaultConfig()
	config.Steps, config.BatchSize, config.BlockSize, config.WarmupSteps = *curveSteps, 8, 126, max(1, *curveSteps/10)
	r, err := newRun(config, Job{Model: model, Objective: objective, Loss: loss.MaskedToken{}, Train: stream.Cut(126)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.close)
	return r
}

// writeCurve trains, and writes what each step reads.
func writeCurve(t *testing.T, r *run, folder string) (losses []float64) {
	t.Helper()
	f, err := os.Create(filepath.Join(folder, "steps.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := bufio.NewWriter(f)
	for step := 1; step <= r.config.Steps; step++ {
		data := new(stepData)
		r.reader.fill(step, data)
		b := &data.micro[0]
		line := struct {
			LR   float64      `json:"lr"`
			Rows [][2][]int32 `json:"rows"`
		}{LR: r.rate(step)}
		for i := range b.Rows() {
			lo, hi := b.RowOffsets[i], b.RowOffsets[i+1]
			line.Rows = append(line.Rows, [2][]int32{b.IDs[lo:hi], b.Targets[lo:hi]})
		}
		if err := json.NewEncoder(w).Encode(line); err != nil {
			t.Fatal(err)
		}
		if err := r.train(step, data); err != nil {
			t.Fatal(err)
		}
		losses = append(losses, r.loss)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return losses
}
