package main

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/go-cloze/cloze/cmd/cloze/setup"
)

func newSetup() *cobra.Command {
	var cfg setup.Config
	var asJSON, quiet bool
	var dist string
	cmd := &cobra.Command{
		Use:   "setup [flags]",
		Short: "fetch libtorch, patch gotch, write go.work",
		Long: `Fetch or find libtorch 2.11.0, patch a copy of gotch, compile the kernels and write go.work, so that
"go build -tags torch" works. Does nothing when all is there; interrupted, it can be run again.

libtorch is looked for in $LIBTORCH, in set-up's own cache, in a Python torch 2.11 that is installed, and is
fetched with pip otherwise. Needs g++, and python3 with pip where it has to fetch.`,
		Args: wantArgs(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !quiet {
				cfg.Log = cmd.ErrOrStderr()
			}
			if dist != "" {
				path, err := setup.Dist(cmd.Context(), setup.DistConfig{Setup: cfg, Out: dist})
				if err == nil {
					fmt.Fprintln(cmd.OutOrStdout(), path)
				}
				return err
			}
			report, err := setup.Run(cmd.Context(), cfg)
			if err != nil {
				return err
			}
			return writeSetupReport(cmd.OutOrStdout(), report, asJSON)
		},
	}
	cmd.Flags().StringVar(&cfg.Device, "device", "cpu", "cpu or cuda")
	cmd.Flags().StringVar(&cfg.ModuleDir, "module", "", "folder of your own module that imports cloze's models (default: the module around the working directory)")
	cmd.Flags().StringVar(&cfg.IndexURL, "index-url", "", "package index for pip (default: pip's own configuration)")
	cmd.Flags().StringVar(&cfg.CacheDir, "cache", "", "where set-up keeps what it makes (default: cloze in the user's cache directory)")
	cmd.Flags().StringVar(&dist, "dist", "", "also pack the command with libtorch into an archive in this folder, to run elsewhere")
	addQuiet(cmd, &quiet)
	addJSON(cmd, &asJSON)
	return cmd
}

func writeSetupReport(w io.Writer, r setup.Report, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(w).Encode(r)
	}
	if r.UpToDate {
		_, err := fmt.Fprintf(w, "set-up is complete: libtorch %s, %s\n", r.Libtorch, r.GoWork)
		return err
	}
	_, err := fmt.Fprintf(w, "libtorch  %s (%s)\ngotch     %s (%d wrappers)\nkernels   %d objects compiled, %d reused\ngo.work   %s\ntime      fetch %s, build %s\n",
		r.Libtorch, r.Origin, r.Gotch, r.Ops, r.Compiled, r.Reused, r.GoWork,
		r.Fetch.Round(time.Second), r.Build.Round(time.Second))
	return err
}
