package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/go-cloze/cloze/cmd/cloze/config"
)

const about = `cloze takes raw text to a pretrained language model and its embeddings.

  cloze pretrain --model gpt-nano --out runs/first books/*.txt
  cloze eval lm runs/first held-out.txt
  cloze export runs/first --format hf --out first-hf
  cloze neighbors runs/first king queen
  cloze generate runs/first --prompt "Once upon"`

// usageTemplate is the second half of each help text.
const usageTemplate = `Usage: {{.UseLine}}
{{- if .HasAvailableSubCommands}}

Verbs:{{range .Commands}}{{if .IsAvailableCommand}}
  {{rpad .Name 12}}{{.Short}}{{end}}{{end}}

"{{.CommandPath}} VERB --help" tells more of each.{{end}}
{{- if .HasAvailableLocalFlags}}

Flags:
{{.LocalFlags.FlagUsages | trimTrailingWhitespaces}}{{end}}
`

// newRoot builds the command tree anew for each call, so that no flag value outlives a call.
func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "cloze VERB [flags] PATH...",
		Short: "raw text to a pretrained language model and its embeddings",
		Long:  about,
		Args:  cobra.ArbitraryArgs,
		// The root runs only when no verb matched.
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownVerb(cmd, args[0])
			}
			return cmd.Help()
		},
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetHelpCommand(&cobra.Command{Use: "no-help", Hidden: true}) // --help is enough, and the verbs stay few
	root.SetFlagErrorFunc(flagError)
	root.SetUsageTemplate(usageTemplate)
	root.AddCommand(newSetup(), newDoctor(), newTokenizer(), newNeighbors(), newAnalogy(), newEmbed(), newEval(), newFinetune(), newPredict(), newEmbeddings(), newCompletion(), newVersion())
	root.AddCommand(torchVerbs()...)
	return root
}

// unknownVerb names the word that is no verb of cmd, and the nearest that is.
func unknownVerb(cmd *cobra.Command, word string) error {
	var verbs []string
	for _, c := range cmd.Commands() {
		if !c.Hidden {
			verbs = append(verbs, c.Name())
		}
	}
	return fmt.Errorf("unknown verb %q after %s; %s", word, cmd.CommandPath(), config.Suggest(word, verbs))
}

// newGroup is a verb that only has verbs below it: "tokenizer", "eval".
func newGroup(use, short string, verbs ...*cobra.Command) *cobra.Command {
	group := &cobra.Command{
		Use:   use,
		Short: short,
		Args:  cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownVerb(cmd, args[0])
			}
			var names []string
			for _, c := range cmd.Commands() {
				names = append(names, c.Name())
			}
			return usagef("%s wants one of its verbs: %s", cmd.CommandPath(), strings.Join(names, ", "))
		},
	}
	group.AddCommand(verbs...)
	return group
}

// flagError words pflag's errors in our way: the nearest flag for an unknown one, status 2 for a missing value.
func flagError(cmd *cobra.Command, err error) error {
	var missing *pflag.ValueRequiredError
	if errors.As(err, &missing) {
		return usagef("%s: --%s wants a value", cmd.CommandPath(), missing.GetFlag().Name)
	}
	var unknown *pflag.NotExistError
	if errors.As(err, &unknown) {
		var names []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if !f.Hidden {
				names = append(names, "--"+f.Name)
			}
		})
		slices.Sort(names)
		name := unknown.GetSpecifiedName()
		if unknown.GetSpecifiedShortnames() != "" {
			return fmt.Errorf("unknown flag -%s; see %s --help", name, cmd.CommandPath())
		}
		hint := config.Suggest("--"+name, names)
		if hint == "" || strings.HasPrefix(hint, "there are") {
			hint = "see " + cmd.CommandPath() + " --help; everything else is a key, --set a.b=c"
		}
		return fmt.Errorf("unknown flag --%s; %s", name, hint)
	}
	var invalid *pflag.InvalidValueError
	if errors.As(err, &invalid) {
		f := invalid.GetFlag()
		return fmt.Errorf("--%s wants %s, found %q", f.Name, flagTypes[f.Value.Type()], invalid.GetValue())
	}
	return err
}

// flagTypes words pflag's type names.
var flagTypes = map[string]string{
	"int": "a whole number", "int64": "a whole number", "uint64": "a whole number from 0",
	"float64": "a number", "bool": "true or false", "string": "text", "stringArray": "text", "count": "no value",
}
