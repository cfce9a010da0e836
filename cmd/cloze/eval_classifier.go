package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/go-cloze/cloze/cmd/cloze/config"
	"github.com/go-cloze/cloze/corpus/labelled"
	"github.com/go-cloze/cloze/objectives/classify"
)

// evalClassifierConfig is what "eval classifier" can be told by keys.
type evalClassifierConfig struct {
	Corpus    corpusSection `yaml:"corpus"`
	Bootstrap int           `yaml:"bootstrap"` // samples of the intervals; 0 gives none
	Bins      int           `yaml:"bins"`      // of the calibration
}

// evalClassifierFlags are the flags of "eval classifier".
type evalClassifierFlags struct {
	labelFlags
	labelMap, against, functional, group, positive, html string
	errors                                               int
	robust, int8                                         bool
	seed                                                 uint64
	quiet, json                                          bool
	config                                               configFlags
	reading                                              readingFlags
}

func newEvalClassifier() *cobra.Command {
	var f evalClassifierFlags
	cfg := evalClassifierConfig{Corpus: defaultCorpus(), Bootstrap: 1000, Bins: 10}
	cmd := &cobra.Command{
		Use:   "classifier DIR PATH... [flags]",
		Short: "how well a classifier's labels and probabilities fit labelled records",
		Long: `Ask the classifier in DIR (from cloze finetune) about the labelled records of PATH... and judge the answers: precision,
recall and F1 of each label and averaged, accuracy, Matthews' correlation, AUROC and AUPRC (each label against the
rest), log loss, Brier score, calibration error. Of a regression squared and absolute error, R2, Pearson's and
Spearman's correlation. They equal scikit-learn's and scipy's; what is undefined is n/a and no 0. The intervals are 95 %
bootstrap percentiles.

Columns are those that were trained on unless --text-field and --label-field say otherwise. For a set with other labels
--label-map "0=hateful,1=not,2=not" gives the model's labels the set's names.

--functional COLUMN and --group-field COLUMN tell the accuracy by each value, as for the suite HateCheck. With
--positive LABEL also the bias towards the groups (subgroup, BPSN and BNSP AUC of Borkan et al. 2019).

Keys and their defaults, for --config and --set:

` + indent(string(config.Format(&cfg))),
		Args: wantArgs(2, -1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if _, err := config.Load(&cfg, f.config.file, f.config.sets); err != nil {
				return err
			}
			if cfg.Bootstrap < 0 || cfg.Bins < 1 {
				return fmt.Errorf("bootstrap is %d and bins %d; give at least 0 and 1", cfg.Bootstrap, cfg.Bins)
			}
			return runEvalClassifier(cmd, args, cfg, f)
		},
	}
	f.labelFlags.add(cmd, "field or column of the label; may be repeated")
	cmd.Flags().StringVar(&f.labelMap, "label-map", "", "model's labels in the set's names: MODEL=SET,...")
	cmd.Flags().StringVar(&f.against, "against", "", "another classifier folder, to compare with on the same records (McNemar)")
	cmd.Flags().StringVar(&f.functional, "functional", "", "field or column of functionalities")
	cmd.Flags().StringVar(&f.group, "group-field", "", "field or column of groups that texts name")
	cmd.Flags().StringVar(&f.positive, "positive", "", "label whose score the bias towards groups is measured for")
	cmd.Flags().IntVar(&f.errors, "errors", 0, "tell the places of so many records with the highest loss")
	cmd.Flags().BoolVar(&f.robust, "robust", false, "judge perturbed texts, too: typos, case, blanks, look-alike letters")
	cmd.Flags().BoolVar(&f.int8, "int8", false, "judge an encoder's answers by numbers of 8 bits; --against is asked exactly")
	cmd.Flags().StringVar(&f.html, "html", "", "write a page with plots, too; refused if it exists")
	addSeed(cmd, &f.seed, 1)
	f.config.add(cmd)
	f.reading.add(cmd)
	addQuiet(cmd, &f.quiet)
	addJSON(cmd, &f.json)
	return cmd
}

// evalClassifierReport is what "eval classifier" finds.
type evalClassifierReport struct {
	Model string `json:"model"`
	*classify.Report
	Against      string                `json:"against,omitempty"`
	OtherMacroF1 *classify.Number      `json:"against_macro_f1,omitempty"`
	McNemar      *classify.Comparison  `json:"mcnemar,omitempty"`
	Functional   []classify.Slice      `json:"functional,omitempty"`
	Groups       []classify.Slice      `json:"groups,omitempty"`
	Bias         *classify.BiasReport  `json:"bias,omitempty"`
	Robust       []classify.Robustness `json:"robust,omitempty"`
	Errors       []evalError           `json:"errors,omitempty"`
}

// evalError is a record that the classifier is most wrong about: where it stands, never what it says.
type evalError struct {
	Record string  `json:"record"`
	Gold   string  `json:"gold"`
	Given  string  `json:"given"`
	Loss   float64 `json:"loss"`
}

func runEvalClassifier(cmd *cobra.Command, args []string, cfg evalClassifierConfig, f evalClassifierFlags) error {
	if f.html != "" {
		if err := refuseExisting(f.html); err != nil {
			return err
		}
	}
	c, closeIt, err := openClassifier(args[0], f.int8)
	if err != nil {
		return err
	}
	defer closeIt()
	if c.Card.Task == labelled.Regression {
		if err := f.refuseOfLabels(); err != nil {
			return err
		}
	}
	o := classify.EvalOptions{Rounds: cfg.Bootstrap, Seed: f.seed, Bins: cfg.Bins}
	if o.Map, err = classify.ParseLabelMap(f.labelMap); err != nil {
		return fmt.Errorf("--label-map: %w", err)
	}
	set, err := evalRecords(cmd, c.Card, o.Map, args[1:], cfg, f)
	if err != nil {
		return err
	}
	report := evalClassifierReport{Model: args[0], Against: f.against}
	if report.Report, err = classify.Evaluate(cmd.Context(), c, set, o); err != nil {
		return err
	}
	if f.robust {
		if report.Robust, err = report.Report.Robust(cmd.Context(), c, set, o); err != nil {
			return err
		}
	}
	if err := report.add(cmd, set, o, f); err != nil {
		return err
	}
	if f.html != "" {
		var page strings.Builder
		if err := report.HTML(&page, classify.Page{Title: args[0], Functional: report.Functional, Groups: report.Groups, Bias: report.Bias, Robust: report.Robust}); err != nil {
			return err
		}
		if err := writeNewFile(f.html, []byte(page.String())); err != nil {
			return err
		}
	}
	if f.json {
		return json.NewEncoder(cmd.OutOrStdout()).Encode(report)
	}
	return report.print(cmd.OutOrStdout())
}

// refuseOfLabels refuses what only labels have.
func (f *evalClassifierFlags) refuseOfLabels() error {
	for _, x := range []struct {
		flag  string
		given bool
	}{{"label-map", f.labelMap != ""}, {"against", f.against != ""}, {"functional", f.functional != ""}, {"group-field", f.group != ""},
		{"positive", f.positive != ""}, {"robust", f.robust}} {
		if x.given {
			return usagef("--%s is about labels, and the classifier is a regression", x.flag)
		}
	}
	return nil
}

// evalRecords reads the records with the classifier's columns and labels.
func evalRecords(cmd *cobra.Command, card classify.Card, m classify.LabelMap, paths []string, cfg evalClassifierConfig, f evalClassifierFlags) (*labelled.Set, error) {
	cfg.Corpus.TextField = card.TextField
	if err := cfg.Corpus.resolve(&f.reading); err != nil {
		return nil, err
	}
	labels, err := m.Labels(card.Labels)
	if err != nil {
		return nil, fmt.Errorf("--label-map: %w", err)
	}
	o := labelled.Options{Options: cfg.Corpus.Options, Task: card.Task, LabelFields: card.LabelFields, Separator: card.Separator,
		PairField: card.PairField, Known: labels, Fields: []string{f.functional, f.group}}
	if len(f.labels) > 0 {
		o.LabelFields = f.labels
	}
	return openLabelled(cmd.InOrStdin(), o, paths)
}

// add works out what was asked for beside the measures.
func (r *evalClassifierReport) add(cmd *cobra.Command, set *labelled.Set, o classify.EvalOptions, f evalClassifierFlags) error {
	if f.against != "" {
		other, closeIt, err := openClassifier(f.against, false)
		if err != nil {
			return err
		}
		defer closeIt()
		o.Rounds = 0
		second, err := classify.Evaluate(cmd.Context(), other, set, o)
		if err != nil {
			return fmt.Errorf("%s: %w", f.against, err)
		}
		test := r.Compare(second)
		r.McNemar, r.OtherMacroF1 = &test, &second.MacroF1.Value
	}
	if f.functional != "" {
		r.Functional = r.BySlice(set, f.functional)
	}
	if f.group != "" {
		r.Groups = r.BySlice(set, f.group)
	}
	if f.positive != "" {
		at := slices.Index(set.Labels, f.positive)
		if at < 0 || f.group == "" {
			return usagef("--positive wants one of the labels %q, and --group-field", set.Labels)
		}
		bias := r.Report.Bias(set, f.group, at)
		r.Bias = &bias
	}
	names := func(ids []int) string {
		var out []string
		for _, l := range ids {
			out = append(out, set.Labels[l])
		}
		return strings.Join(out, "|")
	}
	for _, i := range r.Worst(f.errors) {
		a := r.Answers[i]
		e := evalError{a.Source.String(), names(a.Gold), names(a.Given), a.Loss}
		if r.Values != nil {
			e.Gold, e.Given = classify.Number(a.Value).String(), classify.Number(a.Probabilities[0]).String()
		}
		r.Errors = append(r.Errors, e)
	}
	return nil
}

func (r *evalClassifierReport) print(w io.Writer) error {
	if r.Values != nil {
		fmt.Fprintf(w, "%s records\n", count(r.Records))
	}
	printReport(w, r.Report)
	if r.McNemar != nil {
		fmt.Fprintf(w, "\nagainst %s (macro-F1 %v): only this one right %s, only that one %s; McNemar exact p %.4g",
			r.Against, *r.OtherMacroF1, count(r.McNemar.OnlyFirst), count(r.McNemar.OnlySecond), float64(r.McNemar.Exact))
		if r.McNemar.OnlyFirst+r.McNemar.OnlySecond > 0 {
			fmt.Fprintf(w, ", chi-square %v, p %.4g", r.McNemar.ChiSquare, float64(r.McNemar.P))
		}
		fmt.Fprintln(w)
	}
	printSlices(w, "functionality", r.Functional)
	printSlices(w, "group", r.Groups)
	if b := r.Bias; b != nil {
		fmt.Fprintf(w, "\n%-28s %8s %10s %10s %10s\n", "bias of the score of "+b.Positive, "records", "subgroup", "BPSN", "BNSP")
		for i, g := range b.Groups {
			if moreRows(w, i, len(b.Groups)) {
				break
			}
			fmt.Fprintf(w, "%-28s %8s %10v %10v %10v\n", g.Group, count(g.Records), g.Subgroup, g.BPSN, g.BNSP)
		}
		fmt.Fprintf(w, "%-28s %8s %10v %10v %10v   overall AUROC %v\n", "power mean (-5)", "", b.Subgroup, b.BPSN, b.BNSP, b.Overall)
	}
	if len(r.Robust) > 0 {
		fmt.Fprintf(w, "\n%-28s %10s %10s %10s\n", "perturbed", "macro-F1", "accuracy", "changed")
		for _, x := range r.Robust {
			fmt.Fprintf(w, "%-28s %10v %10v %10s\n", x.Name, x.MacroF1, x.Accuracy, count(x.Changed))
		}
	}
	if len(r.Errors) > 0 {
		unit := "nats"
		if r.Values != nil {
			unit = "squared"
		}
		fmt.Fprintf(w, "\n%-40s %-16s %-16s %8s\n", "highest loss", "gold", "given", unit)
		for _, e := range r.Errors {
			fmt.Fprintf(w, "%-40s %-16s %-16s %8.3f\n", e.Record, e.Gold, e.Given, e.Loss)
		}
	}
	return nil
}

// moreRows ends a table for people at row 100 and says how many are left.
func moreRows(w io.Writer, row, all int) bool {
	if row < 100 {
		return false
	}
	fmt.Fprintf(w, "... and %s more, all in --json\n", count(int64(all-row)))
	return true
}

func printSlices(w io.Writer, what string, s []classify.Slice) {
	if len(s) == 0 {
		return
	}
	fmt.Fprintf(w, "\n%-28s %-16s %8s %8s %10s\n", what, "gold", "records", "right", "accuracy")
	for i, x := range s {
		if moreRows(w, i, len(s)) {
			break
		}
		gold := x.Gold
		if gold == "" {
			gold = "(several)"
		}
		fmt.Fprintf(w, "%-28s %-16s %8s %8s %10v\n", x.Name, gold, count(x.Records), count(x.Right), x.Accuracy)
	}
}

// printReport writes the table of measures.
func printReport(w io.Writer, r *classify.Report) {
	if r.Values != nil {
		for _, m := range r.List() {
			fmt.Fprintf(w, "%-9s %s\n", m.Name, interval(m.Measure))
		}
	} else {
		printClasses(w, r)
	}
	for _, warning := range r.Warnings {
		fmt.Fprintf(w, "warning: %s\n", warning)
	}
}

func interval(m classify.Measure) string { return fmt.Sprintf("%v  [%v, %v]", m.Value, m.Low, m.High) }

// printClasses writes what labels have.
func printClasses(w io.Writer, r *classify.Report) {
	fmt.Fprintf(w, "%-20s %8s %9s %9s %9s %9s  %-18s %8s %8s\n", "label", "records", "predicted", "precision", "recall", "F1", "95 %", "AUROC", "AUPRC")
	for _, l := range r.Labels {
		fmt.Fprintf(w, "%-20s %8s %9s %9v %9v %9v  [%v, %v]   %8v %8v\n", l.Label, count(l.Support), count(l.Predicted), l.Precision, l.Recall,
			l.F1.Value, l.F1.Low, l.F1.High, l.AUROC, l.AUPRC)
	}
	for _, a := range []struct {
		name string
		a    classify.Average
	}{{"macro", r.Macro}, {"micro", r.Micro}, {"weighted", r.Weighted}} {
		fmt.Fprintf(w, "%-20s %8s %9s %9v %9v %9v\n", a.name, "", "", a.a.Precision, a.a.Recall, a.a.F1)
	}
	fmt.Fprintf(w, "\nmacro-F1  %s\naccuracy  %s\n", interval(r.MacroF1), interval(r.Accuracy))
	if r.New != nil {
		fmt.Fprintf(w, "macro-F1 without the texts seen in training  %v\n", *r.New)
	}
	if r.Task == labelled.Single {
		fmt.Fprintf(w, "MCC       %s\nmacro AUROC %v  macro AUPRC %v  log loss %v  Brier %v  ECE %v\n", interval(r.MCC), r.AUROC, r.AUPRC, r.LogLoss, r.Brier, r.ECE)
		printConfusion(w, r)
	} else {
		fmt.Fprintf(w, "Hamming loss %v  macro AUROC %v  macro AUPRC %v\n", r.Hamming, r.AUROC, r.AUPRC)
	}
}

// printConfusion writes the matrix of few labels.
func printConfusion(w io.Writer, r *classify.Report) {
	if len(r.Labels) > 12 {
		return
	}
	fmt.Fprintf(w, "\n%-20s", "gold \\ predicted")
	for _, l := range r.Labels {
		fmt.Fprintf(w, " %12.12s", l.Label)
	}
	fmt.Fprintln(w)
	for i, l := range r.Labels {
		fmt.Fprintf(w, "%-20s", l.Label)
		for _, n := range r.Confusion[i] {
			fmt.Fprintf(w, " %12s", count(n))
		}
		fmt.Fprintln(w)
	}
}
