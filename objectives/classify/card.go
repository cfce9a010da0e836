package classify

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"

	"github.com/go-cloze/cloze/corpus/labelled"
)

// The files of a folder that are the same for every model.
const (
	CardFile = "classifier.json"
	seenFile = "seen.u64" // hashes of the texts trained on, sorted, 8 bytes each, little-endian
)

// Card is what a classifier folder says of itself.
type Card struct {
	Version int           `json:"version"`
	Model   string        `json:"model"` // "ngram", or the family of an encoder
	Task    labelled.Task `json:"task"`
	Labels  []string      `json:"labels"` // the label map: label i has id i
	Counts  []int         `json:"counts"` // training records of each label
	// Thresholds [L]: of the task multi, the probability from which on a label is given; of the task single, what probabilities are divided by
	// before the largest wins. Empty: 0.5, and the largest as it is.
	Thresholds  []float64 `json:"thresholds,omitempty"`
	Temperature float64   `json:"temperature"` // by which logits were divided, as found on the validation part; 1 where none was sought
	Lowercase   bool      `json:"lowercase"`   // texts are put in lower case before anything else
	Fold        bool      `json:"fold"`        // spellings that hide a word are undone (Fold)
	MaxLength   int       `json:"max_length,omitempty"`
	TextField   string    `json:"text_field"`
	PairField   string    `json:"pair_field,omitempty"`
	LabelFields []string  `json:"label_fields"`
	Separator   string    `json:"label_separator,omitempty"`
	Records     int       `json:"records"` // trained on
	Valid       int       `json:"valid"`   // records of the validation part
	Seed        uint64    `json:"seed"`
}

// NewCard is the card of what is to be trained on a set.
func NewCard(training *labelled.Set, seed uint64) Card {
	return Card{Version: 1, Task: training.Task, Labels: training.Labels, Counts: training.Count(), Temperature: 1, Records: len(training.Records), Seed: seed}
}

// Validate refuses a card by which no answer can be given.
func (c Card) Validate() error {
	switch {
	case c.Version != 1:
		return fmt.Errorf("version %d, known is 1", c.Version)
	case !slices.Contains(labelled.Tasks, string(c.Task)):
		return fmt.Errorf("unknown task %q", c.Task)
	case c.Task != labelled.Regression && len(c.Labels) == 0:
		return fmt.Errorf("no labels")
	case len(c.Thresholds) != 0 && len(c.Thresholds) != len(c.Labels):
		return fmt.Errorf("%d thresholds for %d labels", len(c.Thresholds), len(c.Labels))
	}
	for _, t := range c.Thresholds {
		if !(t > 0) || math.IsInf(t, 0) {
			return fmt.Errorf("threshold %v", t)
		}
	}
	return nil
}

// ReadCard reads the card of a folder.
func ReadCard(dir string) (Card, error) {
	var c Card
	path := filepath.Join(dir, CardFile)
	data, err := os.ReadFile(path)
	if err != nil {
		return c, fmt.Errorf("%s: not a classifier folder: %w; name one that cloze finetune wrote", dir, err)
	}
	if err = json.Unmarshal(data, &c); err == nil {
		err = c.Validate()
	}
	if err != nil {
		return c, fmt.Errorf("%s: %w; train it again", path, err)
	}
	return c, nil
}

// write writes the card and the hashes into a folder.
func (c Card) write(dir string, seen []uint64) error {
	data, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, CardFile), append(data, '\n'), 0o644); err != nil {
		return err
	}
	var packed []byte
	for _, h := range seen {
		packed = binary.LittleEndian.AppendUint64(packed, h)
	}
	return os.WriteFile(filepath.Join(dir, seenFile), packed, 0o644)
}

// readSeen reads the hashes; a folder without them knows none.
func readSeen(dir string) ([]uint64, error) {
	data, err := os.ReadFile(filepath.Join(dir, seenFile))
	if os.IsNotExist(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if len(data)%8 != 0 {
		return nil, fmt.Errorf("%s is %d bytes long, no multiple of 8; train the classifier again", filepath.Join(dir, seenFile), len(data))
	}
	seen := make([]uint64, len(data)/8)
	for i := range seen {
		seen[i] = binary.LittleEndian.Uint64(data[8*i:])
	}
	return seen, nil
}

// hashes are those of a set's texts, sorted, each once; texts without a word are nobody's repetition.
func hashes(s *labelled.Set) []uint64 {
	var out []uint64
	for _, r := range s.Records {
		if h, ok := r.Hash(); ok {
			out = append(out, h)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
