package pipeline_test

import (
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/go-cloze/cloze/models"
	"github.com/go-cloze/cloze/models/pipeline"
	"github.com/go-cloze/cloze/models/torch"
	"github.com/go-cloze/cloze/tokenize"
)

// A model that was just made, as a folder for transformers; then the folder is opened and its vectors are taken.
func Example() {
	tokenizer, err := tokenize.Open("../../testdata/models/tokenizer.json")
	if err != nil {
		log.Fatal(err)
	}
	config, err := models.GPTPreset("gpt-nano")
	if err != nil {
		log.Fatal(err)
	}
	config.VocabSize = tokenizer.VocabSize()

	temp, err := os.MkdirTemp("", "cloze")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(temp)
	err = torch.Do(func() error {
		model, err := models.NewGPT(config, 1)
		if err != nil {
			return err
		}
		defer model.Params().Free()
		report, err := pipeline.WriteHF(filepath.Join(temp, "model"), model, tokenizer)
		fmt.Println(report.Parameters, "parameters, differing by", report.LargestDifference)
		return err
	})
	if err != nil {
		log.Fatal(err)
	}

	lm, err := pipeline.Open(filepath.Join(temp, "model"))
	if err != nil {
		log.Fatal(err)
	}
	defer lm.Close()
	vectors, err := lm.InputEmbeddings()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(vectors.Len(), "vectors of dimension", vectors.Dim())
	// Output:
	// 228736 parameters, differing by 0
	// 320 vectors of dimension 64
}
