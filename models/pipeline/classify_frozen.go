package pipeline

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-cloze/cloze/models"
	"github.com/go-cloze/cloze/models/torch"
	"github.com/go-cloze/cloze/objectives"
)

// Freeze says that the network below the head does not change from now on: answers come from a copy of its weights where there is a kernel for it.
func (c *Classifier) Freeze() error { return c.freeze(ClassifierOptions{}) }

func (c *Classifier) freeze(o ClassifierOptions) error {
	network, ok := c.LM.Model.(interface {
		Encoder() *models.Encoder
		Int8Encoder() *models.Encoder
	})
	err := torch.Do(func() error {
		switch {
		case ok && o.Int8:
			c.encoder = network.Int8Encoder()
		case ok:
			c.encoder = network.Encoder()
		}
		return nil
	})
	if err == nil && c.encoder == nil && o.Int8 {
		err = errors.New("numbers of 8 bits want an encoder of BERT's shape with GELU or ReLU, in float32, and a processor with AVX2; leave int8 out")
	}
	return err
}

// Features are what the head reads of rows, without dropout: the hidden states of their first tokens, [N,D] float32. Free them.
func (c *Classifier) Features(ctx context.Context, rows []objectives.Sequence) (*torch.Tensor, error) {
	if err := c.checkRows(rows); err != nil {
		return nil, err
	}
	shape, tokens := c.model.Configuration().Shape(), make([]int, len(rows))
	for i, row := range rows {
		tokens[i] = len(row.IDs)
	}
	all := make([]float32, len(rows)*shape.Dim)
	err := byLength(ctx, tokens, func(some []int) error {
		var batch objectives.Batch
		batch.Reset()
		for _, at := range some {
			objectives.Classify{}.Examples(&batch, rows[at:at+1], nil)
		}
		return torch.Do(func() error {
			torch.Scope(func() {
				torch.NoGrad(func() {
					first := c.first(c.input(&batch)).Float32s()
					for i, at := range some {
						copy(all[at*shape.Dim:], first[i*shape.Dim:(i+1)*shape.Dim])
					}
				})
			})
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	var features *torch.Tensor
	err = torch.Do(func() error {
		features = torch.FromFloat32(all, int64(len(rows)), int64(shape.Dim)).Keep()
		return nil
	})
	return features, err
}

// checkRows refuses ids that the network has no vector for.
func (c *Classifier) checkRows(rows []objectives.Sequence) error {
	for _, row := range rows {
		if err := models.CheckIDs(c.model.Configuration().Shape().VocabSize, row.IDs); err != nil {
			return fmt.Errorf("%s: %w", c.LM.Weights, err)
		}
	}
	return nil
}

// input is a batch as the network takes it, without dropout.
func (c *Classifier) input(b *objectives.Batch) models.Input {
	in := models.NewInput(b.IDs, b.Positions, b.RowOffsets, torch.CPU, false)
	in.Segments = models.Kinds(b.Segments, torch.CPU)
	return in
}
