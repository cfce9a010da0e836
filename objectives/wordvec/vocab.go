package wordvec

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
)

// Vocabulary is the words that have vectors. The most frequent come first; among words of one count, the one whose bytes are smaller. The
// order depends on nothing else.
type Vocabulary struct {
	Words  []string
	Counts []int64 // occurrences in the text, and in the texts of the runs that this one goes on from
}

// Len is the number of words.
func (v *Vocabulary) Len() int { return len(v.Words) }

// Total is the sum of all counts.
func (v *Vocabulary) Total() (n int64) {
	for _, c := range v.Counts {
		n += c
	}
	return n
}

// Keep is, for each word, 2^32 times the chance that an occurrence of it is trained on; 2^32-1 is always. By word2vec's code (gensim and
// fastText compute the same): with f the word's share of the text, sqrt(sample/f) + sample/f. sample 0 gives nil: all are kept.
func (v *Vocabulary) Keep(sample float64) []uint32 {
	if sample == 0 {
		return nil
	}
	keep := make([]uint32, v.Len())
	threshold := sample * float64(v.Total())
	for i, count := range v.Counts {
		p := math.MaxUint32 / float64(1<<32)
		if count > 0 {
			r := threshold / float64(count)
			p = min(p, math.Sqrt(r)+r)
		}
		keep[i] = uint32(p * (1 << 32))
	}
	return keep
}

// choose orders the words that are frequent enough, or that the old vocabulary has: the vocabulary, and for each number of the cutter the place of
// its word in it, -1 for none.
func choose(words cutter, counts []int64, minCount int64, old *Vocabulary) (*Vocabulary, []int32) {
	counts = grown(slices.Clone(counts), words.len())
	always := make([]bool, len(counts))
	if old != nil {
		for i, word := range old.Words {
			n := words.add([]byte(word))
			counts, always = grown(counts, int(n)+1), grown(always, int(n)+1)
			counts[n] += old.Counts[i]
			always[n] = true
		}
	}
	type candidate struct {
		word   string
		count  int64
		number int
	}
	var chosen []candidate
	for n, count := range counts {
		if always[n] || count >= minCount && count > 0 {
			chosen = append(chosen, candidate{words.name(uint32(n)), count, n})
		}
	}
	slices.SortFunc(chosen, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.count, a.count), strings.Compare(a.word, b.word))
	})
	v := &Vocabulary{make([]string, len(chosen)), make([]int64, len(chosen))}
	place := make([]int32, len(counts))
	for n := range place {
		place[n] = -1
	}
	for i, c := range chosen {
		v.Words[i], v.Counts[i], place[c.number] = c.word, c.count, int32(i)
	}
	return v, place
}

// write gives a line for each word: the word, a blank, its count, as word2vec's -save-vocab does.
func (v *Vocabulary) write(w io.Writer) error {
	out := bufio.NewWriter(w)
	var line []byte
	for i, word := range v.Words {
		line = append(append(line[:0], word...), ' ')
		line = append(strconv.AppendInt(line, v.Counts[i], 10), '\n')
		if _, err := out.Write(line); err != nil {
			return err
		}
	}
	return out.Flush()
}

// ReadVocabulary reads a file that write wrote, or word2vec's -save-vocab.
func ReadVocabulary(path string) (*Vocabulary, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fileError(path, "read", err)
	}
	v := &Vocabulary{}
	number := 0
	for line := range strings.Lines(string(data)) {
		number++
		line = strings.TrimSuffix(line, "\n")
		at := strings.LastIndexByte(line, ' ')
		if at < 1 {
			return nil, fmt.Errorf("%s:%d: want a word, a blank and its count; start the run again", path, number)
		}
		count, err := strconv.ParseInt(line[at+1:], 10, 64)
		if err != nil || count < 0 {
			return nil, fmt.Errorf("%s:%d: %q is not a count; start the run again", path, number, line[at+1:])
		}
		v.Words, v.Counts = append(v.Words, line[:at]), append(v.Counts, count)
	}
	return v, nil
}
