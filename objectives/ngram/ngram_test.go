package ngram

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-cloze/cloze/embeddings/fasttext"
)

// texts are of two subjects that share most of their words.
func texts(n int) (examples []Example) {
	rng := rand.New(rand.NewPCG(3, 4))
	shared := strings.Fields("the a of today we saw and then it was near our old")
	subject := [][]string{strings.Fields("harbour ship sailor tide anchor waves"), strings.Fields("meadow cow farmer hay barn plough")}
	for i := range n {
		var words []string
		for range 3 + rng.IntN(8) {
			words = append(words, shared[rng.IntN(len(shared))])
		}
		at := i % 2
		words = append(words, subject[at][rng.IntN(6)], fmt.Sprintf("day%d", rng.IntN(n)))
		rng.Shuffle(len(words), func(i, j int) { words[i], words[j] = words[j], words[i] })
		examples = append(examples, Example{strings.Join(words, " "), []int{at}})
	}
	return examples
}

func config() Config {
	c := DefaultConfig()
	c.Dim, c.LR, c.Epochs, c.WordNgrams, c.MinN, c.MaxN, c.Bucket = 20, 0.5, 5, 2, 2, 4, 20000
	return c
}

func train(t *testing.T, examples []Example, labels int, c Config) *fasttext.Model {
	t.Helper()
	names := []string{"sea", "land", "none"}[:labels]
	m, _, err := Train(context.Background(), examples, names, nil, c, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestSubjectsAreLearnt(t *testing.T) {
	m := train(t, texts(400), 2, config())
	right := 0
	rest := texts(600)[400:]
	for _, e := range rest {
		p, _, err := m.Probabilities(e.Text)
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(float64(p[0]+p[1])-1) > 1e-6 {
			t.Errorf("probabilities sum to %v", p[0]+p[1])
		}
		if p[e.Labels[0]] > 0.5 {
			right++
		}
	}
	if right < 190 {
		t.Errorf("%d of 200 right", right)
	}
}

// TestTwinsAreTrainedAsIfApart trains every feature by itself, in float64 and by the book, and wants the same numbers.
func TestTwinsAreTrainedAsIfApart(t *testing.T) {
	for _, loss := range []string{"softmax", "ova"} {
		c := config()
		c.Loss = loss
		examples := append(texts(60), Example{"", []int{0}}, Example{"the the the tide tide", []int{0}})
		if loss == "ova" {
			examples = append(examples, Example{"the tide and hay", []int{0, 1}}, Example{"it was", nil})
		}
		m := train(t, examples, 2, c)
		dict, err := dictionary(examples, []string{"sea", "land"}, c)
		if err != nil {
			t.Fatal(err)
		}
		a := c.args()
		g := group(examples, dict, &a)
		if len(g.size)*2 > len(slices.DeleteFunc(slices.Clone(g.index), func(x int32) bool { return x < 0 })) {
			t.Errorf("only %d groups", len(g.size))
		}
		begin := newTrainer(g, examples, 2, nil, c, 1)
		apart := reference(examples, dict, a, c, func(f int32) []float32 {
			return begin.rows[int(g.index[f])*begin.stride:][:c.Dim]
		})
		for f, row := range apart.rows {
			got := m.Input.Data[int(m.Input.Index[f])*c.Dim:][:c.Dim]
			for j := range row {
				if math.Abs(row[j]-float64(got[j])) > 1e-4 {
					t.Fatalf("%s: feature %d has %v, want %v", loss, f, got[j], row[j])
				}
			}
		}
		for i, x := range apart.output {
			if math.Abs(x-float64(m.Output.Data[i])) > 1e-4 {
				t.Fatalf("%s: the output is %v, want %v", loss, m.Output.Data[i], x)
			}
		}
	}
}

type plain struct {
	rows   map[int32][]float64
	output []float64
}

// reference is the original's algorithm, a feature at a time.
func reference(examples []Example, dict *fasttext.Dictionary, a fasttext.Args, c Config, begin func(f int32) []float32) plain {
	p := plain{map[int32][]float64{}, make([]float64, 2*c.Dim)}
	for epoch := range c.Epochs {
		order := rand.New(rand.NewPCG(1, uint64(epoch))).Perm(len(examples))
		for done, i := range order {
			lr := c.LR * (1 - (float64(epoch)+float64(done)/float64(len(order)))/float64(c.Epochs))
			features, _ := dict.AppendLine(nil, examples[i].Text, &a)
			hidden := make([]float64, c.Dim)
			for _, f := range features {
				if p.rows[f] == nil {
					for _, x := range begin(f) {
						p.rows[f] = append(p.rows[f], float64(x))
					}
				}
				for j, x := range p.rows[f] {
					hidden[j] += x / float64(len(features))
				}
			}
			y, score := [2]float64{}, [2]float64{}
			for l := range 2 {
				for j, x := range hidden {
					score[l] += x * p.output[l*c.Dim+j]
				}
				if slices.Contains(examples[i].Labels, l) {
					y[l] = 1
				}
			}
			gradient := make([]float64, c.Dim)
			for l := range 2 {
				prob := 1 / (1 + math.Exp(score[1-l]-score[l]))
				if c.Loss == "ova" {
					prob = 1 / (1 + math.Exp(-score[l]))
				}
				alpha := lr * (y[l] - prob)
				for j := range hidden {
					gradient[j] += alpha * p.output[l*c.Dim+j]
					p.output[l*c.Dim+j] += alpha * hidden[j]
				}
			}
			for _, f := range features {
				for j := range gradient {
					p.rows[f][j] += gradient[j] / float64(len(features))
				}
			}
		}
	}
	return p
}

func TestSameSeedSameBits(t *testing.T) {
	a, b := train(t, texts(100), 2, config()), train(t, texts(100), 2, config())
	if !slices.Equal(a.Input.Data, b.Input.Data) || !slices.Equal(a.Output.Data, b.Output.Data) {
		t.Error("two trainings differ")
	}
}

// TestOrderIsTheFilesOnRequest: sorted by label, only shuffled texts teach both.
func TestOrderIsTheFilesOnRequest(t *testing.T) {
	sorted := slices.Clone(texts(400))
	slices.SortStableFunc(sorted, func(a, b Example) int { return a.Labels[0] - b.Labels[0] })
	c := config()
	c.Epochs, c.LR = 2, 1
	first := func(shuffle bool) (right int) {
		c.Shuffle = shuffle
		m := train(t, sorted, 2, c)
		for _, e := range texts(500)[400:] {
			if p, _, _ := m.Probabilities(e.Text); p[e.Labels[0]] > 0.5 {
				right++
			}
		}
		return right
	}
	if drawn, kept := first(true), first(false); drawn < 90 || kept > drawn-20 {
		t.Errorf("%d of 100 right shuffled, %d in order", drawn, kept)
	}
}

func TestFilesKeepAModel(t *testing.T) {
	m := train(t, texts(80), 2, config())
	path := filepath.Join(t.TempDir(), "m.safetensors")
	if err := Write(path, m); err != nil {
		t.Fatal(err)
	}
	again, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	bin := filepath.Join(t.TempDir(), "m.bin") // as the original has it
	if err := again.Write(bin); err != nil {
		t.Fatal(err)
	}
	original, err := fasttext.Open(bin)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range append(texts(100)[80:], Example{"", nil}, Example{"unseen words tidewater", nil}) {
		want, known, _ := m.Probabilities(e.Text)
		for _, other := range []*fasttext.Model{again, original} {
			if got, n, err := other.Probabilities(e.Text); err != nil || n != known || !slices.Equal(got, want) {
				t.Errorf("%v after a file, %v before, %v", got, want, err)
			}
		}
	}
}

func TestKernelsAgree(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for _, stride := range []int{16, 48, 112} {
		rows, size := make([]float32, 50*stride), make([]float32, 50)
		for i := range rows {
			rows[i] = rng.Float32() - 0.5
		}
		for i := range size {
			size[i] = float32(1 + rng.IntN(5))
		}
		list := make([]int32, 37)
		for i := range list {
			list[i] = int32(rng.IntN(50))
		}
		for n := range len(list) + 1 {
			a, b := make([]float32, stride), make([]float32, stride)
			sumRows(a, rows, list[:n], size)
			sumRowsPortable(b, rows, list[:n], size)
			for j := range a {
				if math.Abs(float64(a[j]-b[j])) > 1e-5 {
					t.Fatalf("stride %d, %d rows: sum %v, want %v", stride, n, a[j], b[j])
				}
			}
			one, other := slices.Clone(rows), slices.Clone(rows)
			addToRows(one, list[:n], a)
			addToRowsPortable(other, list[:n], a)
			if !slices.Equal(one, other) {
				t.Fatalf("stride %d, %d rows: additions differ", stride, n)
			}
		}
	}
}

func TestConfigurationsAreChecked(t *testing.T) {
	for want, change := range map[string]func(*Config){
		"ngram.dim": func(c *Config) { c.Dim = 0 }, "ngram.lr": func(c *Config) { c.LR = math.NaN() }, "ngram.minn": func(c *Config) { c.MinN = 9 },
		"ngram.bucket": func(c *Config) { c.Bucket = 0 }, "ngram.loss": func(c *Config) { c.Loss = "hs" },
	} {
		c := config()
		change(&c)
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	c := config()
	c.LR = 100
	c.Epochs = 50
	if _, _, err := Train(context.Background(), texts(100), []string{"sea", "land"}, []float64{1e9, 1e30}, c, 1, nil); err == nil || !strings.Contains(err.Error(), "lower ngram.lr") {
		t.Errorf("a training that ran away gave %v", err)
	}
}

func FuzzOpen(f *testing.F) {
	c := config()
	c.Dim, c.Bucket, c.MaxN = 2, 10, 0
	m, _, err := Train(context.Background(), texts(3), []string{"sea", "land"}, nil, c, 1, nil)
	if err != nil {
		f.Fatal(err)
	}
	path := filepath.Join(f.TempDir(), "m")
	if err := Write(path, m); err != nil {
		f.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(t.TempDir(), "m")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if m, err := Open(path); err == nil {
			if _, _, err := m.Probabilities("the tide"); err != nil {
				t.Log(err)
			}
		}
	})
}

func BenchmarkStep(b *testing.B) {
	examples := texts(2000)
	c := config()
	c.Dim = 100
	dict, err := dictionary(examples, []string{"sea", "land"}, c)
	if err != nil {
		b.Fatal(err)
	}
	a := c.args()
	t := newTrainer(group(examples, dict, &a), examples, 2, nil, c, 1)
	i := 0
	for b.Loop() {
		t.step(i%len(examples), examples[i%len(examples)].Labels, 0.01, nil)
		i++
	}
}
