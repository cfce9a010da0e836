package objectives

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

func check(t *testing.T, vocab int, validFraction float64, docs ...[]int32) Check {
	t.Helper()
	train, valid := streamOf(t, vocab, 0, validFraction, docs...)
	return Check{Objective: NextToken{}, Train: Side{train}, Valid: Side{valid}, BlockSize: 8, Rows: vocab, TokenizerSize: vocab, Parameters: 10}
}

// Case C73: data of a 65-entry tokenizer and a model of 50 rows, and the reverse.
func TestPreflightRefusesIDsOutsideTheTable(t *testing.T) {
	c := check(t, 65, 0, []int32{3, 49, 57, 64})
	c.Rows = 50
	_, err := c.Preflight()
	if err == nil {
		t.Fatal("a table of 50 rows was accepted for ids up to 64")
	}
	for _, part := range []string{"id 57", "50 rows", "65", "token 3", "model.vocab_size"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error %q does not say %q", err, part)
		}
	}
	c.Rows = 80
	p, err := c.Preflight()
	if err != nil {
		t.Fatal(err)
	}
	if notes := strings.Join(p.Notes, "\n"); !strings.Contains(notes, "15 rows are never trained") {
		t.Errorf("notes %q do not say that 15 rows are too many", notes)
	}
}

// askFor is NextToken whose first target is another id.
type askFor int32

func (a askFor) Examples(dst *Batch, seqs []Sequence, rng *rand.Rand) {
	NextToken{}.Examples(dst, seqs, rng)
	dst.Targets[0] = int32(a)
}

func TestPreflightRefusesATargetOutsideTheTable(t *testing.T) {
	c := check(t, 65, 0, []int32{3, 4})
	c.Objective = askFor(64) // and read nowhere
	c.Rows = 60
	if _, err := c.Preflight(); err == nil || !strings.Contains(err.Error(), "id 64") {
		t.Errorf("error %v, want one that names id 64", err)
	}
}

// Case C72: nothing to learn is an error with the numbers, a short block is a note.
func TestPreflightSaysWhenTheCorpusIsTooSmall(t *testing.T) {
	c := check(t, 10, 0)
	if _, err := c.Preflight(); err == nil || !strings.Contains(err.Error(), "0 tokens in 0 documents") {
		t.Errorf("error %v, want one with both numbers", err)
	}
	c = check(t, 10, 0, []int32{1, 2})
	c.StepTokens = 64
	p, err := c.Preflight()
	if err != nil {
		t.Fatal(err)
	}
	notes := strings.Join(p.Notes, "\n")
	for _, part := range []string{"3 tokens, fewer than one block of 8", "a step reads 64 tokens", "no validation text"} {
		if !strings.Contains(notes, part) {
			t.Errorf("notes %q do not say %q", notes, part)
		}
	}
}

func TestUnigramBaselineIsTheEntropyOfSmoothedCounts(t *testing.T) {
	c := check(t, 4, 0, []int32{1, 1, 1, 2}) // targets 1 1 1 2 0
	valid, _ := streamOf(t, 4, 0, 0, []int32{1, 3})
	c.Valid = Side{valid} // targets 1 3 0
	p, err := c.Preflight()
	if err != nil {
		t.Fatal(err)
	}
	want := -(math.Log(4./9) + math.Log(1./9) + math.Log(2./9))
	if math.Abs(p.UnigramNats-want/3) > 1e-12 {
		t.Errorf("baseline %v nats, want %v", p.UnigramNats, want/3)
	}
	if math.Abs(p.UnigramBitsPerByte-want/math.Ln2/2) > 1e-12 {
		t.Errorf("baseline %v bits a byte, want %v", p.UnigramBitsPerByte, want/math.Ln2/2)
	}
	if p.Tokens != 5 || p.Targets != 5 || p.ValidTokens != 3 || p.ValidBytes != 2 || p.TokensPerParam != 0.5 || p.Blocks != 1 {
		t.Errorf("counted %+v", p)
	}
	if s := p.String(); !strings.Contains(s, "to beat") || !strings.Contains(s, "5 tokens, 1 documents, 1 blocks") {
		t.Errorf("report\n%s", s)
	}
}

// Case C93: most documents repeat one text.
func TestPreflightWarnsOfRepeats(t *testing.T) {
	b := NewBuilder(2000, 0)
	for i := range int32(1000) {
		id := max(i-899, 1)
		if err := b.Add([]byte{byte(id), byte(id >> 8)}, []int32{id}); err != nil {
			t.Fatal(err)
		}
	}
	repeats, all := b.Repeats(), b.Documents()
	train, valid, _ := b.Split(SplitConfig{}, nil)
	c := Check{Objective: NextToken{}, Train: Side{train}, Valid: Side{valid}, BlockSize: 8, Rows: 2000, TokenizerSize: 2000, Repeats: repeats, AllTexts: all}
	p, err := c.Preflight()
	if err != nil {
		t.Fatal(err)
	}
	if notes := strings.Join(p.Notes, "\n"); !strings.Contains(notes, "90 % of the documents repeat a text") {
		t.Errorf("notes %q", notes)
	}
}
