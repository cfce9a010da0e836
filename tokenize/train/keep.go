package train

import (
	"math"
	"slices"
)

// wordList is the words that merging sees, as one array of byte values: before each word stands a mark, -2 - its index; one more
// mark ends the array.
type wordList struct {
	symbols []int32
	counts  []int64 // by word
}

// wordCost is what a word takes while merging: 4 bytes a symbol, 4 a place of a pair and some for pairs that come and go.
func wordCost(size int) int64 { return 16 + 12*int64(size) }

// keepWords joins what the workers counted. Where it would not fit into half of the memory, the most frequent words are kept: all above
// a count, and of those with that count the first in byte order.
func keepWords(cfg BPEConfig, workers []*counter, sp *spill, report *Report) (*wordList, error) {
	each, err := joined(workers, sp)
	if err != nil {
		return nil, err
	}
	report.SpilledBytes = sp.bytes
	byCount := map[int64]int64{} // cost of the words with a count
	total, cost, symbols := int64(0), int64(0), int64(0)
	err = each(func(word []byte, count int64) error {
		c := wordCost(len(word))
		byCount[count] += c
		report.DistinctWords++
		total += count
		cost += c
		symbols += int64(len(word)) + 1
		return nil
	})
	if err != nil {
		return nil, err
	}
	least, room := int64(0), int64(math.MaxInt64)
	if budget := min(cfg.MemoryBytes/2, math.MaxInt32/2*12); cost > budget {
		least, room = threshold(byCount, budget)
		symbols = budget / 12
		if sp.bytes == 0 {
			workers[0].table.sort()
		}
	}
	list := &wordList{symbols: make([]int32, 0, symbols+1), counts: make([]int64, 0, 1024)}
	kept := int64(0)
	err = each(func(word []byte, count int64) error {
		if count < least {
			return nil
		}
		if count == least {
			if room -= wordCost(len(word)); room < 0 {
				return nil
			}
		}
		kept += count
		list.add(word, count)
		return nil
	})
	list.symbols = append(list.symbols, mark(len(list.counts)))
	report.KeptWords = int64(len(list.counts))
	if total > 0 {
		report.KeptShare = float64(kept) / float64(total)
	}
	return list, err
}

// joined returns the way to go through all words: one table where nothing went to disk, otherwise the runs.
func joined(workers []*counter, sp *spill) (func(func([]byte, int64) error) error, error) {
	if len(sp.files) > 0 {
		for _, w := range workers {
			if err := sp.write(w.table); err != nil {
				return nil, err
			}
			w.table = nil
		}
		return sp.each, nil
	}
	first := workers[0].table
	for _, w := range workers[1:] {
		w.table.each(func(word []byte, count int64) error { first.add(word, count); return nil })
		w.table = nil
	}
	return first.each, nil
}

// threshold returns the smallest count that is kept, and what room words with exactly that count have.
func threshold(byCount map[int64]int64, budget int64) (least, room int64) {
	var counts []int64
	for c := range byCount {
		counts = append(counts, c)
	}
	slices.Sort(counts)
	slices.Reverse(counts)
	for _, c := range counts {
		if byCount[c] > budget {
			return c, budget
		}
		budget -= byCount[c]
	}
	return 0, budget
}

func mark(word int) int32 { return -2 - int32(word) }

func (l *wordList) add(word []byte, count int64) {
	l.symbols = append(l.symbols, mark(len(l.counts)))
	l.counts = append(l.counts, count)
	for _, b := range word {
		l.symbols = append(l.symbols, int32(b))
	}
}
