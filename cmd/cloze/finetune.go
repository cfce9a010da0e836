package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/go-cloze/cloze/cmd/cloze/config"
	"github.com/go-cloze/cloze/corpus"
	"github.com/go-cloze/cloze/corpus/labelled"
	"github.com/go-cloze/cloze/objectives/classify"
	"github.com/go-cloze/cloze/objectives/ngram"
)

// finetuneConfig is what "finetune" can be told by keys.
type finetuneConfig struct {
	Corpus         corpusSection        `yaml:"corpus"`
	PairField      string               `yaml:"pair_field"`      // column of a second text
	LabelSeparator string               `yaml:"label_separator"` // between several labels in one cell
	MinLabelCount  int                  `yaml:"min_label_count"` // labels of fewer records are dropped, and named
	Split          labelled.SplitConfig `yaml:"split"`           // what is held out where there is no --valid
	Folds          int                  `yaml:"folds"`           // cross-validation before the training; 0 is none
	Seeds          int                  `yaml:"seeds"`           // trainings, with --seed and those after it; the best on the validation part is kept
	Fold           bool                 `yaml:"fold"`            // undo spellings that hide a word: digits for letters, look-alikes
	Weights        string               `yaml:"weights"`         // none, balanced, or sampling: records of rare labels are drawn more often (encoders)
	Calibrate      bool                 `yaml:"calibrate"`       // seek a temperature on the validation part
	Thresholds     bool                 `yaml:"thresholds"`      // tune thresholds there
	Ngram          ngram.Config         `yaml:"ngram"`
	Encoder        encoderConfig        `yaml:"encoder"`
}

// encoderConfig is how an encoder is trained; the keys are those of transformers' TrainingArguments where it has them.
type encoderConfig struct {
	Epochs                float64 `yaml:"epochs"`
	BatchSize             int     `yaml:"batch_size"`              // records in a step
	LearningRate          float64 `yaml:"learning_rate"`           // highest; it falls to 0 in a line
	WarmupRatio           float64 `yaml:"warmup_ratio"`            // share of the steps over which it rises
	WeightDecay           float64 `yaml:"weight_decay"`            // of matrices and tables
	MaxLength             int     `yaml:"max_length"`              // most tokens of a text; 0 is 256 or what the model has
	Dropout               float64 `yaml:"dropout"`                 // in training, everywhere; -1 is the model's own
	LabelSmoothing        float64 `yaml:"label_smoothing"`         // share of the target that is spread over all labels
	FocalGamma            float64 `yaml:"focal_gamma"`             // above 0 makes little of records that are already right
	LayerDecay            float64 `yaml:"layer_decay"`             // of the learning rate from the head to the top layer, and from each to the one below
	Freeze                string  `yaml:"freeze"`                  // what is not trained: none, embeddings, so many layers from the bottom, or all but the head
	UnfreezeEpochs        float64 `yaml:"unfreeze_epochs"`         // the head is trained alone first, and every so many epochs one more layer; 0 trains all at once
	EvalEpochs            float64 `yaml:"eval_epochs"`             // between looks at the validation part, whose best weights are kept
	EarlyStoppingPatience int     `yaml:"early_stopping_patience"` // looks without a better score that end the training; 0 never does
}

func defaultEncoder() encoderConfig {
	return encoderConfig{Epochs: 3, BatchSize: 32, LearningRate: 5e-5, WarmupRatio: 0.06, WeightDecay: 0.01, Dropout: -1, LayerDecay: 1, Freeze: "none",
		EvalEpochs: 0.5}
}

// validate names the first key that cannot be used.
func (c encoderConfig) validate() error {
	for _, x := range []struct {
		key                string
		value, least, most float64
	}{
		{"epochs", c.Epochs, 1e-6, 1e6}, {"batch_size", float64(c.BatchSize), 1, 1e6}, {"learning_rate", c.LearningRate, 1e-12, 1},
		{"warmup_ratio", c.WarmupRatio, 0, 1}, {"weight_decay", c.WeightDecay, 0, 1}, {"max_length", float64(c.MaxLength), 0, 1e6},
		{"dropout", c.Dropout, -1, 0.99}, {"label_smoothing", c.LabelSmoothing, 0, 0.99}, {"focal_gamma", c.FocalGamma, 0, 100}, {"eval_epochs", c.EvalEpochs, 1e-6, 1e6},
		{"early_stopping_patience", float64(c.EarlyStoppingPatience), 0, 1e6},
		{"layer_decay", c.LayerDecay, 1e-6, 1}, {"unfreeze_epochs", c.UnfreezeEpochs, 0, 1e6},
	} {
		if !(x.value >= x.least && x.value <= x.most) {
			return fmt.Errorf("encoder.%s is %g: give a number from %g to %g", x.key, x.value, x.least, x.most)
		}
	}
	_, err := c.firstTrained(1 << 20)
	return err
}

// fitted is a classifier that has been trained; close it.
type fitted struct {
	*classify.Classifier
	result any // what the training tells of itself
	save   func(dir string) error
	close  func() error
}

// finetuneFlags are the flags of "finetune".
type finetuneFlags struct {
	labelFlags
	model, out, valid, bin string
	seed                   uint64
	threads                int
	quiet, json            bool
	config                 configFlags
	reading                readingFlags
}

func newFinetune() *cobra.Command {
	var f finetuneFlags
	cfg := finetuneConfig{Corpus: defaultCorpus(), MinLabelCount: 1, Split: labelled.DefaultSplit(), Seeds: 1, Weights: classify.WeightsNone, Calibrate: true,
		Ngram: ngram.DefaultConfig(), Encoder: defaultEncoder()}
	cmd := &cobra.Command{
		Use:   "finetune --model ngram|FOLDER --out DIR PATH... [flags]",
		Short: "train a text classifier on labelled records",
		Long: `Train a text classifier on the records of PATH... (csv, tsv, jsonl, or .txt in fastText's form) and write it to DIR,
for cloze predict and cloze eval classifier.

--model ngram is fastText's supervised model: words, n-grams of words and pieces of words, averaged; seconds on one
thread. Its keys have fastText's names and defaults, but texts are read in lower case (ngram.lowercase).
--model FOLDER is an encoder, from cloze pretrain or in Hugging Face's form, which gets a head for the labels and is
trained whole (needs libtorch). DIR is then a folder of AutoModelForSequenceClassification, too.

The label is the text in --label-field. Given several times, each is a label of its own, in whose column a number above
0 or yes says that a record has it; label_separator parts a cell of several labels. Labels that look like scores are
asked about: --task.

Without --valid a part of the records is held out by split.kind: stratified, group or time. It serves for the
temperature by which probabilities are made honest (calibrate), for thresholds, and for the numbers at the end. With
split.fraction=0 nothing is held out.

Keys and their defaults, for --config and --set:

` + indent(string(config.Format(&cfg))),
		Args: wantArgs(1, -1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := wantFlags(cmd, "model", "out"); err != nil {
				return err
			}
			if err := f.checkModel(); err != nil {
				return err
			}
			if _, err := config.Load(&cfg, f.config.file, f.config.sets); err != nil {
				return err
			}
			return runFinetune(cmd, args, cfg, f)
		},
	}
	cmd.Flags().StringVar(&f.model, "model", "", "what is trained: ngram, or the folder of an encoder")
	addOut(cmd, &f.out, "folder of the classifier")
	cmd.Flags().StringVar(&f.valid, "valid", "", "file of the validation records, in place of a split")
	f.labelFlags.add(cmd, `field or column of the label (default "label"); may be repeated`)
	cmd.Flags().StringVar(&f.task, "task", "", "single, multi or regression; else what the labels look like")
	cmd.Flags().StringVar(&f.bin, "fasttext", "", "write the model as a .bin that fastText opens, too; refused if it exists")
	addSeed(cmd, &f.seed, 1)
	addThreads(cmd, &f.threads) // of an encoder
	f.config.add(cmd)
	f.reading.add(cmd)
	f.reading.addExclude(cmd)
	addQuiet(cmd, &f.quiet)
	addJSON(cmd, &f.json)
	return cmd
}

// checkModel refuses a model that is none, and flags that are for the other kind.
func (f *finetuneFlags) checkModel() error {
	if f.model == classify.NgramModel {
		if f.threads > 1 {
			return usagef("--model ngram trains on one thread; --threads is for an encoder")
		}
		return nil
	}
	if info, err := os.Stat(f.model); err != nil || !info.IsDir() {
		return fmt.Errorf("--model %q is neither ngram nor the folder of an encoder", f.model)
	}
	if f.bin != "" {
		return usagef("--fasttext is for --model ngram; an encoder has no such file")
	}
	return nil
}

// options are how the records are read.
func (c *finetuneConfig) options(f finetuneFlags) (labelled.Options, error) {
	if err := c.Corpus.resolve(&f.reading); err != nil {
		return labelled.Options{}, err
	}
	if err := c.Split.Validate(); err != nil {
		return labelled.Options{}, err
	}
	if err := c.Encoder.validate(); err != nil {
		return labelled.Options{}, err
	}
	if c.Seeds < 1 {
		return labelled.Options{}, fmt.Errorf("seeds is %d: give at least 1", c.Seeds)
	}
	o := labelled.Options{Options: c.Corpus.Options, Task: labelled.Task(f.task), LabelFields: f.labels, Separator: c.LabelSeparator,
		PairField: c.PairField, MinCount: c.MinLabelCount}
	if c.Split.Field != "" {
		o.Fields = []string{c.Split.Field}
	}
	return o, nil
}

// finetuneReport is what "finetune" tells.
type finetuneReport struct {
	Out     string             `json:"out"`
	Corpus  corpus.Report      `json:"corpus"`
	Card    classify.Card      `json:"card"`
	Train   any                `json:"train"` // an ngram.Result, or a train.Result of an encoder
	Dropped []labelled.Dropped `json:"dropped_labels,omitempty"`
	Folds   []classify.Spread  `json:"folds,omitempty"`
	Seeds   []classify.Spread  `json:"seeds,omitempty"`
	Valid   *classify.Report   `json:"valid,omitempty"`
}

func runFinetune(cmd *cobra.Command, paths []string, cfg finetuneConfig, f finetuneFlags) error {
	for _, path := range []string{f.out, f.bin} {
		if path != "" {
			if err := refuseExisting(path); err != nil {
				return err
			}
		}
	}
	training, valid, report, err := readFinetune(cmd, paths, cfg, f)
	if err != nil {
		return err
	}
	if report.Folds, err = crossValidate(cmd, training, cfg, f); err != nil {
		return err
	}
	c, judged, spread, err := trainSeeds(cmd, training, valid, cfg, f)
	if err != nil {
		return err
	}
	defer c.close()
	report.Valid, report.Seeds = judged, spread
	c.Card.TextField, c.Card.PairField = cfg.Corpus.TextField, cfg.PairField
	c.Card.LabelFields, c.Card.Separator = f.labels, cfg.LabelSeparator
	if f.reading.textField != "" {
		c.Card.TextField = f.reading.textField
	}
	if err := c.save(f.out); err != nil {
		return err
	}
	if f.bin != "" {
		if err := c.WriteFastText(f.bin); err != nil {
			return err
		}
	}
	report.Out, report.Card, report.Train = f.out, c.Card, c.result
	if f.json {
		return json.NewEncoder(cmd.OutOrStdout()).Encode(report)
	}
	return report.print(cmd.OutOrStdout())
}

// fit trains what --model names.
func fit(cmd *cobra.Command, training, valid *labelled.Set, cfg finetuneConfig, f finetuneFlags, quiet bool) (fitted, error) {
	if f.model != classify.NgramModel {
		return fitEncoder(cmd, training, valid, cfg, f, quiet)
	}
	bar := newProgress(cmd.ErrOrStderr(), quiet, "train", 1000)
	c, result, err := classify.TrainNgram(cmd.Context(), training, valid, cfg.train(f.seed, bar))
	if err != nil {
		bar.end("stopped")
		return fitted{}, err
	}
	bar.end(fmt.Sprintf("%s records, %s words, %s features in %s rows, loss %.4f", count(len(training.Records)), count(result.Words),
		count(result.Features), count(result.Rows), result.Losses[len(result.Losses)-1]))
	return fitted{Classifier: c, result: result, save: c.Save, close: func() error { return nil }}, nil
}

// train are the options of one training.
func (c *finetuneConfig) train(seed uint64, bar *progress) classify.NgramOptions {
	return classify.NgramOptions{Config: c.Ngram, Weights: c.Weights, Fold: c.Fold, Calibrate: c.Calibrate, Thresholds: c.Thresholds, Seed: seed,
		Progress: func(p ngram.Progress) {
			bar.set(int64(1000*p.Done), fmt.Sprintf("epoch %d  loss %.4f", p.Epoch, p.Loss))
		}}
}

// readFinetune reads the records, shows the label map, and holds the validation part out.
func readFinetune(cmd *cobra.Command, paths []string, cfg finetuneConfig, f finetuneFlags) (training, valid *labelled.Set, report finetuneReport, err error) {
	o, err := cfg.options(f)
	if err != nil {
		return nil, nil, report, err
	}
	set, err := openLabelled(cmd.InOrStdin(), o, paths)
	if err != nil {
		return nil, nil, report, err
	}
	report.Dropped, report.Corpus = set.Dropped, set.Report
	if !f.quiet {
		printLabels(cmd.ErrOrStderr(), set)
	}
	if err := set.Trainable(); err != nil {
		return nil, nil, report, err
	}
	if f.valid != "" {
		o.Known, o.MinCount = set.Labels, 0
		if valid, err = openLabelled(cmd.InOrStdin(), o, []string{f.valid}); err == nil {
			warnLacking(cmd.ErrOrStderr(), "validation", valid)
		}
		return set, valid, report, err
	}
	in, out, err := labelled.Split(set, cfg.Split, f.seed)
	if err != nil {
		return nil, nil, report, err
	}
	training, valid = set.Subset(in), set.Subset(out)
	if len(out) > 0 {
		if !f.quiet {
			fmt.Fprintf(cmd.ErrOrStderr(), "%s records are held out for validation, %s\n", count(len(out)), cfg.Split.Kind)
		}
		warnLacking(cmd.ErrOrStderr(), "training", training)
		warnLacking(cmd.ErrOrStderr(), "validation", valid)
	}
	return training, valid, report, nil
}

// printLabels shows the label map before anything is learnt.
func printLabels(w io.Writer, s *labelled.Set) {
	fmt.Fprintf(w, "%s records, task %s", count(len(s.Records)), s.Task)
	if s.Empty > 0 {
		fmt.Fprintf(w, ", %s of them without text", count(s.Empty))
	}
	fmt.Fprintln(w)
	counts := s.Count()
	const most = 50
	for i, l := range s.Labels {
		if i == most {
			fmt.Fprintf(w, "  ... and %s more labels\n", count(len(s.Labels)-most))
			break
		}
		fmt.Fprintf(w, "  %3d  %-24s %10s  %5.1f %%\n", i, l, count(counts[i]), 100*float64(counts[i])/float64(len(s.Records)))
	}
	for _, d := range s.Dropped {
		fmt.Fprintf(w, "warning: label %q is dropped, too few records have it:", d.Label)
		for _, p := range d.Sources {
			fmt.Fprintf(w, " %v", p)
		}
		fmt.Fprintln(w)
	}
}

// warnLacking names the labels that a part has no record of.
func warnLacking(w io.Writer, part string, s *labelled.Set) {
	for i, n := range s.Count() {
		if n == 0 {
			fmt.Fprintf(w, "warning: the %s part has no record of the label %q\n", part, s.Labels[i])
		}
	}
}

func (r *finetuneReport) print(w io.Writer) error {
	for _, reason := range []corpus.Reason{corpus.RepeatsExcluded, corpus.NearExcluded} {
		if r.Corpus.Excluded > 0 {
			fmt.Fprintf(w, "%v: %s (of %s texts)\n", reason, count(r.Corpus.Count(reason)), count(r.Corpus.Excluded))
		}
	}
	printSpread(w, "folds", r.Folds)
	printSpread(w, "seeds", r.Seeds)
	if len(r.Seeds) > 0 {
		fmt.Fprintf(w, "kept is seed %d, the best of them: its own numbers are a little too good\n", r.Card.Seed)
	}
	if r.Valid != nil {
		fmt.Fprintf(w, "on the validation part (%s records)", count(r.Valid.Records))
		if r.Card.Task == labelled.Single {
			fmt.Fprintf(w, ", temperature %.3f", r.Card.Temperature)
		}
		fmt.Fprintln(w, ":")
		printReport(w, r.Valid)
	}
	_, err := fmt.Fprintf(w, "written to %s\n", r.Out)
	return err
}
