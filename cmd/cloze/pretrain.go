//go:build torch

package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/go-cloze/cloze/cmd/cloze/config"
	"github.com/go-cloze/cloze/models"
	"github.com/go-cloze/cloze/models/torch"
)

// pretrainFlags are the flags of "pretrain".
type pretrainFlags struct {
	objective, model, init, tokenizer, out, cache string
	onDivergence                                  string
	steps, keep                                   int
	seed                                          uint64
	device                                        string
	threads                                       int
	resume, quiet, json                           bool
	initVectors                                   string
	updateVocab, deterministic                    bool
	config                                        configFlags
	reading                                       readingFlags

	changed    func(flag string) bool
	vocabGiven bool // the user, not the tokenizer, said how many rows the table has
}

func newPretrain() *cobra.Command {
	var f pretrainFlags
	cfg := defaultPretrain()
	cmd := &cobra.Command{
		Use:   "pretrain --out RUN [flags] PATH...",
		Short: shortPretrain,
		Long: `Train a language model on the texts at PATH... and write a run folder: config.yaml (every key resolved),
tokenizer.json, model.json, metrics.jsonl, tokens, checkpoints. PATH is a file, a folder, a pattern, or - for standard input.
Corpora are mixed by weight with the key data.mix and no PATH: --set data.mix=0.7=wiki/,0.3=books/*.txt

Without --tokenizer one is trained on the texts first. Some documents are held out and never trained on; the report
at the end gives the loss on them beside that of guessing by token frequency.

An interrupt writes a checkpoint. The same command with --resume goes on, bit for bit, after an interrupt, a kill or a
full disk alike; keys that would make it another run are refused.

--model is a preset (` + strings.Join(models.GPTPresets(), ", ") + `;
` + strings.Join(models.LlamaPresets(), ", ") + `;
encoders, for masked-token: ` + strings.Join(models.BERTPresets()[:6], ", ") + `,
` + strings.Join(models.BERTPresets()[6:], ", ") + `)
or a config.json of Hugging Face's GPT-2, Llama, BERT or an encoder of its shape. --init goes on from the weights of a run or a Hugging Face folder, with
its tokenizer; a --tokenizer that adds tokens to it grows the vocabulary.

masked-token hides tokens of rows "[CLS] text [SEP]", by the section masking, and asks for them; what a tokenizer lacks
for such rows is added to it. translation does so in rows of two texts that say the same, line N of FIRST and line N of
SECOND, the two PATHs that it wants (FIRST|SECOND in data.mix).

Keys and their defaults, for --config and --set; train.block_size and train.batch_size follow from the model's context,
train.warmup_steps from the steps, and model.vocab_size from the tokenizer, unless given:

` + indent(string(config.Format(&cfg))) + vectorsHelp(),
		Args: wantArgs(0, -1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := wantFlags(cmd, "out"); err != nil {
				return err
			}
			return startPretrain(cmd, &cfg, &f, args)
		},
	}
	cmd.Flags().StringVar(&f.objective, "objective", cfg.Objective, "what is trained for: "+strings.Join(append(objectiveNames, vectorObjectives...), ", "))
	cmd.Flags().StringVar(&f.model, "model", "", `preset or config.json (default "`+cfg.Model.Preset+`", for masked-token "`+models.BERTPresets()[0]+`")`)
	cmd.Flags().StringVar(&f.init, "init", "", "run or Hugging Face folder whose weights and tokenizer training starts from")
	addTokenizer(cmd, &f.tokenizer, "tokenizer.json to use, or a folder that holds one (default: trained on the texts)")
	cmd.Flags().StringVar(&f.out, "out", "", "run folder to make; without --resume refused if it exists and is not empty")
	cmd.Flags().StringVar(&f.cache, "cache", "", "folder that keeps token shards for runs on the same texts and tokenizer (default: RUN/tokens)")
	cmd.Flags().IntVar(&f.steps, "steps", cfg.Train.Steps, "updates of the weights; the key train.steps")
	cmd.Flags().BoolVar(&f.resume, "resume", false, "go on with the run at --out, from its newest complete checkpoint; PATH may be left out")
	cmd.Flags().IntVar(&f.keep, "keep", cfg.Checkpoint.Keep, "newest checkpoints that stay, beside the best one; 0 keeps all; the key checkpoint.keep")
	cmd.Flags().StringVar(&f.onDivergence, "on-divergence", cfg.Train.OnDivergence, "what a loss that is not finite does: stop, or backoff (to the last checkpoint, half the learning rate); the key train.on_divergence")
	addSeed(cmd, &f.seed, cfg.Train.Seed)
	addDevice(cmd, &f.device)
	addThreads(cmd, &f.threads)
	f.addVectors(cmd)
	f.config.add(cmd)
	f.reading.add(cmd)
	f.reading.addExclude(cmd)
	addQuiet(cmd, &f.quiet)
	addJSON(cmd, &f.json)
	return cmd
}

// startPretrain checks all that can be checked before anything is read, and runs.
func startPretrain(cmd *cobra.Command, cfg *pretrainConfig, f *pretrainFlags, args []string) error {
	f.changed = cmd.Flags().Changed
	if objective := objectiveOf(f); slices.Contains(vectorObjectives, objective) {
		return startWordVectors(cmd, objective, f, args)
	}
	if err := f.refuseForModels(); err != nil {
		return err
	}
	p := pretraining{cmd: cmd}
	var err error
	if f.resume {
		if p.folder, p.resumed, err = openRun(f); err != nil {
			return err
		}
		defer p.folder.Close()
	}
	if p.resumed != nil {
		err = cfg.resolveResumed(f)
	} else {
		err = cfg.resolve(f)
	}
	if err != nil {
		return err
	}
	p.cfg, p.flags = *cfg, *f
	if p.resumed != nil && len(args) == 0 && len(cfg.Data.Mix) == 0 {
		p.parts = []*part{{weight: 1}} // its tokens are there
	} else if p.parts, err = cfg.Data.parts(args); err != nil {
		return err
	}
	for _, part := range p.parts {
		p.paths = append(p.paths, part.paths...)
	}
	if err := cfg.checkLanguages(len(p.parts)); err != nil {
		return err
	}
	if err := useDevice(cfg.Device, cfg.Threads); err != nil {
		return err
	}
	if p.folder == nil {
		if p.folder, _, err = openRun(f); err != nil {
			return err
		}
		defer p.folder.Close()
	}
	return p.run()
}

// lay puts the flags that were given over the keys.
func (f *pretrainFlags) lay(c *pretrainConfig) {
	for flag, set := range map[string]func(){
		"objective": func() { c.Objective = f.objective },
		"steps":     func() { c.Train.Steps = f.steps },
		"seed":      func() { c.Train.Seed = f.seed },
		"device":    func() { c.Device = f.device },
		"threads":   func() { c.Threads = f.threads },
		"keep":      func() { c.Checkpoint.Keep = f.keep },

		"on-divergence": func() { c.Train.OnDivergence = f.onDivergence },
	} {
		if f.changed(flag) {
			set()
		}
	}
}

// useDevice checks that the device is there, before anything long begins, and sets the threads of an operation.
func useDevice(name string, threads int) error {
	device, err := torch.ParseDevice(name)
	if err != nil {
		return err
	}
	return torch.Do(func() error {
		if threads > 0 {
			torch.SetThreads(threads)
		}
		return device.Check()
	})
}
