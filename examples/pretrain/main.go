// Command pretrain trains a tiny next-token model from Go, without the command line tool: the packages in the order
// in which the data goes through them. It needs libtorch (make setup).
//
//	go run ./examples/pretrain text.txt
package main

import (
	"context"
	"fmt"
	"io"
	"iter"
	"os"

	"github.com/go-cloze/cloze/corpus"
	"github.com/go-cloze/cloze/models"
	"github.com/go-cloze/cloze/models/torch"
	"github.com/go-cloze/cloze/objectives"
	"github.com/go-cloze/cloze/objectives/loss"
	"github.com/go-cloze/cloze/objectives/train"
	"github.com/go-cloze/cloze/tokenize"
	bpe "github.com/go-cloze/cloze/tokenize/train"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: pretrain TEXT")
		os.Exit(2)
	}
	if _, err := pretrain(context.Background(), os.Stdout, os.Args[1], 200); err != nil {
		fmt.Fprintln(os.Stderr, "pretrain:", err)
		os.Exit(1)
	}
}

// pretrain trains a tokenizer and a model on a text file and returns what the last evaluation found.
func pretrain(ctx context.Context, w io.Writer, path string, steps int) (train.Result, error) {
	tokenizer, err := trainTokenizer(path)
	if err != nil {
		return train.Result{}, err
	}
	training, valid, err := encode(path, tokenizer)
	if err != nil {
		return train.Result{}, err
	}

	shape, err := models.GPTPreset("gpt-nano")
	if err != nil {
		return train.Result{}, err
	}
	shape.VocabSize, shape.NumContext = tokenizer.VocabSize(), 64
	config := train.DefaultConfig()
	config.Steps, config.WarmupSteps, config.BatchSize, config.BlockSize = steps, steps/10, 8, 64
	config.LearningRate, config.EvalEvery = 3e-3, 0

	var model *models.GPT
	err = torch.Do(func() error { // whatever touches tensors runs inside Do
		model, err = models.NewGPT(shape, config.Seed)
		return err
	})
	if err != nil {
		return train.Result{}, err
	}
	defer torch.Do(func() error { model.Params().Free(); return nil })

	return train.Run(ctx, config, train.Job{
		Model: model, Objective: objectives.NextToken{}, Loss: loss.NextToken{},
		Train: training.Cut(config.BlockSize), Valid: valid.Cut(config.BlockSize), ValidBytes: valid.Bytes(),
		OnEval: func(step int, e train.Evaluation) {
			fmt.Fprintf(w, "step %d: %.3f nats/token, %.3f bits/byte on held-out text\n", step, e.Loss, e.BitsPerByte)
		},
	})
}

// trainTokenizer reads the documents (a line each) once.
func trainTokenizer(path string) (*tokenize.Tokenizer, error) {
	source, err := corpus.Open(path)
	if err != nil {
		return nil, err
	}
	defer source.Close()
	config := bpe.DefaultBPE()
	config.VocabSize = 512
	tokenizer, _, err := bpe.BPE(config, texts(source))
	return tokenizer, err
}

func texts(source *corpus.Source) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for document, err := range source.All() {
			if !yield(document.Text, err) {
				return
			}
		}
	}
}

// encode turns the documents into ids and holds a tenth of them out.
func encode(path string, tokenizer *tokenize.Tokenizer) (training, valid *objectives.Stream, err error) {
	source, err := corpus.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer source.Close()
	eot, _ := tokenizer.EndOfText()
	builder := objectives.NewBuilder(tokenizer.VocabSize(), eot)
	for document, err := range source.All() {
		if err != nil {
			return nil, nil, err
		}
		if err := builder.Add(document.Text, tokenizer.AppendIDs(nil, document.Text)); err != nil {
			return nil, nil, err
		}
	}
	textBytes := func(ids []int32) int64 { return int64(len(tokenizer.AppendBytes(nil, ids, true))) }
	training, valid, _ = builder.Split(objectives.SplitConfig{ValidFraction: 0.1}, textBytes)
	return training, valid, nil
}
