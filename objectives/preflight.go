package objectives

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
)

// Preflight is what there is to know about a run before its first step.
type Preflight struct {
	Tokens         int64   `json:"tokens"`                // tokens the model reads in one pass over the training set
	Targets        int64   `json:"targets"`               // of them, tokens it is asked for
	AskedShare     float64 `json:"asked_share,omitempty"` // Targets of the tokens that chance can make targets; 0 where no chance is in it
	Documents      int     `json:"documents"`             // training documents
	Repeats        int     `json:"repeats"`               // documents, of both sets, whose text had been seen before
	Blocks         int     `json:"blocks"`                // training blocks
	ValidTokens    int64   `json:"valid_tokens"`          // targets of the validation set
	ValidDocuments int     `json:"valid_documents"`       // validation documents
	ValidBytes     int64   `json:"valid_bytes"`           // bytes of their text
	Parameters     int64   `json:"parameters"`            // of the model
	TokensPerParam float64 `json:"tokens_per_param"`      // training tokens a parameter
	// Loss over the validation set of guessing by frequency alone: a token's probability is its count among the training targets plus one, over
	// their number plus the rows of the table; several corpora count as they are, whatever their weights. A model that does not fall below it has learnt nothing but frequencies. 0 without validation.
	UnigramNats        float64  `json:"unigram_nats"`          // a token
	UnigramBitsPerByte float64  `json:"unigram_bits_per_byte"` // of validation text
	Notes              []string `json:"notes,omitempty"`       // what a user should know, a sentence each
}

// Check holds what Preflight looks at.
type Check struct {
	Objective         Objective
	Train, Valid      Side                               // Valid may be empty
	BlockSize         int                                // tokens
	Cut               func(i int, stream *Stream) Blocks // how the i-th stream of a side is cut; nil is into blocks of BlockSize
	Rows              int                                // of the model's table of tokens
	TokenizerSize     int                                // largest id of the tokenizer, plus one
	Parameters        int64                              // of the model
	StepTokens        int64                              // tokens in a step; 0 when unknown
	Repeats, AllTexts int                                // documents seen before, and all documents
}

// Preflight checks that there is something to learn and that every id has a row in the model's table, and counts what there is.
// An error means that the run cannot start; it names both numbers and the remedy.
func (c Check) Preflight() (Preflight, error) {
	p := Preflight{
		Tokens: int64(c.Train.Tokens()), Documents: c.Train.Documents(), Repeats: c.Repeats,
		ValidDocuments: c.Valid.Documents(), ValidBytes: c.Valid.Bytes(), Parameters: c.Parameters,
	}
	cut := c.Cut
	if cut == nil {
		cut = func(_ int, stream *Stream) Blocks { return stream.Cut(c.BlockSize) }
	}
	train, valid := c.Train.Blocks(cut), c.Valid.Blocks(cut)
	p.Blocks = train.Len()
	counts := make([]int64, c.Rows)
	var err error
	var eligible int64
	if p.Targets, eligible, err = c.count(train, "training", counts); err != nil {
		return p, err
	}
	if eligible > 0 {
		p.AskedShare = float64(p.Targets) / float64(eligible)
	}
	if p.Targets == 0 {
		return p, fmt.Errorf("the training set has %d tokens in %d documents and leaves nothing to predict in blocks of %d: give more text, or a smaller train.block_size",
			p.Tokens, p.Documents, c.BlockSize)
	}
	validCounts := make([]int64, c.Rows)
	if p.ValidTokens, _, err = c.count(valid, "validation", validCounts); err != nil {
		return p, err
	}
	if c.Parameters > 0 {
		p.TokensPerParam = float64(p.Tokens) / float64(c.Parameters)
	}
	if p.ValidTokens > 0 {
		nats := unigramNats(counts, p.Targets, validCounts)
		p.UnigramNats = nats / float64(p.ValidTokens)
		if p.ValidBytes > 0 {
			p.UnigramBitsPerByte = nats / math.Ln2 / float64(p.ValidBytes)
		}
	}
	p.Notes = c.notes(p)
	return p, nil
}

// count adds up the targets of a set, and what could have been, and refuses ids that have no row.
func (c Check) count(set Blocks, name string, counts []int64) (targets, eligible int64, err error) {
	var (
		seqs  []Sequence
		batch Batch
		pcg   rand.PCG
		token int64
	)
	for i := range set.Len() {
		seqs = set.Sequences(i, seqs[:0])
		for _, q := range seqs {
			for _, id := range q.IDs {
				if id < 0 || int(id) >= c.Rows {
					return 0, 0, fmt.Errorf("%s token %d has id %d, but the model's table has %d rows (ids 0 to %d) and the tokenizer has %d: set model.vocab_size to %d, or take the tokenizer the model was made for",
						name, token, id, c.Rows, c.Rows-1, c.TokenizerSize, c.TokenizerSize)
				}
				token++
			}
		}
		batch.Reset()
		SeedSample(&pcg, 0, 0, uint64(i))
		c.Objective.Examples(&batch, seqs, rand.New(&pcg))
		targets, eligible = targets+int64(batch.Counted), eligible+int64(batch.Eligible)
		for _, id := range batch.Targets {
			if id == IgnoreIndex {
				continue
			}
			if id < 0 || int(id) >= c.Rows {
				return 0, 0, fmt.Errorf("%s block %d asks for id %d, but the model's table has %d rows and the tokenizer has %d: set model.vocab_size to at least %d",
					name, i, id, c.Rows, c.TokenizerSize, id+1)
			}
			counts[id]++
		}
	}
	return targets, eligible, nil
}

// unigramNats is the cross entropy, summed over the validation targets, of the add-one smoothed frequencies of the training targets.
func unigramNats(train []int64, total int64, valid []int64) float64 {
	logTotal := math.Log(float64(total) + float64(len(train)))
	var nats float64
	for id, n := range valid {
		if n > 0 {
			nats += float64(n) * (logTotal - math.Log(float64(train[id])+1))
		}
	}
	return nats
}

func (c Check) notes(p Preflight) []string {
	var notes []string
	say := func(format string, args ...any) { notes = append(notes, fmt.Sprintf(format, args...)) }
	if p.Tokens < int64(c.BlockSize) {
		say("the training set has %d tokens, fewer than one block of %d: it is trained as one short block", p.Tokens, c.BlockSize)
	}
	if c.StepTokens > p.Tokens {
		say("a step reads %d tokens, the whole training set has %d: every step sees it more than once", c.StepTokens, p.Tokens)
	}
	if c.Rows > c.TokenizerSize {
		say("the model's table has %d rows, the tokenizer %d ids: %d rows are never trained", c.Rows, c.TokenizerSize, c.Rows-c.TokenizerSize)
	}
	if p.ValidTokens == 0 {
		say("there is no validation text: the loss on unseen text stays unknown (data.valid_fraction)")
	}
	if c.AllTexts > 0 && 2*c.Repeats > c.AllTexts {
		say("%d %% of the documents repeat a text seen before: removing repeats is likely to help", 100*c.Repeats/c.AllTexts)
	}
	return notes
}

// String is the report as a user reads it, a line a subject.
func (p Preflight) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "training    %d tokens, %d documents, %d blocks\n", p.Tokens, p.Documents, p.Blocks)
	if p.AskedShare > 0 {
		fmt.Fprintf(&b, "asked for   %d tokens in the first pass, %.2f %% of the text's\n", p.Targets, 100*p.AskedShare)
	}
	fmt.Fprintf(&b, "validation  %d tokens, %d documents, %d bytes\n", p.ValidTokens, p.ValidDocuments, p.ValidBytes)
	fmt.Fprintf(&b, "model       %d parameters, %.2f training tokens each\n", p.Parameters, p.TokensPerParam)
	if p.ValidTokens > 0 {
		fmt.Fprintf(&b, "to beat     %.4f nats a token", p.UnigramNats)
		if p.UnigramBitsPerByte > 0 {
			fmt.Fprintf(&b, ", %.4f bits a byte", p.UnigramBitsPerByte)
		}
		b.WriteString(" (token frequencies alone)\n")
	}
	for _, note := range p.Notes {
		b.WriteString("note: " + note + "\n")
	}
	return b.String()
}
