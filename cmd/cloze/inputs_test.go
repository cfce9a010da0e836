package main

import (
	"encoding/binary"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-cloze/cloze/models/safetensors"
)

// badTexts are inputs that no verb can read, and what the one line about each must name.
func badTexts(t *testing.T) map[string][]string {
	t.Helper()
	dir := t.TempDir()
	noise := make([]byte, 1<<16)
	for i := range noise {
		noise[i] = byte(rand.Uint32())
	}
	bad := map[string][]string{
		filepath.Join(dir, "missing.txt"):                 {"missing.txt"},
		write(t, dir, "empty.txt", ""):                    {"empty"},
		write(t, dir, "blank.txt", "\n\n  \n"):            {"blank"},
		write(t, dir, "binary.txt", string(noise)):        {"binary.txt", "binary"},
		write(t, dir, "broken.jsonl", "{\"text\": \"x\n"): {"broken.jsonl:1"},
		write(t, dir, "folder/.hidden", "x"):              {"folder", "no file to read"},
		"/dev/zero":                                       {"/dev/zero"},
	}
	unreadable := write(t, dir, "unreadable.txt", "text")
	if err := os.Chmod(unreadable, 0); err != nil {
		t.Fatal(err)
	}
	if f, err := os.Open(unreadable); err == nil {
		f.Close() // the superuser may read everything
	} else {
		bad[unreadable] = []string{"unreadable.txt", "permission denied"}
	}
	return bad
}

func TestBadTextsAreRefusedInOneLine(t *testing.T) {
	for path, words := range badTexts(t) {
		out := filepath.Join(t.TempDir(), "tokenizer.json")
		if strings.HasSuffix(path, ".hidden") {
			path = filepath.Dir(path)
		}
		failure(t, statusFailed, []string{"tokenizer", "train", "--quiet", "--vocab-size", "300", "--out", out, path}, words...)
		if _, err := os.Stat(out); err == nil {
			t.Errorf("%s: a tokenizer was written in spite of the failure", path)
		}
	}
}

func TestDamagedTokenizersAreRefusedInOneLine(t *testing.T) {
	dir, good := trained(t)
	whole, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	text := write(t, dir, "text", "hello\n")
	for name, data := range map[string]string{
		"cut.json":    string(whole[:len(whole)/2]),
		"empty.json":  "",
		"list.json":   "[1, 2]",
		"deep.json":   strings.Repeat("[", 1<<20),
		"other.json":  `{"model": {"type": "Magic", "vocab": {}}}`,
		"binary.json": "\x00\x01\x02",
		"ids.json":    strings.Replace(string(whole), `"vocab": {`, `"vocab": {"zzz": 99999999999,`, 1),
	} {
		path := write(t, dir, name, data)
		failure(t, statusFailed, []string{"tokenizer", "encode", "--tokenizer", path, text}, name)
	}
	failure(t, statusFailed, []string{"tokenizer", "encode", "--tokenizer", filepath.Join(dir, "none.json"), text}, "none.json")
	failure(t, statusFailed, []string{"tokenizer", "encode", "--tokenizer", good, dir}, dir, "folder")
	failure(t, statusFailed, []string{"tokenizer", "encode", "--tokenizer", good, filepath.Join(dir, "nothing")}, "nothing", "no such file")
}

// safetensorsFile makes a file of that format: an eight-byte length, a JSON header, bytes.
func safetensorsFile(header string, data []byte) string {
	length := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return string(length) + header + string(data)
}

func TestDamagedVectorsAreRefusedInOneLine(t *testing.T) {
	dir := t.TempDir()
	for name, data := range map[string]string{
		"empty.vec":         "",
		"short.vec":         "2 3\na 1 2 3\nb 1 2\n",
		"nan.vec":           "2 2\na 1 nan\nb 1 2\n",
		"cut.bin":           "2 3\na \x00\x00\x80\x3f",
		"noise.vec":         "\x00\x01\x02\x03\xff\xfe",
		"lies.safetensors":  safetensorsFile(`{"embeddings":{"dtype":"F32","shape":[2,2],"data_offsets":[0,999]}}`, make([]byte, 16)),
		"laps.safetensors":  safetensorsFile(`{"embeddings":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"words":{"dtype":"U8","shape":[8],"data_offsets":[4,12]}}`, make([]byte, 12)),
		"giant.safetensors": string(binary.LittleEndian.AppendUint64(nil, 1<<62)) + "{}",
	} {
		path := write(t, dir, name, data)
		failure(t, statusFailed, []string{"neighbors", path, "a"}, name)
	}
	failure(t, statusFailed, []string{"neighbors", filepath.Join(dir, "none.vec"), "a"}, "none.vec", "no such file")
	failure(t, statusFailed, []string{"neighbors", dir, "a"}, dir, "vector file, a run or a model folder")
	good := write(t, dir, "good.vec", "3 2\nking 1 0\nqueen 0.9 0.1\nship 0 1\n")
	failure(t, statusFailed, []string{"neighbors", good, "kingg"}, "good.vec", "kingg", "king")
	failure(t, statusFailed, []string{"neighbors", good, "king", "-k", "0"}, "-k is 0")
	run := filepath.Join(dir, "run")
	write(t, run, "last", "../../etc\n")
	failure(t, statusFailed, []string{"neighbors", run, "a"}, "last", "not a checkpoint inside the run")
}

func TestNeighborsPrintsWordAndCosine(t *testing.T) {
	vectors := write(t, t.TempDir(), "v.txt", "4 2\nking 1 0\nqueen 0.8 0.6\nship 0 1\n▁sea 0 2\n")
	golden(t, "neighbors", done(t, "", "neighbors", vectors, "king", "-k", "2").stdout)
	golden(t, "neighbors-two", done(t, "", "neighbors", vectors, "king", "sea", "-k", "1").stdout)
	golden(t, "neighbors-json", done(t, "", "neighbors", vectors, "sea", "-k", "2", "--json").stdout)
}

// A model cut into several files is read where its index says that the table is.
func TestNeighborsReadsAModelInSeveralFiles(t *testing.T) {
	dir := t.TempDir()
	text := write(t, dir, "corpus.txt", prose(50))
	done(t, "", "tokenizer", "train", "--quiet", "--vocab-size", "300", "--out", filepath.Join(dir, "tokenizer.json"), text)
	rows := make([]float32, 300*4)
	for i := range rows {
		rows[i] = float32(i*7919%101) - 50
	}
	err := safetensors.Write(filepath.Join(dir, "model-00002-of-00002.safetensors"), []safetensors.Source{
		safetensors.Float32Source("model.embed_tokens.weight", rows, 300, 4)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	index := func(file string) {
		write(t, dir, "model.safetensors.index.json", `{"weight_map": {"lm_head.weight": "model-00001-of-00002.safetensors", "model.embed_tokens.weight": "`+file+`"}}`)
	}
	index("model-00002-of-00002.safetensors")
	if got := done(t, "", "neighbors", dir, "the", "-k", "3").stdout; strings.Count(got, "\n") != 3 {
		t.Errorf("neighbours:\n%s", got)
	}
	index("../model.safetensors")
	failure(t, statusFailed, []string{"neighbors", dir, "the"}, "index.json", "not a file beside the index")
	write(t, dir, "model.safetensors.index.json", "{")
	failure(t, statusFailed, []string{"neighbors", dir, "the"}, "index.json", "not an index")
}

func TestConfigFaultsNameFileLineAndKey(t *testing.T) {
	dir := t.TempDir()
	corpus := write(t, dir, "c.txt", prose(50))
	config := write(t, dir, "c.yaml", "tokenizer:\n  vocab_size: 300\ncorpus:\n  unti: file\n")
	out := filepath.Join(dir, "t.json")
	failure(t, statusFailed, []string{"tokenizer", "train", "--config", config, "--out", out, corpus}, "c.yaml:4", "corpus.unti", "did you mean corpus.unit?")
	failure(t, statusFailed, []string{"tokenizer", "train", "--set", "tokenizer.vocab=300", "--out", out, corpus}, "tokenizer.vocab_size")
	failure(t, statusFailed, []string{"tokenizer", "train", "--set", "corpus.policy=strickt", "--out", out, corpus}, "corpus.policy", "did you mean strict?")
	failure(t, statusFailed, []string{"tokenizer", "train", "--set", "corpus.format=pdf", "--out", out, corpus}, "pdf")
	failure(t, statusFailed, []string{"tokenizer", "train", "--vocab-size", "5", "--out", out, corpus}, "5")
	failure(t, statusFailed, []string{"tokenizer", "train", "--model", "pbe", "--out", out, corpus}, `unknown tokenizer "pbe"`, "did you mean bpe?")
	failure(t, statusUsage, []string{"tokenizer", "train", "--strict", "--lenient", "--out", out, corpus}, "exclude each other")
}

// TestFoldersAreListedByRule is C15: a folder with a sub-folder and a hidden file.
func TestFoldersAreListedByRule(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "in/a.txt", prose(30))
	write(t, dir, "in/b.jsonl", `{"text": "a line of json"}`+"\n")
	write(t, dir, "in/sub/c.txt", prose(20))
	write(t, dir, "in/.hidden.txt", "never read")
	r := done(t, "", "tokenizer", "train", "--vocab-size", "300", "--out", filepath.Join(dir, "t.json"), filepath.Join(dir, "in"))
	for _, want := range []string{"reads 3 files", "a.txt (txt", "b.jsonl (jsonl", filepath.Join("sub", "c.txt")} {
		if !strings.Contains(r.stderr, want) {
			t.Errorf("the list lacks %q:\n%s", want, r.stderr)
		}
	}
	if !strings.Contains(r.stdout, "hidden") || !strings.Contains(r.stdout, "51") {
		t.Errorf("the report lacks the hidden file or the 51 documents:\n%s", r.stdout)
	}
}

func TestRepeatedLinesAreMeasured(t *testing.T) {
	r := newLineRepeats()
	r.add([]byte(strings.Repeat("the same\n", 900) + prose(100)))
	got := r.report()
	if got.Lines != 1000 || got.Top != 900 || got.Share != 0.899 || !strings.Contains(got.warning(), "90 % of the lines repeat one text") {
		t.Errorf("%+v %s", got, got.warning())
	}
	big := newLineRepeats() // more distinct lines than are kept: the share stays right on average
	for i := range 3 * maxLines {
		big.add([]byte("line " + count(i%(2*maxLines)) + "\n"))
	}
	if got := big.report(); got.Share < 0.32 || got.Share > 0.35 || len(big.seen) > maxLines {
		t.Errorf("share %.3f of a third repeated, %d kept", got.Share, len(big.seen))
	}
}
