package embeddings

import (
	"fmt"
	"strings"
)

// Policy says what becomes of a word that has no vector of its own. The zero
// value is right where a wrong word should be noticed.
type Policy uint8

const (
	// Compose takes a vector made of the word's parts where the model has such
	// ([Vectors.CanCompose]); otherwise the word is an *UnknownWordError.
	Compose Policy = iota
	// Fail makes it an *UnknownWordError, whatever could be composed.
	Fail
	// Skip leaves the word out, as if it had not been asked for.
	Skip
	// Zero takes a vector of zeros.
	Zero
	// ComposeOrSkip takes a composed vector, and leaves out words of which none
	// can be made: for long texts.
	ComposeOrSkip
)

var policyNames = []string{Compose: "compose", Fail: "error", Skip: "skip", Zero: "zero", ComposeOrSkip: "compose-or-skip"}

// String is the name of the policy: compose, error, skip, zero, compose-or-skip.
func (p Policy) String() string {
	if int(p) < len(policyNames) {
		return policyNames[p]
	}
	return fmt.Sprintf("Policy(%d)", uint8(p))
}

// MarshalText writes the name.
func (p Policy) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText takes a name; another word is an error that lists them.
func (p *Policy) UnmarshalText(name []byte) error {
	for i, n := range policyNames {
		if n == string(name) {
			*p = Policy(i)
			return nil
		}
	}
	return fmt.Errorf("unknown policy %s; give one of %s", quote(string(name)), strings.Join(policyNames, ", "))
}

// UnknownWord is a word of a question that has no vector of its own, and what
// was done about it.
type UnknownWord struct {
	Word  string `json:"word"`
	Place int    `json:"place"` // its number among the words asked for, from 0
	Used  Policy `json:"used"`  // Compose, Skip or Zero
}

// lookedUp is what became of a word.
type lookedUp struct {
	row  int    // -1 where the word has no vector of its own
	used Policy // of such a word: Skip appended nothing, Compose and Zero D numbers
}

// appendWord appends the word's vector to dst as the policy says.
func (v *Vectors) appendWord(dst []float32, word string, p Policy) ([]float32, lookedUp, error) {
	if row, ok := v.Index(word); ok {
		return v.AppendRow(dst, row), lookedUp{row: row}, nil
	}
	if (p == Compose || p == ComposeOrSkip) && v.CanCompose(word) {
		out, err := v.compose.appendVector(dst, word)
		return out, lookedUp{-1, Compose}, err
	}
	switch p {
	case Skip, ComposeOrSkip:
		return dst, lookedUp{-1, Skip}, nil
	case Zero:
		return append(dst, make([]float32, v.dim)...), lookedUp{-1, Zero}, nil
	}
	return dst, lookedUp{row: -1}, v.Unknown(word)
}

// AppendVectors looks many words up: it appends their vectors to dst, one after
// another ([N,D] float32, row-major), and tells the words that have none of their
// own. With Skip and ComposeOrSkip there are fewer rows than words: those told as
// skipped are missing. An error (*UnknownWordError by policy) leaves dst as it
// was.
func (v *Vectors) AppendVectors(dst []float32, words []string, p Policy) ([]float32, []UnknownWord, error) {
	var unknown []UnknownWord
	out := dst
	for i, word := range words {
		var f lookedUp
		var err error
		if out, f, err = v.appendWord(out, word, p); err != nil {
			return dst, nil, err
		}
		if f.row < 0 {
			unknown = append(unknown, UnknownWord{word, i, f.used})
		}
	}
	return out, unknown, nil
}
