//go:build torch

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"math/rand/v2"

	"github.com/spf13/cobra"

	"github.com/go-cloze/cloze/cmd/cloze/config"
	"github.com/go-cloze/cloze/corpus"
	"github.com/go-cloze/cloze/corpus/shard"
	"github.com/go-cloze/cloze/models/pipeline"
	"github.com/go-cloze/cloze/objectives"
	"github.com/go-cloze/cloze/objectives/train"
)

// evalConfig is what "eval lm" can be told by keys.
type evalConfig struct {
	Corpus    corpusSection `yaml:"corpus"`
	BlockSize int           `yaml:"block_size"` // tokens of context at most; 0 is the model's context
	BatchSize int           `yaml:"batch_size"` // blocks at a time; changes the speed, not the result
}

// evalFlags are the flags of "eval lm".
type evalFlags struct {
	device      string
	threads     int
	quiet, json bool
	from        pipeline.Options
	config      configFlags
	reading     readingFlags
}

func newEvalLM() *cobra.Command {
	var f evalFlags
	cfg := evalConfig{Corpus: defaultCorpus(), BatchSize: 8}
	cmd := &cobra.Command{
		Use:   "lm RUN|DIR PATH... [flags]",
		Short: shortEvalLM,
		Long: `Measure a language model (a run or a Hugging Face folder) on the texts at PATH..., beside the unigram baseline: the
loss of guessing by the token frequencies of these very texts, the best that frequencies alone can do here. Texts are
cut into blocks as in training; each token is predicted once, from the tokens before it in its block. An encoder is
asked for tokens that are masked as BERT's are, the same ones each time: its loss is no other objective's.

Keys and their defaults, for --config and --set:

` + indent(string(config.Format(&cfg))),
		Args: wantArgs(2, -1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if _, err := config.Load(&cfg, f.config.file, f.config.sets); err != nil {
				return err
			}
			if err := cfg.Corpus.resolve(&f.reading); err != nil {
				return err
			}
			if cfg.BlockSize < 0 || cfg.BatchSize < 1 {
				return fmt.Errorf("block_size is %d and batch_size %d; give at least 0 and 1", cfg.BlockSize, cfg.BatchSize)
			}
			if err := useDevice(f.device, f.threads); err != nil {
				return err
			}
			lm, err := openModel(cmd, args[0], f.from, f.quiet)
			if err != nil {
				return err
			}
			defer lm.Close()
			return evalLM(cmd, lm, args, cfg, f)
		},
	}
	addDevice(cmd, &f.device)
	addThreads(cmd, &f.threads)
	addCheckpoint(cmd, &f.from.Checkpoint)
	f.config.add(cmd)
	f.reading.add(cmd)
	addQuiet(cmd, &f.quiet)
	addJSON(cmd, &f.json)
	return cmd
}

// evalReport is what "eval lm" finds.
type evalReport struct {
	Model     string `json:"model"`
	Weights   string `json:"weights"`
	Documents int    `json:"documents"`
	train.Evaluation
	Masked             bool          `json:"masked,omitempty"` // an encoder's loss is of masked tokens
	UnigramLoss        float64       `json:"unigram_loss"`     // nats a token
	UnigramBitsPerByte float64       `json:"unigram_bits_per_byte"`
	BelowUnigram       float64       `json:"below_unigram"` // share by which the model's bits a byte are lower
	Corpus             corpus.Report `json:"corpus"`
}

func evalLM(cmd *cobra.Command, lm *pipeline.LM, args []string, cfg evalConfig, f evalFlags) error {
	ctx, stderr := cmd.Context(), cmd.ErrOrStderr()
	set, report, err := evalSet(ctx, cmd, lm, args[1:], cfg, f)
	if err != nil {
		return err
	}
	report.Model, report.Weights = args[0], lm.Weights
	block := lm.Model.Configuration().Shape().NumContext
	if cfg.BlockSize > block {
		return fmt.Errorf("block_size %d is more than the model's context of %d tokens; give at most that", cfg.BlockSize, block)
	} else if cfg.BlockSize > 0 {
		block = cfg.BlockSize
	}
	objective, err := evalObjective(lm)
	if err != nil {
		return err
	}
	textBytes := set.Bytes()
	if report.Masked = !lm.Model.Configuration().Shape().Causal; report.Masked {
		block, textBytes = min(block, lm.Model.Configuration().Shape().NumContext-objectives.DefaultMask().RowExtra()), 0
	}
	blocks := set.Cut(block)
	bar := newProgress(stderr, f.quiet, "evaluate", int64(blocks.Len()))
	counted := &countingBlocks{Blocks: blocks, bar: bar}
	report.Evaluation, err = train.Evaluate(ctx, lm.Model, objective.loss, objective.examples, counted, cfg.BatchSize, textBytes)
	if err != nil {
		bar.end("stopped")
		return err
	}
	bar.end(count(report.Tokens) + " tokens")
	report.addUnigram(blocks, objective.examples)
	if f.json {
		return json.NewEncoder(cmd.OutOrStdout()).Encode(report)
	}
	return report.print(cmd.OutOrStdout())
}

// evalObjective is what a model is measured by: a causal one by the next token, an encoder by tokens that BERT's rule masks, the same ones each time.
func evalObjective(lm *pipeline.LM) (objective, error) {
	c := defaultPretrain()
	if !lm.Model.Configuration().Shape().Causal {
		c.Objective = "masked-token"
	}
	return c.newObjective(lm.Tokenizer, nil)
}

// evalSet reads the texts into one stream of ids.
func evalSet(ctx context.Context, cmd *cobra.Command, lm *pipeline.LM, paths []string, cfg evalConfig, f evalFlags) (*objectives.Stream, evalReport, error) {
	var report evalReport
	src, err := cfg.Corpus.open(cmd.InOrStdin(), paths)
	if err != nil {
		return nil, report, err
	}
	defer src.Close()
	eot, ok := lm.Tokenizer.EndOfText()
	if !ok {
		eot = objectives.IgnoreIndex
	}
	builder := objectives.NewBuilder(lm.Tokenizer.VocabSize(), eot)
	encoder := shard.Encoder{Tokenizer: lm.Tokenizer, Threads: f.threads}
	if err := encoder.Run(ctx, src.All(), func(d *shard.Encoded) error { return builder.Add(d.Text, d.IDs) }); err != nil {
		return nil, report, err
	}
	if err := src.Report().CheckDocuments(); err != nil {
		return nil, report, err
	}
	set, _, _ := builder.Split(objectives.SplitConfig{}, nil)
	report.Corpus, report.Documents = src.Report(), set.Documents()
	return set, report, nil
}

// countingBlocks moves a bar as its blocks are asked for.
type countingBlocks struct {
	objectives.Blocks
	bar *progress
}

func (c *countingBlocks) Sequences(i int, dst []objectives.Sequence) []objectives.Sequence {
	c.bar.set(int64(i), "")
	return c.Blocks.Sequences(i, dst)
}

// addUnigram works out the entropy of the targets' own frequencies.
func (r *evalReport) addUnigram(blocks objectives.Blocks, o objectives.Objective) {
	counts := map[int32]int64{}
	var total int64
	var batch objectives.Batch
	var seqs []objectives.Sequence
	var pcg rand.PCG
	for i := range blocks.Len() {
		batch.Reset()
		seqs = blocks.Sequences(i, seqs[:0])
		objectives.SeedSample(&pcg, 0, 0, uint64(i)) // as train.Evaluate does: the same targets
		o.Examples(&batch, seqs, rand.New(&pcg))
		for _, id := range batch.Targets {
			if id != objectives.IgnoreIndex {
				counts[id]++
				total++
			}
		}
	}
	var nats float64
	for _, n := range counts {
		nats -= float64(n) * math.Log(float64(n)/float64(total))
	}
	r.UnigramLoss = nats / float64(total)
	if r.Bytes > 0 {
		r.UnigramBitsPerByte = nats / math.Ln2 / float64(r.Bytes)
	}
	if nats > 0 {
		r.BelowUnigram = 1 - r.Loss/r.UnigramLoss
	}
}

func (r *evalReport) print(w io.Writer) error {
	fmt.Fprint(w, r.Corpus)
	if r.Masked {
		fmt.Fprintf(w, "%-10s %18s %12s\n", "", "nats/masked token", "perplexity")
		fmt.Fprintf(w, "%-10s %18.4f %12.2f\n", "model", r.Loss, r.Perplexity)
		fmt.Fprintf(w, "%-10s %18.4f %12.2f\n", "unigram", r.UnigramLoss, math.Exp(r.UnigramLoss))
		_, err := fmt.Fprintf(w, "%s masked tokens in %s documents; the model is %.1f %% below the unigram baseline\n", count(r.Tokens), count(r.Documents), 100*r.BelowUnigram)
		return err
	}
	fmt.Fprintf(w, "%-10s %12s %12s %12s\n", "", "nats/token", "perplexity", "bits/byte")
	fmt.Fprintf(w, "%-10s %12.4f %12.2f %12.4f\n", "model", r.Loss, r.Perplexity, r.BitsPerByte)
	fmt.Fprintf(w, "%-10s %12.4f %12.2f %12.4f\n", "unigram", r.UnigramLoss, math.Exp(r.UnigramLoss), r.UnigramBitsPerByte)
	_, err := fmt.Fprintf(w, "%s tokens, %s bytes of text in %s documents; the model is %.1f %% below the unigram baseline\n",
		count(r.Tokens), count(r.Bytes), count(r.Documents), 100*r.BelowUnigram)
	return err
}
