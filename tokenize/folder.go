package tokenize

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// openFolder opens what a model folder holds: tokenizer.json, or else the older vocab.json with merges.txt.
func openFolder(dir string) (*Tokenizer, error) {
	path := filepath.Join(dir, "tokenizer.json")
	if _, err := os.Stat(path); err == nil {
		return Open(path)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("tokenizer: %w", err)
	}
	vocab, merges := filepath.Join(dir, "vocab.json"), filepath.Join(dir, "merges.txt")
	for _, p := range []string{vocab, merges} {
		if _, err := os.Stat(p); err != nil {
			return openOlder(dir)
		}
	}
	vocabData, err := readBounded(vocab)
	if err != nil {
		return nil, err
	}
	mergeData, err := readBounded(merges)
	if err != nil {
		return nil, err
	}
	t := &Tokenizer{pool: newPool(), doc: byteLevelDocument()}
	if err := checkJSON(vocabData); err != nil {
		return nil, fmt.Errorf("%s: %w", vocab, err)
	}
	if err := t.readVocab(vocabData); err != nil {
		return nil, fmt.Errorf("%s: %w", vocab, err)
	}
	t.vocab.spell()
	if err := t.newModel(bpeSwitches{}); err != nil {
		return nil, fmt.Errorf("%s: %w", vocab, err)
	}
	pairs, err := t.readMergeLines(mergeData)
	if err == nil {
		err = t.setMerges(pairs, "")
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", merges, err)
	}
	t.level = byteLevel{regex: true}
	t.setAdded(t.controlTokens())
	t.finish()
	return t, nil
}

// openOlder opens the single file of an older kind that a folder holds.
func openOlder(dir string) (*Tokenizer, error) {
	for _, name := range []string{"tokenizer.model", "spiece.model", "sentencepiece.bpe.model", "vocab.txt", "*.model", "*.tiktoken"} {
		found, _ := filepath.Glob(filepath.Join(dir, name))
		if len(found) == 1 {
			return Open(found[0])
		}
	}
	return nil, fmt.Errorf("%s: holds neither tokenizer.json nor vocab.json with merges.txt nor one .model, vocab.txt or .tiktoken", dir)
}

// controlTokens lists the special tokens of the vocabularies that were published as two files (GPT-2, RoBERTa), which do not say which
// of their pieces are special. <mask> takes the blank before it, as RoBERTa's does.
func (t *Tokenizer) controlTokens() []AddedToken {
	var tokens []AddedToken
	for _, name := range []string{"<|endoftext|>", "<s>", "</s>", "<pad>", "<unk>", "<mask>"} {
		if id, ok := t.vocab.ids[name]; ok {
			tokens = append(tokens, AddedToken{ID: id, Content: name, Special: true, LStrip: name == "<mask>"})
		}
	}
	return tokens
}

// readMergeLines reads merges.txt: a pair a line, a version line first.
func (t *Tokenizer) readMergeLines(data []byte) ([][2]int32, error) {
	var pairs [][2]int32
	for n := 1; len(data) > 0; n++ {
		var line []byte
		line, data, _ = bytes.Cut(data, []byte("\n"))
		line = bytes.TrimSuffix(line, []byte("\r"))
		if len(line) == 0 || n == 1 && bytes.HasPrefix(line, []byte("#version")) {
			continue
		}
		left, right, err := mergeLine(line)
		if err == nil {
			var pair [2]int32
			if pair, err = t.mergeOf(left, right); err == nil {
				pairs = append(pairs, pair)
				continue
			}
		}
		return nil, fmt.Errorf("line %d: %w", n, err)
	}
	return pairs, nil
}
