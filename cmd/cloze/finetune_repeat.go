package main

import (
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/spf13/cobra"

	"github.com/go-cloze/cloze/corpus/labelled"
	"github.com/go-cloze/cloze/objectives/classify"
)

// Training more than once, to know how much of a score is chance.

// crossValidate trains on all parts but one in turn and judges on that.
func crossValidate(cmd *cobra.Command, s *labelled.Set, cfg finetuneConfig, f finetuneFlags) ([]classify.Spread, error) {
	if cfg.Folds == 0 {
		return nil, nil
	}
	folds, err := labelled.Folds(s, cfg.Folds, cfg.Split, f.seed)
	if err != nil {
		return nil, err
	}
	bar := newProgress(cmd.ErrOrStderr(), f.quiet, "cross-validate", int64(len(folds)))
	var reports []*classify.Report
	for i, held := range folds {
		var rest []int
		for j, fold := range folds {
			if j != i {
				rest = append(rest, fold...)
			}
		}
		c, err := fit(cmd, s.Subset(rest), s.Subset(nil), cfg, f, true)
		if err != nil {
			return nil, err
		}
		r, err := classify.Evaluate(cmd.Context(), c.Classifier, s.Subset(held), classify.EvalOptions{})
		if err = errors.Join(err, c.close()); err != nil {
			return nil, err
		}
		reports = append(reports, r)
		bar.set(int64(i+1), "")
	}
	bar.end(fmt.Sprintf("%d folds", len(folds)))
	return classify.Spreads(reports), nil
}

// trainSeeds trains with each of cfg.Seeds seeds, from --seed on, judges on the validation part and keeps the best, which is closed by the caller. The
// report is nil where nothing is held out.
func trainSeeds(cmd *cobra.Command, training, valid *labelled.Set, cfg finetuneConfig, f finetuneFlags) (best fitted, judged *classify.Report, spread []classify.Spread, err error) {
	if cfg.Seeds > 1 && len(valid.Records) == 0 {
		return best, nil, nil, fmt.Errorf("seeds is %d and nothing is held out to choose the best by: give --valid or a split.fraction, or set seeds to 1", cfg.Seeds)
	}
	var reports []*classify.Report
	for i := range cfg.Seeds {
		c, r, err := trainSeed(cmd, training, valid, cfg, f)
		if err != nil {
			return best, nil, nil, errors.Join(err, best.closeIfAny())
		}
		if reports = append(reports, r); cfg.Seeds > 1 && !f.quiet {
			fmt.Fprintf(cmd.ErrOrStderr(), "seed %d (%d of %d): %s\n", f.seed, i+1, cfg.Seeds, headline(r))
		}
		if i > 0 && !(r.Score() > judged.Score() || math.IsNaN(judged.Score())) {
			err = c.close()
		} else {
			err, best, judged = best.closeIfAny(), c, r
		}
		if err != nil {
			return best, nil, nil, errors.Join(err, best.closeIfAny())
		}
		f.seed++
	}
	if cfg.Seeds > 1 {
		spread = classify.Spreads(reports)
	}
	return best, judged, spread, nil
}

// trainSeed trains with f.seed; the report is nil where nothing is held out.
func trainSeed(cmd *cobra.Command, training, valid *labelled.Set, cfg finetuneConfig, f finetuneFlags) (c fitted, r *classify.Report, err error) {
	if c, err = fit(cmd, training, valid, cfg, f, f.quiet); err != nil || len(valid.Records) == 0 {
		return c, nil, err
	}
	if r, err = classify.Evaluate(cmd.Context(), c.Classifier, valid, classify.EvalOptions{Rounds: 200, Seed: f.seed}); err != nil {
		return c, nil, errors.Join(err, c.close())
	}
	return c, r, nil
}

// closeIfAny closes what was trained, where anything was.
func (c *fitted) closeIfAny() error {
	if c.close == nil {
		return nil
	}
	return c.close()
}

// headline is the measure that the best of several trainings is chosen by.
func headline(r *classify.Report) string {
	first := classify.Spreads([]*classify.Report{r})[0]
	return fmt.Sprintf("%s %v", first.Measure, first.Mean)
}

// printSpread writes the table of several trainings.
func printSpread(w io.Writer, what string, spread []classify.Spread) {
	if len(spread) == 0 {
		return
	}
	fmt.Fprintf(w, "%-28s %10s %20s\n", fmt.Sprintf("over %d %s", len(spread[0].Values), what), "mean", "standard deviation")
	for i, s := range spread {
		if moreRows(w, i, len(spread)) {
			break
		}
		fmt.Fprintf(w, "%-28s %10v %20v\n", s.Measure, s.Mean, s.Deviation)
	}
}
