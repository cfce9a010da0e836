package train

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-cloze/cloze/models"
	"github.com/go-cloze/cloze/objectives"
	"github.com/go-cloze/cloze/objectives/loss"
)

// stoppedRun is a run of hardConfig that was interrupted after step 14; it kept the checkpoints of steps 4, 5, 8, 10, 12 and 14.
func stoppedRun(t *testing.T, config Config) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "run")
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	_, err := runIn(t, dir, ctx, config, func(job *Job) {
		job.Checkpoint.Keep = 0
		job.OnStep = func(p Progress) {
			if p.Step == 14 {
				cancel()
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// copyOf copies a run folder.
func copyOf(t *testing.T, dir string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "run")
	if err := os.CopyFS(to, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	return to
}

// listing is every file of a folder with its size and content hashed into it.
func listing(t *testing.T, dir string) string {
	t.Helper()
	var out strings.Builder
	err := filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		if err == nil && info.Mode().IsRegular() && info.Name() != lockFile {
			fmt.Fprintf(&out, "%s %x\n", path, readAll(t, path))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func writeTo(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

// A checkpoint that is not what was written is named and set aside, the older one is used, and the end is the same.
func TestADamagedCheckpointGivesWayToTheOneBefore(t *testing.T) {
	config := hardConfig()
	reference := t.TempDir()
	finished(t, reference, config, nil)
	want, stopped := outcomeOf(t, reference), stoppedRun(t, config)
	rng := rand.New(rand.NewPCG(1, 2))
	damages := map[string]func(data []byte) []byte{
		"cut short":    func(data []byte) []byte { return data[:rng.IntN(len(data))] },
		"empty":        func([]byte) []byte { return nil },
		"a bit turned": func(data []byte) []byte { data[rng.IntN(len(data))] ^= 1 << rng.IntN(8); return data },
		"longer":       func(data []byte) []byte { return append(data, 0) },
		"gone":         nil,
	}
	for _, file := range []string{WeightsFile, OptimizerFile, StateFile} {
		for name, damage := range damages {
			dir := copyOf(t, stopped)
			newest := filepath.Join(dir, checkpointName(14))
			if path := filepath.Join(newest, file); damage == nil {
				if err := os.Remove(path); err != nil {
					t.Fatal(err)
				}
			} else {
				writeTo(t, path, damage(readAll(t, path)))
			}
			folder, err := OpenFolder(dir)
			if err != nil {
				t.Fatal(err)
			}
			folder.Close()
			if folder.ResumedStep() != 12 || len(folder.found.damaged) != 1 {
				t.Errorf("%s %s: would go on from step %d, damaged: %v", file, name, folder.ResumedStep(), folder.found.damaged)
			}
			if name != "a bit turned" { // what follows is the same for all
				continue
			}
			result := finished(t, dir, config, nil)
			notes := strings.Join(result.Notes, "\n")
			for _, word := range []string{"checkpoints/step-0000014 is damaged (" + file, "step-0000014.damaged", "goes on from checkpoints/step-0000012"} {
				if !strings.Contains(notes, word) {
					t.Errorf("%s %s: the notes lack %q:\n%s", file, name, word, notes)
				}
			}
			if what := want.differs(outcomeOf(t, dir)); what != "" {
				t.Errorf("%s %s: the resumed run differs in %s", file, name, what)
			}
			if _, err := os.Stat(newest + damagedEnding); err != nil {
				t.Errorf("%s %s: what was damaged is lost: %v", file, name, err)
			}
		}
	}
}

func TestWithoutACompleteCheckpointARunStartsAtStep0(t *testing.T) {
	config := hardConfig()
	reference := t.TempDir()
	finished(t, reference, config, nil)
	dir := stoppedRun(t, config)
	for _, step := range []int{4, 5, 8, 10, 12, 14} {
		writeTo(t, filepath.Join(dir, checkpointName(step), WeightsFile), nil)
	}
	result := finished(t, dir, config, nil)
	if notes := strings.Join(result.Notes, "\n"); strings.Count(notes, "goes on from step 0: no checkpoint is complete") != 6 {
		t.Errorf("the notes:\n%s", notes)
	}
	want := outcomeOf(t, reference)
	if what := want.differs(outcomeOf(t, dir)); what != "" {
		t.Errorf("the run from step 0 differs in %s", what)
	}
}

// What a kill leaves half-written is named and removed; lines of metrics beyond the checkpoint are cut, a torn one too, and nothing is doubled.
func TestLeftoversAreNamedAndRemoved(t *testing.T) {
	config := hardConfig()
	reference := t.TempDir()
	finished(t, reference, config, nil)
	dir := stoppedRun(t, config)
	left := []string{".last.123.tmp", "checkpoints/.step-0000015.tmp/model.safetensors", "checkpoints/step-0000014/.state.json.5.tmp", "..tokens.tmp.writing/x"}
	for _, name := range left {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		writeTo(t, filepath.Join(dir, name), []byte("half"))
	}
	metrics := filepath.Join(dir, MetricsFile)
	writeTo(t, metrics, append(readAll(t, metrics), `{"step":15,"loss":1}`+"\n"+`{"step":15,"eval":{}}`+"\n"+`{"step":1`...))
	writeTo(t, filepath.Join(dir, LastFile), []byte("checkpoints/step-0000012\n")) // a kill between the checkpoint and the file last
	notes := strings.Join(finished(t, dir, config, nil).Notes, "\n")
	for _, word := range []string{".last.123.tmp was left", "checkpoints/.step-0000015.tmp was left", "checkpoints/step-0000014/.state.json.5.tmp was left", "..tokens.tmp.writing was left", "metrics.jsonl: 3 lines after step 14 removed"} {
		if !strings.Contains(notes, word) {
			t.Errorf("the notes lack %q:\n%s", word, notes)
		}
	}
	for _, name := range left {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			t.Errorf("%s is still there", name)
		}
	}
	want := outcomeOf(t, reference)
	if what := want.differs(outcomeOf(t, dir)); what != "" {
		t.Errorf("the resumed run differs in %s", what)
	}
}

// A checkpoint of another run is refused with both values, and nothing in the folder changes.
func TestACheckpointOfAnotherRunIsRefused(t *testing.T) {
	config := hardConfig()
	dir := stoppedRun(t, config)
	wide := tinyGPT()
	wide.Dim = 64
	old := readAll(t, filepath.Join(dir, checkpointName(14), StateFile))
	for name, c := range map[string]struct {
		config func(*Config)
		job    func(*Job)
		words  []string
	}{
		"tokenizer": {nil, func(job *Job) { job.Tokenizer = "other" }, []string{"tokenizer", "sha256 t then, other now"}},
		"texts":     {nil, func(job *Job) { job.DataSet = "other" }, []string{"fingerprint d then, other now"}},
		"seed":      {func(c *Config) { c.Seed = 9 }, nil, []string{"train.seed 1, now it is 9"}},
		"batch":     {func(c *Config) { c.BatchSize = 3 }, nil, []string{"train.batch_size", "next block"}},
		"steps":     {func(c *Config) { c.Steps = 13 }, nil, []string{"train.steps is 13 but 14 are done"}},
		"shape":     {nil, func(job *Job) { job.Model = newModel(t, wide) }, []string{"model.safetensors", "transformer.wte.weight", "[32 32]", "[32 64]"}},
		"layers": {nil, func(job *Job) {
			more := tinyGPT()
			more.NumLayers = 3
			job.Model = newModel(t, more)
		}, []string{"transformer.h.2.", "missing"}},
	} {
		before, other := listing(t, dir), config
		if c.config != nil {
			c.config(&other)
		}
		_, err := runIn(t, dir, context.Background(), other, c.job)
		checkRefusal(t, name, err, append(c.words, dir, "step-0000014")...)
		if listing(t, dir) != before {
			t.Errorf("%s: the refusal changed the folder", name)
		}
	}
	// A state of another version is neither damaged nor read: falling back would lose what it holds.
	for version, remedy := range map[string]string{`"version": 1,`: "--init", `"version": 3,`: "version of cloze that wrote it"} {
		data := strings.Replace(string(old), `"version": 2,`, version, 1)
		data = data[:strings.LastIndex(data, `"checksum"`)] + `"checksum": ""` + "\n}\n"
		writeTo(t, filepath.Join(dir, checkpointName(14), StateFile), []byte(data))
		_, err := OpenFolder(dir)
		checkRefusal(t, version, err, dir, "step-0000014", strings.Trim(strings.ReplaceAll(version, `"`, ""), ","[:1])[:7], remedy)
	}
	writeTo(t, filepath.Join(dir, checkpointName(14), StateFile), old)
	finished(t, dir, config, nil)
}

func checkRefusal(t *testing.T, name string, err error, words ...string) {
	t.Helper()
	if err == nil {
		t.Errorf("%s: not refused", name)
		return
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("%s: the error lacks %q: %v", name, word, err)
		}
	}
	if strings.Contains(err.Error(), "\n") || len(err.Error()) > 600 {
		t.Errorf("%s: not a line for a user: %v", name, err)
	}
}

func TestARunFolderBelongsToOneProcess(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	first, err := CreateFolder(dir, File{ConfigFile, nil})
	if err != nil {
		t.Fatal(err)
	}
	_, err = OpenFolder(dir)
	checkRefusal(t, "a second process", err, dir, fmt.Sprintf("process %d trains here", os.Getpid()), "wait for it")
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	second, err := OpenFolder(dir)
	if err != nil {
		t.Fatalf("the lock stayed: %v", err)
	}
	second.Close()
}

// A folder that is not a run's is refused and stays as it was; one that is not there leaves no trace when nothing comes of it.
func TestOnlyARunFolderIsOpened(t *testing.T) {
	dir := t.TempDir()
	writeTo(t, filepath.Join(dir, "letter.txt"), []byte("dear"))
	_, err := OpenFolder(dir)
	checkRefusal(t, "not a run", err, dir, "config.yaml", "letter.txt")
	_, err = OpenFolder(filepath.Join(dir, "letter.txt"))
	checkRefusal(t, "a file", err, "letter.txt")
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Errorf("the refused folder holds %v", entries)
	}
	for _, open := range []func() (*Folder, error){func() (*Folder, error) { return CreateFolder(filepath.Join(dir, "new")) }, func() (*Folder, error) { return OpenFolder(filepath.Join(dir, "new")) }} {
		folder, err := open()
		if err != nil {
			t.Fatal(err)
		}
		folder.Close()
		if _, err := os.Stat(filepath.Join(dir, "new")); err == nil {
			t.Error("an unused folder stays")
		}
	}
}

// Case C80, with more of them: the newest few and the best stay, whatever their age.
func TestPruningKeepsTheNewestAndTheBest(t *testing.T) {
	for keep := 1; keep <= 3; keep++ {
		dir := t.TempDir()
		config := hardConfig()
		config.Steps, config.EvalEvery = 12, 2
		worse := 0.0
		result := finished(t, dir, config, func(job *Job) {
			job.Checkpoint = CheckpointConfig{EverySteps(1), keep}
			job.Loss = lossFunc(func(m models.Model, b *objectives.Batch) []loss.Term {
				terms := loss.NextToken{}.Terms(m, b)
				if !b.Train { // the first evaluation is the best
					worse++
					terms[0].Sum = terms[0].Sum.AddScalar(worse * terms[0].Count)
				}
				return terms
			})
		})
		if result.Best.Step != 2 {
			t.Fatalf("the best is step %d", result.Best.Step)
		}
		var want []string
		for step := 12; step > 12-keep; step-- {
			want = append(want, checkpointName(step))
		}
		want = append(want, checkpointName(result.Best.Step))
		folder := &Folder{path: dir}
		if got, err := folder.checkpoints(); err != nil || !slices.Equal(got, want) {
			t.Errorf("keep %d: %v, want %v (%v)", keep, got, want, err)
		}
	}
}

// Weights that are no longer numbers never push out a checkpoint of good ones.
func TestWeightsThatAreNotFiniteAreNotSaved(t *testing.T) {
	for name, value := range map[string]float64{"NaN": nan(), "infinite": -1 / zero} {
		dir := t.TempDir()
		config := hardConfig()
		config.EvalEvery = 0
		var model *models.GPT
		_, err := runIn(t, dir, context.Background(), config, func(job *Job) {
			model = job.Model.(*models.GPT)
			job.Valid = nil
			job.OnStep = func(p Progress) {
				if p.Step == 8 { // a checkpoint is due
					plant(t, model, value)
				}
			}
		})
		checkRefusal(t, name, err, "step 8", "checkpoints/step-0000004", "transformer.wte.weight", "not finite")
		if o := outcomeOf(t, dir); o.state.Step != 4 {
			t.Errorf("%s: the last checkpoint is of step %d", name, o.state.Step)
		}
	}
}
