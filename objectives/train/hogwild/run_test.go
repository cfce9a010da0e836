package hogwild

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-cloze/cloze/objectives/train"
	"github.com/go-cloze/cloze/objectives/wordvec"
)

// encoded is the sentences that each adds, ready to be trained on.
func encoded(t testing.TB, each func(add func(sentence string))) *wordvec.Corpus {
	t.Helper()
	dir := t.TempDir()
	e, err := wordvec.NewEncoder(filepath.Join(dir, "ids"), wordvec.DefaultWord2Vec(), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	each(func(sentence string) {
		if err := e.Add([]byte(sentence)); err != nil {
			t.Fatal(err)
		}
	})
	corpus, _, err := e.Corpus(filepath.Join(dir, "vocab.txt"), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { corpus.Close() })
	return corpus
}

// topics makes sentences of twelve words, each of one of ten topics of twenty words: what word vectors find.
func topics(t testing.TB, sentences int) *wordvec.Corpus {
	t.Helper()
	rng := rand.New(rand.NewPCG(7, 8))
	return encoded(t, func(add func(string)) {
		for range sentences {
			topic := rng.IntN(10)
			var s []string
			for range 12 {
				s = append(s, fmt.Sprintf("t%dw%d", topic, rng.IntN(20)))
			}
			add(strings.Join(s, " "))
		}
	})
}

// quick is a small model of one thread.
func quick() Config {
	c := Config{Config: wordvec.DefaultWord2Vec(), Seed: 42, Threads: 1}
	c.Dim, c.Epochs, c.SG, c.Sample = 20, 3, true, 0
	c.Resolve()
	return c
}

// vectors are those of a model's words, [V,D].
func vectors(m *Model) []float32 {
	dense := make([]float32, m.Vocabulary.Len()*m.Dim)
	for w := range m.Vocabulary.Len() {
		m.vector(dense[w*m.Dim:][:m.Dim], w)
	}
	return dense
}

// trained runs a fresh model.
func trained(t testing.TB, ctx context.Context, c Config, job Job) ([]float32, Result, error) {
	t.Helper()
	model, err := NewModel(c, job.Corpus.Vocabulary)
	if err != nil {
		t.Fatal(err)
	}
	defer model.Free()
	job.Model = model
	result, err := Run(ctx, c, job)
	return vectors(model), result, err
}

func modes() map[string]Config {
	all := map[string]Config{}
	for name, change := range map[string]func(*Config){
		"skip-gram": func(*Config) {}, "CBOW": func(c *Config) { c.SG = false }, "hierarchical": func(c *Config) { c.HS = true; c.Negative = 0 },
		"positions": func(c *Config) { c.SG, c.PositionWeights = false, true },
		"sub-words": func(c *Config) { c.MinN, c.MaxN, c.Buckets = 2, 3, 500 },
	} {
		c := quick()
		change(&c)
		all[name] = c
		c.Threads, c.Deterministic = 4, true
		all[name+", 4 threads"] = c
	}
	return all
}

// TestC44TheSameSeedGivesTheSameBits, and one that is interrupted and gone on with gives them too.
func TestC44TheSameSeedGivesTheSameBits(t *testing.T) {
	corpus := topics(t, 5000) // six chunks
	for name, c := range modes() {
		t.Run(name, func(t *testing.T) {
			want, result, err := trained(t, context.Background(), c, Job{Corpus: corpus})
			if err != nil || result.Ended != train.AllSteps || result.Words != 3*60_000 {
				t.Fatalf("%+v, %v", result, err)
			}
			path := filepath.Join(t.TempDir(), "run")
			folder, err := train.CreateFolder(path, train.File{Name: train.ConfigFile, Data: []byte("{}\n")})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(context.Background())
			_, result, err = trained(t, ctx, c, Job{Corpus: corpus, Folder: folder, OnEpoch: func(int, float64) { cancel() }})
			if err != nil || result.Ended != train.Interrupted || result.Steps == 0 || result.Steps >= result.AllSteps {
				t.Fatalf("interrupted: %+v, %v", result, err)
			}
			first := result.EpochLosses
			folder.Close()
			if folder, err = train.OpenFolder(path); err != nil {
				t.Fatal(err)
			}
			defer folder.Close()
			got, result, err := trained(t, context.Background(), c, Job{Corpus: corpus, Folder: folder})
			if err != nil || !slices.Equal(got, want) {
				t.Errorf("gone on with, the vectors are others; %+v, %v", result, err)
			}
			if len(result.EpochLosses) != 3 || result.EpochLosses[0] != first[0] {
				t.Errorf("losses %v, of the first epoch before %v", result.EpochLosses, first)
			}
		})
	}
}

// TestTopicsAreFound holds the vectors to what the text is made of, in every mode, and the loss to C42.
func TestTopicsAreFound(t *testing.T) {
	corpus := topics(t, 5000)
	for name, c := range modes() {
		c.Epochs, c.LR = 12, 0.05
		vectors, result, err := trained(t, context.Background(), c, Job{Corpus: corpus})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		within, between := cosines(corpus.Words, vectors, c.Dim)
		if within < between+0.3 {
			t.Errorf("%s: words of a topic have a mean cosine of %.3f, others %.3f", name, within, between)
		}
		for i, loss := range result.EpochLosses {
			if !(loss > 0) || math.IsInf(loss, 0) || i > 0 && loss == result.EpochLosses[i-1] {
				t.Errorf("%s: losses %v", name, result.EpochLosses)
				break
			}
		}
		if last := result.EpochLosses[len(result.EpochLosses)-1]; last >= result.EpochLosses[0] {
			t.Errorf("%s: the loss does not fall: %v", name, result.EpochLosses)
		}
	}
}

// cosines are the mean cosines of words of one topic and of two.
func cosines(words []string, vectors []float32, dim int) (within, between float64) {
	var sums, counts [2]float64
	for i := range words {
		for j := range i {
			var ab, aa, bb float64
			for k := range dim {
				a, b := float64(vectors[i*dim+k]), float64(vectors[j*dim+k])
				ab, aa, bb = ab+a*b, aa+a*a, bb+b*b
			}
			other := 0
			if words[i][1] != words[j][1] {
				other = 1
			}
			sums[other] += ab / math.Sqrt(aa*bb)
			counts[other]++
		}
	}
	return sums[0] / counts[0], sums[1] / counts[1]
}

// TestC43DivergenceStops trains far too fast, on top of a good checkpoint.
func TestC43DivergenceStops(t *testing.T) {
	corpus := topics(t, 1000)
	for name, c := range modes() {
		c.LR, c.Epochs = 100, 20
		path := filepath.Join(t.TempDir(), "run")
		folder, err := train.CreateFolder(path, train.File{Name: train.ConfigFile, Data: []byte("{}\n")})
		if err != nil {
			t.Fatal(err)
		}
		_, result, err := trained(t, context.Background(), c, Job{Corpus: corpus, Folder: folder})
		if err == nil {
			t.Errorf("%s: no error; losses %v", name, result.EpochLosses)
		} else if !strings.Contains(err.Error(), "lower lr") || !strings.Contains(err.Error(), "learning rate") {
			t.Errorf("%s: %v", name, err)
		}
		if result.Last != "" || folder.Has(train.LastFile) {
			t.Errorf("%s: a checkpoint was written: %q", name, result.Last)
		}
		folder.Close()
	}
}

func TestAnotherTextOrSeedIsRefused(t *testing.T) {
	corpus, c := topics(t, 1000), quick()
	path := filepath.Join(t.TempDir(), "run")
	folder, err := train.CreateFolder(path, train.File{Name: train.ConfigFile, Data: []byte("{}\n")})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err = trained(t, context.Background(), c, Job{Corpus: corpus, Folder: folder, DataSet: "one"}); err != nil {
		t.Fatal(err)
	}
	folder.Close()
	other := c
	other.Seed = 7
	for want, job := range map[string]struct {
		c    Config
		data string
	}{"the text is another": {c, "two"}, "seed 42, now it is 7": {other, "one"}} {
		folder, err := train.OpenFolder(path)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := trained(t, context.Background(), job.c, Job{Corpus: corpus, Folder: folder, DataSet: job.data}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
		folder.Close()
	}
}

func TestFreshRowsAreDrawnWithinBounds(t *testing.T) {
	v := &wordvec.Vocabulary{Words: []string{"a", "b", "c"}, Counts: []int64{3, 2, 1}}
	c := quick()
	c.Dim = 20
	m, err := NewModel(c, v)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Free()
	low, high := float32(0), float32(0)
	for _, x := range vectors(m) {
		low, high = min(low, x), max(high, x)
	}
	if bound := float32(0.5 / 20); low < -bound || high > bound || low > -0.8*bound || high < 0.8*bound {
		t.Errorf("rows from %g to %g, want about ±%g", low, high, bound)
	}
	for i, x := range m.input {
		if i%m.Stride >= c.Dim && x != 0 {
			t.Fatalf("the padding of row %d is %g", i/m.Stride, x)
		}
	}
}
