// Command text_classifier learns to tell two kinds of texts apart from word vectors alone: the mean of a text's word
// vectors is its features, and a logistic regression of twenty lines does the rest.
//
//	go run ./examples/text_classifier glove.6B.50d.txt subjectivity.tsv
//
// Each line of the texts is a label, a tab, a text. Every tenth is held out and tells how well it does.
package main

import (
	"bufio"
	"compress/gzip"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"strings"

	"github.com/go-cloze/cloze/embeddings"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: text_classifier VECTORS TEXTS")
		os.Exit(2)
	}
	if _, err := classify(os.Stdout, os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "text_classifier:", err)
		os.Exit(1)
	}
}

// example is a text made ready: [D+1] float32, the last of them 1 for the bias, and whether it has the second label.
type example struct {
	features []float32
	second   bool
}

// classify returns the share of held-out texts that are told right.
func classify(w io.Writer, vectorsPath, textsPath string) (float64, error) {
	vectors, err := embeddings.Open(vectorsPath)
	if err != nil {
		return 0, err
	}
	defer vectors.Close()
	examples, labels, err := read(vectors, textsPath)
	if err != nil {
		return 0, err
	}
	var training, heldOut []example
	for i, e := range examples {
		if i%10 == 0 {
			heldOut = append(heldOut, e)
		} else {
			training = append(training, e)
		}
	}
	weights := train(training, 20)
	right := 0
	for _, e := range heldOut {
		if (score(weights, e.features) > 0) == e.second {
			right++
		}
	}
	accuracy := float64(right) / float64(len(heldOut))
	fmt.Fprintf(w, "%s against %s: %d texts learnt, %.1f %% of %d others told right\n", labels[0], labels[1], len(training), 100*accuracy, len(heldOut))
	return accuracy, nil
}

// read turns texts into features. Words without a vector are left out, or composed where the vectors can.
func read(vectors *embeddings.Vectors, path string) (examples []example, labels []string, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer file.Close()
	var in io.Reader = file
	if strings.HasSuffix(path, ".gz") {
		if in, err = gzip.NewReader(file); err != nil {
			return nil, nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	lines := bufio.NewScanner(in)
	for number := 1; lines.Scan(); number++ {
		label, text, ok := strings.Cut(lines.Text(), "\t")
		if !ok {
			return nil, nil, fmt.Errorf("%s:%d: want a label, a tab and a text", path, number)
		}
		if len(labels) == 0 || len(labels) == 1 && labels[0] != label {
			labels = append(labels, label)
		} else if label != labels[0] && label != labels[1] {
			return nil, nil, fmt.Errorf("%s:%d: a third label %q beside %q; two can be told apart", path, number, label, labels)
		}
		features := make([]float32, 0, vectors.Dim()+1)
		features, _, err := vectors.AppendText(features, strings.Fields(text), embeddings.TextOptions{Unknown: embeddings.ComposeOrSkip})
		if err != nil {
			return nil, nil, fmt.Errorf("%s:%d: %w", path, number, err)
		}
		examples = append(examples, example{append(features, 1), label != labels[0]})
	}
	if lines.Err() != nil || len(labels) < 2 || len(examples) < 20 {
		return nil, nil, fmt.Errorf("%s: %d texts with the labels %q (%v); want two labels and at least 20 texts", path, len(examples), labels, lines.Err())
	}
	return examples, labels, nil
}

// train is logistic regression by stochastic gradient descent.
func train(examples []example, epochs int) []float64 {
	weights := make([]float64, len(examples[0].features))
	rng := rand.New(rand.NewPCG(1, 2))
	for epoch := range epochs {
		rate := 0.1 * (1 - float64(epoch)/float64(epochs))
		for _, i := range rng.Perm(len(examples)) {
			e := examples[i]
			slope := 1 / (1 + math.Exp(-score(weights, e.features))) // the probability of the second label
			if e.second {
				slope--
			}
			for d, x := range e.features {
				weights[d] -= rate * slope * float64(x)
			}
		}
	}
	return weights
}

func score(weights []float64, features []float32) float64 {
	sum := 0.0
	for d, x := range features {
		sum += weights[d] * float64(x)
	}
	return sum
}
