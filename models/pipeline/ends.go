package pipeline

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/go-cloze/cloze/models"
)

// textIDs are the ids that begin and end a text by a configuration, as config.json and generation_config.json have them.
type textIDs struct {
	BOS models.TokenIDs `json:"bos_token_id"`
	EOS models.TokenIDs `json:"eos_token_id"`
}

func textIDsOf(config models.Config) (ids textIDs, err error) {
	data, err := config.ConfigJSON()
	if err != nil {
		return ids, err
	}
	return ids, json.Unmarshal(data, &ids)
}

// readEnds gives the ids that end a text beside the tokenizer's own: those of generation_config.json, which transformers puts before
// config.json's. Of a run folder, whose configuration may come from a preset with another tokenizer, they count only where they fit.
func (lm *LM) readEnds(dir string, config models.Config) error {
	ids, err := textIDsOf(config)
	if err != nil {
		return err
	}
	if exists(filepath.Join(dir, "config.json")) {
		path := filepath.Join(dir, "generation_config.json")
		data, err := os.ReadFile(path)
		var own textIDs
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return err
		default:
			if err := json.Unmarshal(data, &own); err != nil {
				return fmt.Errorf("%s: not a generation configuration: %w; fetch it again, or remove it", path, err)
			}
		}
		if len(own.EOS) > 0 {
			ids = own
		}
	} else if end, ok := lm.Tokenizer.EndOfText(); ok && !slices.Contains(ids.EOS, int(end)) {
		return nil
	}
	for _, id := range ids.EOS {
		if id >= 0 && id < lm.Tokenizer.VocabSize() {
			lm.Ends = append(lm.Ends, int32(id))
		}
	}
	return nil
}

// ends says whether a token ends the text.
func (lm *LM) ends(id int32) bool {
	end, ok := lm.Tokenizer.EndOfText()
	return ok && id == end || slices.Contains(lm.Ends, id)
}
