package pipeline

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/go-cloze/cloze/models"
	"github.com/go-cloze/cloze/models/torch"
	"github.com/go-cloze/cloze/tokenize"
)

// Poolings are the ways to make one vector of those of a text's tokens: their mean, the first token's (cls), the last one's, or the
// largest number in each column.
func Poolings() []string { return []string{"mean", "cls", "last", "max"} }

// Embedder turns texts into vectors by a network's hidden states. Close it. It may be used by several goroutines: they take turns.
type Embedder struct {
	*LM
	Sentence
	encoder *models.Encoder // the network made for this alone; nil where Hidden does it
	layer   int             // whose output is taken, up to the network's last; 0 is what goes into the first
}

// EmbedOptions change what a folder says of itself.
type EmbedOptions struct {
	Checkpoint string // as in Options
	Pooling    string // one of Poolings; "" as the folder says, else the mean
	MaxTokens  int    // of a text, template and all; longer ones are cut at the end; 0 as the folder says, else the network's context
	Layer      *int   // of an encoder: whose output is taken, from 1, or from the end: -1 is the last; 0 is what goes into the first; nil is the last
}

// OpenEmbedder opens a run folder, or a Hugging Face folder; what sentence-transformers keeps there (modules.json, 1_Pooling,
// sentence_bert_config.json) says how texts become vectors.
func OpenEmbedder(path string, o EmbedOptions) (*Embedder, error) {
	sentence, err := ReadSentence(path)
	if err != nil {
		return nil, err
	}
	if o.Pooling != "" && !slices.Contains(Poolings(), o.Pooling) {
		return nil, fmt.Errorf("unknown pooling %q; there are %s", o.Pooling, strings.Join(Poolings(), ", "))
	}
	lm, err := Options{Checkpoint: o.Checkpoint}.Open(path)
	if err != nil {
		return nil, err
	}
	shape := lm.Model.Configuration().Shape()
	e := &Embedder{LM: lm, Sentence: sentence, layer: shape.NumLayers}
	if o.Layer != nil {
		if err := e.setLayer(path, *o.Layer); err != nil {
			lm.Close()
			return nil, err
		}
	}
	if network, ok := lm.Model.(interface{ Encoder() *models.Encoder }); ok && e.layer == shape.NumLayers {
		err := torch.Do(func() error { e.encoder = network.Encoder(); return nil })
		if err != nil {
			return nil, err
		}
	}
	e.Pooling = cmp.Or(o.Pooling, e.Pooling, "mean")
	e.MaxTokens = min(cmp.Or(o.MaxTokens, e.MaxTokens, shape.NumContext), shape.NumContext)
	return e, nil
}

// layered is a network that gives the output of any of its blocks, as models.BERT's HiddenLayer does.
type layered interface {
	HiddenLayer(in models.Input, layer int) *torch.Tensor
}

// setLayer takes a layer's number as the user counts.
func (e *Embedder) setLayer(path string, layer int) error {
	last := e.layer
	if _, ok := e.Model.(layered); !ok && layer != -1 && layer != last {
		return fmt.Errorf("%s: a layer other than the last is given of encoders, and this is a %s; leave the layer out", path, e.Model.Configuration().Shape().ModelType)
	}
	if layer < -last-1 || layer > last {
		return fmt.Errorf("%s: layer %d of a network of %d; give 0 (what goes into the first) to %d, or -1 (the last) to %d", path, layer, last, last, -last-1)
	}
	if layer < 0 {
		layer += last + 1
	}
	e.layer = layer
	return nil
}

// Close frees the model. A second call does nothing.
func (e *Embedder) Close() error {
	if e.encoder != nil {
		if err := torch.Do(func() error { e.encoder.Free(); return nil }); err != nil {
			return err
		}
		e.encoder = nil
	}
	return e.LM.Close()
}

// Dim returns how many numbers a vector has.
func (e *Embedder) Dim() int { return e.Model.Configuration().Shape().Dim }

// Embedded are the vectors of some texts.
type Embedded struct {
	Vectors []float32 // [N,D], text after text; of a text without a token zeros
	Tokens  []int     // of each text, as the network saw it
	Cut     int       // texts that were longer than MaxTokens
}

// batchTokens is how many tokens go through the network at once: enough that threads which take texts by themselves end together.
const batchTokens = 4096

// Embed returns the vectors of texts, in their order. Texts of like length go through the network together, without padding: what
// else is asked for changes a vector by rounding alone. When ctx is done the error is ctx's.
func (e *Embedder) Embed(ctx context.Context, texts []string) (Embedded, error) {
	dim := e.Dim()
	out := Embedded{Vectors: make([]float32, len(texts)*dim), Tokens: make([]int, len(texts))}
	rows := make([]embedRow, len(texts))
	for i, text := range texts {
		row, cut := e.row(text)
		rows[i], out.Tokens[i] = row, len(row.ids)
		if cut {
			out.Cut++
		}
	}
	err := e.each(ctx, rows, out.Tokens, func(i int, hiddenND []float32) {
		vector := out.Vectors[i*dim : (i+1)*dim]
		pool(vector, hiddenND, e.Pooling)
		if e.Normalize {
			normalize(vector)
		}
	})
	if err != nil {
		return Embedded{}, err
	}
	return out, nil
}

// each hands the hidden states of each row that has tokens to take, [N,D], which are its own only as long as take runs.
func (e *Embedder) each(ctx context.Context, rows []embedRow, tokens []int, take func(i int, hiddenND []float32)) error {
	dim := e.Dim()
	return byLength(ctx, tokens, func(some []int) error {
		hidden, offsets, err := e.hidden(rows, some)
		for i, at := range some {
			if from, to := int(offsets[i])*dim, int(offsets[i+1])*dim; err == nil && from < to {
				take(at, hidden[from:to])
			}
		}
		return err
	})
}

// byLength sorts texts of so many tokens by length and has run take them, by their numbers, in batches of at most batchTokens or of one
// text. It ends with the first error, or that of ctx.
func byLength(ctx context.Context, tokens []int, run func(some []int) error) error {
	order := make([]int, len(tokens))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(tokens[a], tokens[b]) })
	for len(order) > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, sum := 0, 0
		for n < len(order) && (n == 0 || sum+tokens[order[n]] <= batchTokens) {
			sum += tokens[order[n]]
			n++
		}
		if err := run(order[:n]); err != nil {
			return err
		}
		order = order[n:]
	}
	return nil
}

// embedRow is a text as the network reads it.
type embedRow struct {
	ids      []int32
	segments []int32
	kept     []int // of a text that was cut, which tokens of its encoding are left; nil for all
}

// row cuts a text into tokens, with the template around them; of a long one the end of the text is left out, not of the template.
func (e *Embedder) row(text string) (row embedRow, cut bool) { return e.rowOf(e.encode(text)) }

func (e *Embedder) encode(text string) tokenize.Encoding {
	if e.Lower {
		text = strings.ToLower(text)
	}
	return e.Tokenizer.Encode(e.Prompt + text)
}

// rowOf is row for a text that is encoded.
func (e *Embedder) rowOf(encoding tokenize.Encoding) (row embedRow, cut bool) {
	over := len(encoding.IDs) - e.MaxTokens
	row = embedRow{ids: encoding.IDs, segments: encoding.TypeIDs}
	if over <= 0 {
		return row, false
	}
	last := len(encoding.IDs) // the text's tokens from here on go
	for dropped := 0; dropped < over && last > 0; {
		last--
		if !encoding.SpecialMask[last] {
			dropped++
		}
	}
	row.ids, row.segments = nil, nil
	for i, id := range encoding.IDs {
		if i < last || encoding.SpecialMask[i] {
			row.ids, row.segments, row.kept = append(row.ids, id), append(row.segments, encoding.TypeIDs[i]), append(row.kept, i)
		}
	}
	n := min(len(row.ids), e.MaxTokens) // a template longer than the limit is cut, too
	row.ids, row.segments, row.kept = row.ids[:n], row.segments[:n], row.kept[:n]
	return row, true
}

// hidden returns the hidden states of some of the rows, [N,D]; those of the i-th begin at offsets[i].
func (e *Embedder) hidden(rows []embedRow, some []int) (hidden []float32, offsets []int32, err error) {
	var ids, segments []int32
	offsets = []int32{0}
	for _, at := range some {
		row := rows[at]
		ids, segments = append(ids, row.ids...), append(segments, row.segments...)
		offsets = append(offsets, int32(len(ids)))
	}
	if len(ids) == 0 {
		return nil, offsets, nil
	}
	if err := models.CheckIDs(e.Model.Configuration().Shape().VocabSize, ids); err != nil {
		return nil, offsets, fmt.Errorf("%s: %w", e.Weights, err)
	}
	if slices.Max(segments) == 0 {
		segments = nil
	}
	err = torch.Do(func() error {
		torch.NoGrad(func() {
			in := models.NewInput(ids, models.RowPositions(offsets), offsets, torch.CPU, false)
			in.Segments = models.Kinds(segments, torch.CPU)
			switch {
			case e.encoder != nil:
				hidden = e.encoder.Hidden(in).Float32s()
			case e.layer < e.Model.Configuration().Shape().NumLayers:
				hidden = e.Model.(layered).HiddenLayer(in, e.layer).Float32s()
			default:
				hidden = e.Model.Hidden(in).Float32s()
			}
		})
		return nil
	})
	return hidden, offsets, err
}

// pool makes one vector of those of a text's tokens, [N,D].
func pool(vector, hiddenND []float32, pooling string) {
	dim := len(vector)
	switch pooling {
	case "cls":
		copy(vector, hiddenND)
		return
	case "last":
		copy(vector, hiddenND[len(hiddenND)-dim:])
		return
	}
	copy(vector, hiddenND)
	for at := dim; at < len(hiddenND); at += dim {
		for i, x := range hiddenND[at : at+dim] {
			if pooling == "max" {
				vector[i] = max(vector[i], x)
			} else {
				vector[i] += x
			}
		}
	}
	if pooling == "mean" {
		for i := range vector {
			vector[i] /= float32(len(hiddenND) / dim)
		}
	}
}

// normalize scales a vector to length 1; one of zeros stays.
func normalize(vector []float32) {
	var sum float64
	for _, x := range vector {
		sum += float64(x) * float64(x)
	}
	scale := float32(1 / max(math.Sqrt(sum), 1e-12)) // as torch.nn.functional.normalize
	for i := range vector {
		vector[i] *= scale
	}
}
