package wordvec

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"os"

	"github.com/go-cloze/cloze/tokenize"
)

// Encoder takes a text, a sentence at a time, and makes a Corpus of it. For one goroutine.
type Encoder struct {
	config Config
	words  cutter
	out    *streamWriter

	counts    []int64 // by number
	tokens    int64   // words in the stream
	sentences int64
	numbers   []uint32 // of one sentence
}

// NewEncoder returns an encoder that keeps the numbers in a new file at path, which becomes that of the corpus. Where the words are the pieces of a
// tokenizer, names are those of its ids: all different, and without white space. Close it if Corpus was not called.
func NewEncoder(path string, c Config, tokenizer *tokenize.Tokenizer, names []string) (*Encoder, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return nil, fileError(path, "made", err)
	}
	return &Encoder{config: c, words: newCutter(c, tokenizer, names), out: &streamWriter{file: file}}, nil
}

// Add takes a sentence. The text may be used again afterwards.
func (e *Encoder) Add(text []byte) error {
	e.numbers = e.words.append(e.numbers[:0], text)
	if len(e.numbers) == 0 {
		return nil
	}
	if n := e.words.len(); n > len(e.counts) {
		if n > math.MaxInt32 {
			return errors.New("more than 2^31 different words; read less text")
		}
		e.counts = grown(e.counts, n)
	}
	for _, n := range e.numbers {
		e.counts[n]++
		e.out.put(n + 1)
	}
	e.out.put(sentenceEnd)
	e.tokens += int64(len(e.numbers))
	e.sentences++
	return e.out.err
}

// Report is what became of a text.
type Report struct {
	Sentences int64   `json:"sentences"`         // that have words
	Words     int64   `json:"words"`             // read
	Types     int64   `json:"types"`             // different ones
	Joined    []int64 `json:"phrases,omitempty"` // pairs joined, by pass

	KeptWords int64 `json:"kept_words"` // trained on, in an epoch
	KeptTypes int64 `json:"kept_types"` // that have vectors
	RareWords int64 `json:"rare_words"` // left out: their type occurs less than min-count times
	RareTypes int64 `json:"rare_types"`
	Sampled   int64 `json:"sampled"`       // of the kept words, about how many an epoch passes over since they are frequent
	Cut       int64 `json:"cut_sentences"` // of more than 100,000 words, trained in pieces
}

// Corpus ends the text: it joins phrases, chooses the vocabulary, renumbers the stream, and writes the vocabulary to a file at vocabulary. The words of
// old, where there is one, are in the vocabulary whatever their counts, and their counts are added.
func (e *Encoder) Corpus(vocabulary string, old *Vocabulary) (*Corpus, Report, error) {
	r := Report{Sentences: e.sentences, Words: e.tokens, Types: int64(e.types())}
	if err := e.out.flush(); err != nil {
		return nil, r, err
	}
	for range e.config.Phrases {
		joined, err := e.joinPhrases(e.config.MinCount, e.config.PhraseThreshold)
		if err != nil {
			return nil, r, err
		}
		r.Joined = append(r.Joined, joined)
	}
	v, place := choose(e.words, e.counts, e.config.MinCount, old)
	types := int64(e.types())
	index, err := e.renumber(place, &r)
	if err != nil {
		return nil, r, err
	}
	r.KeptTypes = int64(v.Len())
	for n, count := range e.counts {
		if count > 0 && place[n] < 0 {
			r.RareTypes++
			r.RareWords += count
		}
	}
	if r.KeptWords == 0 || v.Len() < 2 {
		return nil, r, e.nothingLeft(types, v.Len())
	}
	for i, keep := range v.Keep(e.config.Sample) {
		r.Sampled += int64(float64(v.Counts[i]) * (1 - float64(keep)/math.MaxUint32))
	}
	if err := writeVocabulary(vocabulary, v); err != nil {
		return nil, r, err
	}
	r.Cut = index.cut
	return &Corpus{v, e.out.file, index}, r, nil
}

// types is how many different words the stream holds.
func (e *Encoder) types() (n int) {
	for _, count := range e.counts {
		if count > 0 {
			n++
		}
	}
	return n
}

// nothingLeft is the error of a text that has nothing to train on.
func (e *Encoder) nothingLeft(types int64, kept int) error {
	highest := int64(0)
	for _, count := range e.counts {
		highest = max(highest, count)
	}
	if e.tokens == 0 {
		return errors.New("the text holds no words: there is nothing to train on")
	}
	return fmt.Errorf("%d words read, %d different, the highest count %d; with min-count %d %d are left and two are wanted: lower min-count, or give more text",
		e.tokens, types, highest, e.config.MinCount, kept)
}

// renumber gives the words of the stream their places in the vocabulary and takes the others out, in place.
func (e *Encoder) renumber(place []int32, r *Report) (indexer, error) {
	in := newStreamReader(e.out.file, e.out.size())
	out := &streamWriter{file: e.out.file}
	index := newIndexer()
	open := false // the sentence has words
	for value, ok := in.next(); ok; value, ok = in.next() {
		to := uint32(sentenceEnd)
		switch {
		case value != sentenceEnd:
			if to = uint32(place[value-1] + 1); to == 0 {
				continue
			}
			open = true
			r.KeptWords++
		case !open:
			continue
		default:
			open = false
		}
		out.put(to)
		index.see(to)
	}
	e.out = out
	if err := cmp.Or(in.err, out.flush()); err != nil {
		return index, err
	}
	if err := out.file.Truncate(out.size()); err != nil {
		return index, fileError(out.file.Name(), "cut", err)
	}
	return index.done(), nil
}

// Close closes the file of numbers.
func (e *Encoder) Close() error { return e.out.file.Close() }

func writeVocabulary(path string, v *Vocabulary) error {
	file, err := os.Create(path)
	if err != nil {
		return fileError(path, "made", err)
	}
	if err = errors.Join(v.write(file), file.Sync(), file.Close()); err != nil {
		return fileError(path, "written", err)
	}
	return nil
}
