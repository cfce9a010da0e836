package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"path/filepath"
	"slices"

	"github.com/go-cloze/cloze/corpus/labelled"
	"github.com/go-cloze/cloze/models"
	"github.com/go-cloze/cloze/models/torch"
	"github.com/go-cloze/cloze/objectives"
	"github.com/go-cloze/cloze/objectives/classify"
)

// Classifier is an encoder with a head for classes, its tokenizer, and the card that says what its answers mean. Close it. Predict may be called by
// any number of goroutines at once; they take turns.
type Classifier struct {
	*classify.Classifier
	LM       *LM
	model    models.Classifier
	encoder  *models.Encoder // the network made for answers alone; nil in training, and where the model's own Hidden does it
	template template
}

// defaultMaxLength is the most tokens of a text where nobody says: tweets and sentences are far below, and without padding it costs nothing.
const defaultMaxLength = 256

// problems are the tasks in Hugging Face's words.
var problems = map[labelled.Task]string{labelled.Single: models.SingleLabel, labelled.Multi: models.MultiLabel, labelled.Regression: models.Regression}

// Problem is the task in Hugging Face's words.
func (c *Classifier) Problem() string { return problems[c.Card.Task] }

// NewClassifier puts a head with fresh weights on the encoder in a run folder or Hugging Face folder, to be trained. The card says task and labels;
// its Model and, where it is 0, MaxLength are filled in. A head of the same labels that the folder has already is kept. Dropout below 0 is the
// folder's own.
func NewClassifier(path string, card classify.Card, dropout float64, seed uint64) (*Classifier, error) {
	lm, err := Open(path)
	if err != nil {
		return nil, err
	}
	labels := card.Labels
	if card.Task == labelled.Regression {
		labels = []string{"LABEL_0"}
	}
	err = torch.Do(func() error {
		config := lm.Model.Configuration()
		if had, _ := models.Classes(config); len(had) > 0 && !slices.Equal(had, labels) { // a head of others is none
			bare, err := models.WithClasses(config, nil, "")
			if err != nil {
				return err
			}
			lm.replace(models.Extend(lm.Model, bare, seed))
		}
		with, err := models.WithClasses(lm.Model.Configuration(), labels, problems[card.Task])
		if err == nil && dropout >= 0 {
			with, err = models.WithDropout(with, dropout)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		lm.replace(models.Extend(lm.Model, with, seed))
		return nil
	})
	if err != nil {
		return nil, errors.Join(err, lm.Close())
	}
	return newClassifier(lm, card)
}

// replace puts another network in the place of the model, which is freed.
func (lm *LM) replace(n models.Network) {
	lm.Model.Params().Free()
	lm.Model = n
}

func newClassifier(lm *LM, card classify.Card) (c *Classifier, err error) {
	shape := lm.Model.Configuration().Shape()
	card.Model = shape.ModelType
	card.MaxLength = min(cmp.Or(card.MaxLength, defaultMaxLength), shape.NumContext)
	c = &Classifier{LM: lm, model: lm.Model.(models.Classifier)}
	if c.template, err = templateOf(lm.Tokenizer); err == nil {
		c.Classifier, err = classify.New(card, c.score)
	}
	if err != nil {
		return nil, errors.Join(err, lm.Close())
	}
	c.Explainer = c.explain
	return c, nil
}

// ClassifierOptions change how a folder is opened. The zero value is what its maker meant.
type ClassifierOptions struct {
	// Int8 rounds the matrices of the blocks to 8 bits and what is multiplied with them to 7, each token for itself, as models.BERT's Int8Encoder has it:
	// faster, and less exact. The head stays as it is.
	Int8 bool
}

// OpenClassifier is Open without options.
func OpenClassifier(dir string) (*Classifier, error) { return ClassifierOptions{}.Open(dir) }

// Open opens a folder that cloze finetune wrote from an encoder, or one of transformers' for sequence classification, whose config.json says labels
// and task. What is opened is not trained further (NewClassifier is for that): answers come from a copy of the weights where there is a kernel for it.
func (o ClassifierOptions) Open(dir string) (*Classifier, error) {
	card, err := classify.ReadCard(dir)
	if errors.Is(err, fs.ErrNotExist) && exists(filepath.Join(dir, "config.json")) {
		card, err = foreignCard(dir)
	}
	if err != nil {
		return nil, err
	}
	lm, err := Open(dir)
	if err != nil {
		return nil, err
	}
	labels, _ := models.Classes(lm.Model.Configuration())
	if len(labels) == 0 {
		return nil, errors.Join(fmt.Errorf("%s: a %s network without a head for classes; train one with cloze finetune", dir, lm.Model.Configuration().Shape().ModelType), lm.Close())
	}
	if card.Labels == nil && card.Task != labelled.Regression {
		card.Labels = labels
	}
	if card.Task != labelled.Regression && len(labels) != len(card.Labels) {
		return nil, errors.Join(fmt.Errorf("%s: the card has %d labels and the network %d outputs; train it again", dir, len(card.Labels), len(labels)), lm.Close())
	}
	c, err := newClassifier(lm, card)
	if err != nil {
		return nil, err
	}
	if err := cmp.Or(c.ReadSeen(dir), c.freeze(o)); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// foreignCard is the card of a folder that has none.
func foreignCard(dir string) (card classify.Card, err error) {
	var keys struct {
		Problem string            `json:"problem_type"`
		Labels  map[string]string `json:"id2label"`
	}
	if _, err := readJSON(filepath.Join(dir, "config.json"), &keys); err != nil {
		return card, err
	}
	card = classify.Card{Version: 1, Task: labelled.Single, Temperature: 1, TextField: "text", LabelFields: []string{"label"}}
	for task, problem := range problems {
		if problem == keys.Problem {
			card.Task = task
		}
	}
	if keys.Problem == "" && len(keys.Labels) == 1 { // as transformers reads it
		card.Task = labelled.Regression
	}
	return card, nil
}

// Close frees the network. A second call does nothing.
func (c *Classifier) Close() error {
	if c.encoder != nil {
		if err := torch.Do(func() error { c.encoder.Free(); return nil }); err != nil {
			return err
		}
		c.encoder = nil
	}
	return c.LM.Close()
}

// Sharpen divides the logits by a temperature from now on, in the weights.
func (c *Classifier) Sharpen(temperature float64) error {
	return torch.Do(func() error { c.model.ScaleClasses(1 / temperature); return nil })
}

// Save writes the classifier as a new folder, which AutoModelForSequenceClassification and OpenClassifier open: aside first, then renamed.
func (c *Classifier) Save(dir string) error {
	if err := refuseExisting(dir, true); err != nil {
		return err
	}
	return writeFolder(dir, func(aside string) error {
		return errors.Join(c.LM.writeHF(aside, maxFileBytes), c.WriteCard(aside))
	})
}

// Row is a text, or a pair, as the network reads it; cut says that it was longer than Card.MaxLength, empty that it has no token of its own.
func (c *Classifier) Row(t classify.Text) (row objectives.Sequence, cut, empty bool) {
	text := c.LM.Tokenizer.AppendIDs(nil, []byte(c.Card.Prepared(t.Text)))
	var pair []int32
	if t.Pair != "" {
		pair = c.LM.Tokenizer.AppendIDs(nil, []byte(c.Card.Prepared(t.Pair)))
	}
	row, cut = c.template.row(text, pair, c.Card.MaxLength)
	if len(row.IDs) == 0 { // nothing in the text, nothing around it: a network must see something
		row.IDs, row.Segments = []int32{max(c.LM.Tokenizer.Roles().Pad, 0)}, []int8{0}
	}
	return row, cut, len(text)+len(pair) == 0
}

// score is the classify.Scorer. Texts of like length go through the network together, without padding: what else is asked for changes an answer by
// rounding alone.
func (c *Classifier) score(ctx context.Context, texts []classify.Text) ([]classify.Scored, error) {
	out, tokens := make([]classify.Scored, len(texts)), make([]int, len(texts))
	rows := make([]objectives.Sequence, len(texts))
	for i, t := range texts {
		rows[i], _, out[i].Empty = c.Row(t)
		tokens[i] = len(rows[i].IDs)
	}
	err := byLength(ctx, tokens, func(some []int) error {
		var batch objectives.Batch
		batch.Reset()
		for _, at := range some {
			objectives.Classify{}.Examples(&batch, rows[at:at+1], nil)
		}
		logits, err := c.logits(&batch)
		if err != nil {
			return err
		}
		outputs := len(logits) / len(some)
		for i, at := range some {
			out[at].Probabilities = c.probabilities(logits[i*outputs : (i+1)*outputs])
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// logits are those of the rows of a batch, [R,L].
func (c *Classifier) logits(b *objectives.Batch) (logits []float32, err error) {
	if err := models.CheckIDs(c.model.Configuration().Shape().VocabSize, b.IDs); err != nil {
		return nil, fmt.Errorf("%s: %w", c.LM.Weights, err)
	}
	err = torch.Do(func() error {
		torch.Scope(func() {
			torch.NoGrad(func() {
				logits = c.model.Classify(c.first(c.input(b)), false).Float32s()
			})
		})
		return nil
	})
	return logits, err
}

// first are the hidden states of the rows' first tokens, [R,D].
func (c *Classifier) first(in models.Input) *torch.Tensor {
	if c.encoder != nil {
		return c.encoder.HiddenFirst(in)
	}
	rows := in.RowOffsets[:len(in.RowOffsets)-1]
	return models.HiddenAt(c.model, in, torch.FromInt32(rows, int64(len(rows))))
}

// probabilities turns the logits of a row into those: softmax of the task single, a sigmoid each of several, as they are of a regression.
func (c *Classifier) probabilities(logits []float32) []float64 {
	p := make([]float64, len(logits))
	var total float64
	largest := float64(slices.Max(logits))
	for i, x := range logits {
		switch c.Card.Task {
		case labelled.Single:
			p[i] = math.Exp(float64(x) - largest)
			total += p[i]
		case labelled.Multi:
			p[i] = 1 / (1 + math.Exp(-float64(x)))
		default:
			p[i] = float64(x)
		}
	}
	if c.Card.Task == labelled.Single {
		for i := range p {
			p[i] /= total
		}
	}
	return p
}
