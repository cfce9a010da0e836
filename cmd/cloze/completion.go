package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/go-cloze/cloze/cmd/cloze/config"
)

func newCompletion() *cobra.Command {
	shells := []string{"bash", "zsh", "fish", "powershell"}
	return &cobra.Command{
		Use:   "completion bash|zsh|fish|powershell",
		Short: "print a script that completes verbs and flags in your shell",
		Long: `Print a script that completes verbs and flags in your shell. To have it in each new shell:

  bash        cloze completion bash > ~/.local/share/bash-completion/completions/cloze
  zsh         cloze completion zsh > "${fpath[1]}/_cloze"
  fish        cloze completion fish > ~/.config/fish/completions/cloze.fish
  powershell  cloze completion powershell >> $PROFILE`,
		Args:      wantArgs(1, 1),
		ValidArgs: shells,
		RunE: func(cmd *cobra.Command, args []string) error {
			root, out := cmd.Root(), cmd.OutOrStdout()
			switch args[0] {
			case "bash":
				return root.GenBashCompletionV2(out, true)
			case "zsh":
				return root.GenZshCompletion(out)
			case "fish":
				return root.GenFishCompletion(out, true)
			case "powershell":
				return root.GenPowerShellCompletionWithDesc(out)
			}
			return fmt.Errorf("unknown shell %q; %s", args[0], config.Suggest(args[0], shells))
		},
	}
}
