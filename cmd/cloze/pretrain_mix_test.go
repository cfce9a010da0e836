//go:build torch

package main

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-cloze/cloze/corpus/shard"
)

// mixed trains on two corpora and gives the report's part on them.
func mixed(t *testing.T, out string, flags ...string) (mix []partReport, report pretrainReport, stderr string) {
	t.Helper()
	args := append([]string{"pretrain", "--out", out, "--steps", "40", "--json"}, tiny...)
	r := done(t, "", append(append(args, "--quiet=false"), flags...)...)
	var all struct {
		Mix    []partReport
		Tokens string
		Notes  []string
		Corpus struct{ Documents int64 }
	}
	if err := json.Unmarshal([]byte(r.stdout), &all); err != nil {
		t.Fatal(err)
	}
	report.Tokens, report.Notes, report.Corpus.Documents = all.Tokens, all.Notes, all.Corpus.Documents
	return all.Mix, report, r.stderr
}

func TestCorporaAreMixedByWeight(t *testing.T) {
	dir, folder := t.TempDir(), t.TempDir()
	large := write(t, dir, "large.txt", prose(600))
	write(t, folder, "small.txt", prose(620)[len(prose(600)):])
	flags := []string{"--set", "data.mix=0.75=" + large + ",0.25=" + filepath.Join(folder, "*.txt")}
	run := filepath.Join(t.TempDir(), "run")
	mix, report, said := mixed(t, run, flags...)
	if len(mix) != 2 || mix[0].Name != "large" || mix[1].Name != partName(folder) || mix[0].Share != 0.75 || report.Corpus.Documents != 620 {
		t.Fatalf("%+v of %d documents", mix, report.Corpus.Documents)
	}
	for _, r := range mix {
		s, err := shard.Open(filepath.Join(run, "tokens", r.Name))
		if err != nil {
			t.Fatal(err)
		}
		if s.Documents() != r.Documents || s.Tokens() != r.Tokens || r.Held == 0 {
			t.Errorf("%+v, the shards hold %d documents and %d tokens", r, s.Documents(), s.Tokens())
		}
		s.Close()
		if !strings.Contains(said, r.String()) {
			t.Errorf("%q is not said before the first step:\n%s", r, said)
		}
	}
	// 320 blocks of 32: 80 of the small corpus, again and again.
	blocks := math.Ceil(80 / mix[1].Passes)
	if mix[1].Passes < manyPasses || blocks*32 > float64(mix[1].Tokens+31) || blocks*32 < 0.8*float64(mix[1].Tokens) {
		t.Errorf("%+v is said to be read %.2f times", mix[1], mix[1].Passes)
	}
	if notes := strings.Join(report.Notes, "\n"); !strings.Contains(notes, "*.txt is read") || strings.Contains(notes, "large.txt is read") {
		t.Errorf("notes %q, want one on the small corpus alone", notes)
	}
	// The configuration brings the texts; a cache brings the same tokens, whatever the weights.
	again, cache := filepath.Join(t.TempDir(), "run"), t.TempDir()
	mixed(t, again, "--config", filepath.Join(run, "config.yaml"), "--cache", cache)
	name := filepath.Join("checkpoints", "step-0000040", "model.safetensors")
	a, errA := os.ReadFile(filepath.Join(run, name))
	b, errB := os.ReadFile(filepath.Join(again, name))
	if errA != nil || errB != nil || string(a) != string(b) {
		t.Errorf("config.yaml does not repeat the run (%v %v)", errA, errB)
	}
	tokenizer := filepath.Join(run, "tokenizer.json")
	third := filepath.Join(t.TempDir(), "run")
	_, _, said = mixed(t, third, "--tokenizer", tokenizer, "--cache", cache, "--set", "data.mix=3="+large+",2="+filepath.Join(folder, "*.txt"))
	if n := strings.Count(said, "tokens of an earlier run"); n != 2 {
		t.Errorf("%d of 2 corpora came from the cache:\n%s", n, said)
	}
	fingerprint := func(run string) string {
		var state struct {
			DataSet string `json:"data_set"`
		}
		data, err := os.ReadFile(filepath.Join(run, "checkpoints", "step-0000040", "state.json"))
		if err == nil {
			err = json.Unmarshal(data, &state)
		}
		if err != nil || state.DataSet == "" {
			t.Fatalf("%v: no fingerprint in %s", err, data)
		}
		return state.DataSet
	}
	if one := fingerprint(run); one != fingerprint(again) || one == fingerprint(third) {
		t.Errorf("the fingerprint %s does not know the weights", one)
	}
}

func TestMixRefusesWhatItCannotRead(t *testing.T) {
	text := write(t, t.TempDir(), "a.txt", prose(50))
	refused(t, []string{"--set", "data.mix=" + text}, "data.mix", "WEIGHT=PATH")
	refused(t, []string{"--set", "data.mix=0=" + text}, "data.mix", `weight "0"`, "above 0")
	refused(t, []string{"--set", "data.mix=x=" + text}, "data.mix", `weight "x"`)
	refused(t, []string{"--set", "data.mix=1=" + text + ",2=" + text}, text, "twice", "sum")
	refused(t, []string{"--set", "data.mix=1=" + text + ".none"}, text+".none")
	failure(t, statusUsage, []string{"pretrain", "--out", filepath.Join(t.TempDir(), "x"), "--set", "data.mix=1=" + text, text}, "data.mix", "leave one of them out")
	failure(t, statusUsage, []string{"pretrain", "--out", filepath.Join(t.TempDir(), "x")}, "missing argument", "data.mix")
}

func TestPartsAreNamedAfterTheirPaths(t *testing.T) {
	mix := dataSection{Mix: []string{"1=a/wiki.jsonl.gz", "1=b/wiki/", "2=books/*/*.txt", "1=../..", "1=a/Ärzte 1.txt"}}
	parts, err := mix.parts(nil)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, p := range parts {
		names = append(names, p.name)
	}
	if got := strings.Join(names, " "); got != "wiki wiki-2 books corpus Ärzte-1" {
		t.Errorf("named %s", got)
	}
}
