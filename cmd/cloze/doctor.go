package main

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/go-cloze/cloze/cmd/cloze/setup"
)

func newDoctor() *cobra.Command {
	var cfg setup.Config
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "doctor [flags]",
		Short: "say what was found, what is missing and how to get it",
		Long: `Look at every part that cloze needs (Go, compiler, pip, libtorch, gotch, go.work) and say of each, in a
line, what was found, or what is missing and how to get it. Changes nothing. Exit status 1 when something is missing.`,
		Args: wantArgs(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			checks := setup.Doctor(cmd.Context(), cfg)
			out := cmd.OutOrStdout()
			if asJSON {
				if err := json.NewEncoder(out).Encode(checks); err != nil {
					return err
				}
			}
			missing := 0
			for _, c := range checks {
				if !c.OK {
					missing++
				}
				switch {
				case asJSON:
				case c.OK:
					fmt.Fprintf(out, "ok       %-10s %s\n", c.Part, c.Found)
				default:
					fmt.Fprintf(out, "missing  %-10s %s; %s\n", c.Part, c.Missing, c.Remedy)
				}
			}
			if missing > 0 {
				return fmt.Errorf("%d of %d parts missing; the lines above say how to get them", missing, len(checks))
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&cfg.Device, "device", "cpu", "cpu or cuda")
	cmd.Flags().StringVar(&cfg.ModuleDir, "module", "", "folder of your own module (default: the module around the working directory)")
	cmd.Flags().StringVar(&cfg.CacheDir, "cache", "", "where set-up keeps what it makes (default: cloze in the user's cache directory)")
	addJSON(cmd, &asJSON)
	return cmd
}
