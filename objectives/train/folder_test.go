package train

import (
	"bufio"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-cloze/cloze/models/safetensors"
)

func TestExistingRunIsRefusedAndLeftAsItIs(t *testing.T) {
	dir := t.TempDir()
	old := filepath.Join(dir, "notes.txt")
	if err := os.WriteFile(old, []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := CreateFolder(dir, File{ConfigFile, []byte("x")}); err == nil || !strings.Contains(err.Error(), "not empty") {
		t.Errorf("error %v, want one that says the folder is not empty", err)
	}
	if _, err := CreateFolder(old); err == nil {
		t.Error("a file was taken for a folder")
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("the refused folder now holds %v", entries)
	}
}

// The layout that resume, export and generate read.
func TestRunFolderHasItsLayout(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "runs", "first")
	folder, err := CreateFolder(dir, File{ConfigFile, []byte("train:\n")}, File{TokenizerFile, []byte("{}")}, File{ModelFile, []byte("{}")})
	if err != nil {
		t.Fatal(err)
	}
	job := tinyJob(t, tinyGPT())
	job.Folder, job.Checkpoint, job.DataSet, job.Tokenizer = folder, CheckpointConfig{Every: EverySteps(4), Keep: 1}, "d", "t"
	var saved []string
	job.OnSave = func(_ int, checkpoint string) { saved = append(saved, checkpoint) }
	result, err := Run(context.Background(), tinyConfig(), job)
	if err != nil {
		t.Fatal(err)
	}
	if err := folder.Close(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{ConfigFile, TokenizerFile, ModelFile, MetricsFile, LastFile, BestFile} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
	if len(saved) < 3 || result.Last != "checkpoints/step-0000012" {
		t.Errorf("saved %v, the last is %q", saved, result.Last)
	}
	checkMetrics(t, filepath.Join(dir, MetricsFile))
	last, err := Checkpoint(dir, LastFile)
	if err != nil {
		t.Fatal(err)
	}
	checkState(t, last)
	best, err := Checkpoint(dir, BestFile)
	if err != nil || best != filepath.Join(dir, result.BestCheckpoint) {
		t.Errorf("best is %q, %v; want %q", best, err, result.BestCheckpoint)
	}
	// Case C80: both are there, and nothing else is, nor anything half written.
	want := []string{filepath.Base(best), filepath.Base(last)}
	slices.Sort(want)
	var got []string
	entries, _ := os.ReadDir(filepath.Join(dir, CheckpointsDir))
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if !slices.Equal(got, slices.Compact(want)) {
		t.Errorf("checkpoints %v, want %v", got, want)
	}
}

func checkMetrics(t *testing.T, path string) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var steps, evals []float64
	for lines := bufio.NewScanner(file); lines.Scan(); {
		var record map[string]any
		if err := json.Unmarshal(lines.Bytes(), &record); err != nil {
			t.Fatalf("%s: %v", lines.Text(), err)
		}
		if eval, ok := record["eval"].(map[string]any); ok {
			evals = append(evals, record["step"].(float64))
			for _, key := range []string{"loss", "perplexity", "bits_per_byte", "tokens", "bytes"} {
				if eval[key] == nil {
					t.Errorf("%s has no %s", lines.Text(), key)
				}
			}
			continue
		}
		steps = append(steps, record["step"].(float64))
		for _, key := range []string{"loss", "learning_rate", "grad_norm", "tokens_per_second", "tokens", "elapsed_seconds"} {
			if record[key] == nil {
				t.Errorf("%s has no %s", lines.Text(), key)
			}
		}
	}
	if !slices.Equal(steps, []float64{4, 8, 12}) || !slices.Equal(evals, []float64{5, 10, 12}) {
		t.Errorf("lines of steps %v and evaluations %v", steps, evals)
	}
}

func checkState(t *testing.T, checkpoint string) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(checkpoint, StateFile))
	if err != nil {
		t.Fatal(err)
	}
	var state State
	if err := json.Unmarshal(data, &state); err != nil {
		t.Fatal(err)
	}
	if state.Version != StateVersion || state.Step != 12 || state.Updates != 12 || state.Seed != 1 || state.DataSet != "d" || state.Tokenizer != "t" || len(state.Generator) == 0 || state.Evaluation == nil {
		t.Errorf("state %+v", state)
	}
	for _, name := range []string{WeightsFile, OptimizerFile} {
		if err := compare(checkpoint, name, state.Files[name]); err != nil {
			t.Error(err)
		}
	}
	file, err := safetensors.Open(filepath.Join(checkpoint, OptimizerFile))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var names []string
	for _, tensor := range file.Tensors() {
		names = append(names, tensor.Name)
	}
	for _, name := range []string{"exp_avg.transformer.wte.weight", "exp_avg_sq.transformer.wte.weight"} {
		if !slices.Contains(names, name) {
			t.Errorf("the optimiser's file has no %s", name)
		}
	}
}

func TestCheckpointRefusesPathsOutsideTheRun(t *testing.T) {
	dir := t.TempDir()
	if _, err := Checkpoint(dir, LastFile); err == nil || !strings.Contains(err.Error(), "no checkpoint is named") {
		t.Errorf("error %v for a run without checkpoint", err)
	}
	for _, name := range []string{"../elsewhere", "/etc", ""} {
		if err := os.WriteFile(filepath.Join(dir, LastFile), []byte(name+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		if got, err := Checkpoint(dir, LastFile); err == nil {
			t.Errorf("%q was followed to %q", name, got)
		}
	}
}
