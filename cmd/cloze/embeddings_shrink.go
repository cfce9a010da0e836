package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/go-cloze/cloze/embeddings"
	"github.com/go-cloze/cloze/embeddings/reduce"
)

func newQuantize() *cobra.Command {
	var f savingFlags
	var dtype string
	dtypes := []string{string(embeddings.Float16), string(embeddings.Int8)}
	cmd := &cobra.Command{
		Use:   "quantize VECTORS --dtype float16|int8 --out FILE",
		Short: "write vectors in half or a quarter of the bytes",
		Long: `Round the numbers of vectors to float16 or int8 and tell what that lost: the mean cosine of a row with the original,
and which share of the ten nearest words are still among the ten. VECTORS is as in cloze neighbors. int8 has one scale
a row. A format other than cloze holds float32: it gets the rounded numbers.`,
		Args: wantArgs(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := wantFlags(cmd, "dtype"); err != nil {
				return err
			}
			if err := oneOf("dtype", dtype, dtypes); err != nil {
				return err
			}
			if err := f.check(cmd); err != nil {
				return err
			}
			v, err := f.open(cmd, args[0])
			if err != nil {
				return err
			}
			defer v.Close()
			small, err := v.Convert(embeddings.DType(dtype))
			if err != nil {
				return fmt.Errorf("%s: %w", args[0], err)
			}
			l, err := measureLoss(v, small, f.threads)
			if err != nil {
				return err
			}
			return f.save(cmd, small, written{Loss: l})
		},
	}
	cmd.Flags().StringVar(&dtype, "dtype", "", "what to round to: "+strings.Join(dtypes, ", "))
	f.add(cmd)
	return cmd
}

// variance is what a PCA kept.
type variance struct {
	Centred bool      `json:"centred"`
	Kept    float64   `json:"variance_kept"`
	Ratio   []float64 `json:"explained_variance_ratio"`
}

func (v variance) String() string {
	s := fmt.Sprintf("explained variance: %.4f", v.Kept)
	if len(v.Ratio) > 1 {
		var first []string
		for _, r := range v.Ratio[:min(5, len(v.Ratio))] {
			first = append(first, fmt.Sprintf("%.4f", r))
		}
		s += fmt.Sprintf(" (%s", strings.Join(first, " "))
		if len(v.Ratio) > len(first) {
			s += fmt.Sprintf(" ... %.4f", v.Ratio[len(v.Ratio)-1])
		}
		s += ")"
	}
	return s
}

func newReduce() *cobra.Command {
	var f savingFlags
	var dim int
	var centre bool
	cmd := &cobra.Command{
		Use:   "reduce VECTORS --dim N --out FILE",
		Short: "write vectors of fewer dimensions (PCA)",
		Long: `Reduce vectors to their first N principal components and tell what is left: the explained variance and which share of
the ten nearest words are still among the ten. VECTORS is as in cloze neighbors. By default the mean stays in, as in
scikit-learn's TruncatedSVD, so that cosines change as little as N dimensions allow; --centre takes it off first, as
scikit-learn's PCA does.`,
		Args: wantArgs(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := f.check(cmd); err != nil {
				return err
			}
			if dim < 1 {
				return usagef("missing --dim; usage: %s", cmd.UseLine())
			}
			v, err := f.open(cmd, args[0])
			if err != nil {
				return err
			}
			defer v.Close()
			p, err := reduce.FitPCA(v, dim, centre)
			if err != nil {
				return fmt.Errorf("%s: %w", args[0], err)
			}
			small, err := p.Apply(v)
			if err != nil {
				return fmt.Errorf("%s: %w", args[0], err)
			}
			l, err := measureLoss(v, small, f.threads)
			if err != nil {
				return err
			}
			kept := variance{Centred: centre, Ratio: p.Ratio}
			for _, r := range p.Ratio {
				kept.Kept += r
			}
			return f.save(cmd, small, written{Loss: l, PCA: &kept})
		},
	}
	cmd.Flags().IntVar(&dim, "dim", 0, "how many dimensions to keep")
	cmd.Flags().BoolVar(&centre, "centre", false, "take the mean off first")
	f.add(cmd)
	return cmd
}
