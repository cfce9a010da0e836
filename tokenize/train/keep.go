package train

import (
	"math"
	"slices"
)

// sink takes the words that training is to see.
type sink interface {
	cost(size int) int64            // what a word of so many bytes takes while training
	reserve(words int, bytes int64) // how much will come
	add(word []byte, count int64)   // a word, the memory of which is not the sink's
}

// keepWords joins what the workers counted. Where it would not fit into half of the memory, the most frequent words are kept: all above
// a count, and of those with that count the first in byte order.
func keepWords(cfg Config, workers []*counter, sp *spill, to sink, report *Report) error {
	each, err := joined(workers, sp)
	if err != nil {
		return err
	}
	report.SpilledBytes = sp.bytes
	byCount := map[int64]int64{} // cost of the words with a count
	total, cost, size := int64(0), int64(0), int64(0)
	err = each(func(word []byte, count int64) error {
		c := to.cost(len(word))
		byCount[count] += c
		report.DistinctWords++
		total += count
		cost += c
		size += int64(len(word))
		return nil
	})
	if err != nil {
		return err
	}
	least, room, words := int64(0), int64(math.MaxInt64), int(report.DistinctWords)
	if budget := min(cfg.MemoryBytes/2, math.MaxInt32/2*12); cost > budget {
		least, room = threshold(byCount, budget)
		size, words = int64(float64(size)*float64(budget)/float64(cost)), 1024
		if sp.bytes == 0 {
			workers[0].table.sort()
		}
	}
	to.reserve(words, size)
	kept := int64(0)
	err = each(func(word []byte, count int64) error {
		if count < least {
			return nil
		}
		if count == least {
			if room -= to.cost(len(word)); room < 0 {
				return nil
			}
		}
		kept += count
		report.KeptWords++
		to.add(word, count)
		return nil
	})
	if total > 0 {
		report.KeptShare = float64(kept) / float64(total)
	}
	return err
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
