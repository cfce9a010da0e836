package models

import "fmt"

// CheckVocab compares a model's table of tableRows vectors with a tokenizer that gives the ids 0 to
// tokenizerSize-1. A table that is too small is an error with both sizes and the first offending id, looked for
// in ids (the training data, or a piece of it; may be nil). A larger table works and gives a note, else "".
// Call it before the first step: libtorch would only say "index out of range".
func CheckVocab(tableRows, tokenizerSize int, ids []int32) (note string, err error) {
	if err := CheckIDs(tableRows, ids); err != nil {
		return "", fmt.Errorf("%w (the tokenizer has %d tokens)", err, tokenizerSize)
	}
	if tokenizerSize > tableRows {
		return "", fmt.Errorf("the model's table has %d rows but the tokenizer has %d tokens: id %d has no row; set model.vocab_size to %d or use the model's own tokenizer",
			tableRows, tokenizerSize, tableRows, tokenizerSize)
	}
	if tokenizerSize < tableRows {
		note = fmt.Sprintf("the model's table has %d rows and the tokenizer %d tokens: %d rows stay unused",
			tableRows, tokenizerSize, tableRows-tokenizerSize)
	}
	return note, nil
}

// CheckIDs returns an error that names the first of ids without a row in a table of tableRows.
func CheckIDs(tableRows int, ids []int32) error {
	for i, id := range ids {
		if id < 0 || int(id) >= tableRows {
			return fmt.Errorf("id %d (token %d of the data) has no row in the model's table of %d; set model.vocab_size to the tokenizer's size or use the model's own tokenizer",
				id, i, tableRows)
		}
	}
	return nil
}
