package pipeline

import (
	"fmt"
	"regexp"
	"strconv"
	"unicode/utf8"

	"github.com/go-cloze/cloze/embeddings"
	"github.com/go-cloze/cloze/models/torch"
)

// InputEmbeddings returns the vectors that the network reads for each token, under the names embeddings.Key gives
// the tokens' texts. Ids without a token are left out. The vectors are a copy.
func (lm *LM) InputEmbeddings() (*embeddings.Vectors, error) { return lm.table(lm.Model.InputTable()) }

// OutputEmbeddings is InputEmbeddings of the table that the network compares its output with. In a model with
// tied tables both are the same.
func (lm *LM) OutputEmbeddings() (*embeddings.Vectors, error) {
	weight, _ := lm.Model.Head()
	return lm.table(weight)
}

func (lm *LM) table(tableVD *torch.Tensor) (*embeddings.Vectors, error) {
	var rows []float32
	if err := torch.Do(func() error { rows = tableVD.Float32s(); return nil }); err != nil {
		return nil, err
	}
	dim := lm.Model.Configuration().Shape().Dim
	var pieces []string
	for id := range int32(lm.Tokenizer.VocabSize()) {
		if _, ok := lm.Tokenizer.Token(id); ok {
			copy(rows[len(pieces)*dim:], rows[int(id)*dim:(int(id)+1)*dim])
			pieces = append(pieces, pieceBytes(lm.Tokenizer.Text(id)))
		}
	}
	vectors, err := embeddings.FromRows(embeddings.Keys(pieces), dim, rows[:len(pieces)*dim])
	if err != nil {
		return nil, fmt.Errorf("%s: %w", lm.Weights, err)
	}
	return vectors, nil
}

var shownByte = regexp.MustCompile(`<0x[0-9A-F]{2}>`)

// pieceBytes turns a token's readable text back into the bytes it stands for: bytes that are no whole character
// are shown there as <0xE9>. A token that merely spells such a mark stays as it is, as its bytes would be whole.
func pieceBytes(text string) string {
	raw := shownByte.ReplaceAllStringFunc(text, func(mark string) string {
		value, _ := strconv.ParseUint(mark[3:5], 16, 8) // two hexadecimal digits, by the pattern
		return string([]byte{byte(value)})
	})
	if utf8.ValidString(raw) {
		return text
	}
	return raw
}
