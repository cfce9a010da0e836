package main

import (
	"github.com/spf13/cobra"
)

func newTokenizer() *cobra.Command {
	return newGroup("tokenizer", "train a tokenizer, turn text to ids and back, look into one",
		newTokenizerTrain(), newTokenizerEncode(), newTokenizerDecode(), newTokenizerInspect())
}
