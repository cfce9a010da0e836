package pipeline

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-cloze/cloze/models"
)

// A folder's own ids end a text as transformers has it: generation_config.json's, else config.json's, one or a list.
func TestIDsOfTheFolderEndAText(t *testing.T) {
	config := models.DefaultLlama()
	config.NumLayers, config.NumHeads, config.NumKVHeads, config.Dim, config.InnerDim = 1, 4, 2, 32, 64
	config.VocabSize, config.NumContext, config.InitStd = 320, 64, 0.2
	lm := newLMOf(t, config)
	o := GenerateOptions{MaxTokens: 12}
	whole, err := lm.Generate(context.Background(), "tea", o, nil)
	if err != nil || len(whole.IDs) != 12 {
		t.Fatalf("%+v %v", whole, err)
	}
	third := whole.IDs[2]
	first := slices.Index(whole.IDs, third)
	dir := filepath.Join(t.TempDir(), "hf")
	if _, err := WriteHF(dir, lm.Model, lm.Tokenizer); err != nil {
		t.Fatal(err)
	}
	open := func(generation string) *LM {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, "generation_config.json"), []byte(generation), 0o644); err != nil {
			t.Fatal(err)
		}
		lm, err := Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { lm.Close() })
		return lm
	}
	out, err := open(fmt.Sprintf(`{"eos_token_id": [9999, %d]}`, third)).Generate(context.Background(), "tea", o, nil)
	if err != nil || !out.Ended || out.Finish != "end" || len(out.IDs) != first+1 {
		t.Errorf("%+v, want an end at token %d (%v)", out, first, err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "config.json"))
	if err != nil {
		t.Fatal(err)
	}
	i := strings.Index(string(text), `"eos_token_id":`)
	j := i + strings.IndexAny(string(text[i:]), ",}")
	changed := fmt.Sprintf(`%s"eos_token_id": %d%s`, text[:i], third, text[j:])
	if err := os.WriteFile(filepath.Join(dir, "config.json"), []byte(changed), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := open(`{}`).Generate(context.Background(), "tea", o, nil); err != nil || len(out.IDs) != first+1 {
		t.Errorf("config.json's id does not end the text: %+v (%v)", out, err)
	}
	if out, err := open(`{"eos_token_id": 319}`).Generate(context.Background(), "tea", o, nil); err != nil || !slices.Equal(out.IDs, whole.IDs) {
		t.Errorf("generation_config.json does not come first: %+v (%v)", out, err)
	}
	if err := os.WriteFile(filepath.Join(dir, "generation_config.json"), []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), "generation_config.json") {
		t.Errorf("a damaged generation_config.json: %v", err)
	}
}
