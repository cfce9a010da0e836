package embeddings

import (
	"errors"

	"github.com/go-cloze/cloze/embeddings/fasttext"
)

// readFastText takes the words of a model, classifiers too, with the vectors that
// the original gives them, and keeps what unknown words are composed of.
func (in *input) readFastText() (*Vectors, error) {
	m, err := fasttext.ReadInput(in.path, in.body, in.size)
	if err != nil {
		return nil, in.fastTextError(err)
	}
	dim, count := int(m.Args.Dim), len(m.Dictionary.Words)
	report := Report{File: in.path, Format: FastText, HeaderWords: int64(count), HeaderDim: int64(dim)}
	rows, names, repairs := wordRows(m, in.Threads), names{}, repairs{}
	names.reserve(count)
	for i, e := range m.Dictionary.Words {
		repairs.oddWord([]byte(e.Word), "word", int64(i+1))
		if _, fresh := names.add(e.Word); !fresh {
			repairs.add(repairDuplicate, "word", int64(i+1))
			continue
		}
		if to := names.len() - 1; to < i {
			copy(rows[to*dim:(to+1)*dim], rows[i*dim:(i+1)*dim])
		}
	}
	report.Repairs = repairs.list()
	if in.Strict {
		if err := repairs.strictError(report); err != nil {
			return nil, err
		}
	}
	v := finish(names, dim, rows[:names.len()*dim:names.len()*dim], report)
	if m.Args.MaxN > 0 {
		v.compose = subwords{m}
	}
	return v, nil
}

// wordRows are the words' vectors [V,D]. A plain model's take the place of the
// words' own rows, which nothing needs afterwards: large models have gigabytes of
// them. Without sub-words the rows are the vectors.
func wordRows(m *fasttext.Model, threads int) []float32 {
	dim, words := int(m.Args.Dim), m.Dictionary.Words
	size := len(words) * dim
	var rows []float32
	switch {
	case m.Input.Codes != nil:
		rows = make([]float32, size)
	case m.Args.MaxN == 0:
		return m.Input.Data[:size]
	default:
		rows = m.Input.Data[:size]
	}
	spans(len(words), threads, func(_, from, to int) {
		row := make([]float32, dim)
		for i := from; i < to; i++ {
			m.RowVector(row, i)
			copy(rows[i*dim:], row)
		}
	})
	return rows
}

// subwords composes words. Of the model's input matrix it may use the rows of
// sub-words only.
type subwords struct{ model *fasttext.Model }

func (s subwords) canCompose(word string) bool { return s.model.CanCompose(word) }

func (s subwords) appendVector(dst []float32, word string) ([]float32, error) {
	from, dim := len(dst), int(s.model.Args.Dim)
	dst = append(dst, make([]float32, dim)...)
	s.model.Compose(dst[from:], word)
	return dst, nil
}

// fastTextError gives a damaged model the words of this package.
func (in *input) fastTextError(err error) error {
	var e *fasttext.Error
	if errors.As(err, &e) {
		return &Error{File: in.path, Cause: e.Cause, Err: e.Err, Remedy: e.Remedy}
	}
	return in.readError(err)
}

// fastTextModel is the vectors as a model without sub-words. Counts are not known:
// each word counts one, and the output, which only training needs, is zero.
func (v *Vectors) fastTextModel() (*fasttext.Model, error) {
	entries := make([]fasttext.Entry, v.Len())
	for i, w := range v.Words() {
		entries[i] = fasttext.Entry{Word: w, Count: 1}
	}
	dictionary, err := fasttext.NewDictionary(entries, nil)
	if err != nil {
		return nil, err
	}
	args := fasttext.DefaultArgs()
	args.Dim, args.Bucket, args.MinN, args.MaxN = int32(v.dim), 0, 0, 0
	matrix := func(rows []float32) *fasttext.Matrix {
		return &fasttext.Matrix{Rows: v.Len(), Cols: v.dim, Data: rows}
	}
	return &fasttext.Model{Args: args, Dictionary: dictionary, Input: matrix(v.Rows()), Output: matrix(make([]float32, v.Len()*v.dim))}, nil
}
