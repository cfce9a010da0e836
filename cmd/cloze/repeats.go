package main

import (
	"bytes"
	"fmt"
	"hash/maphash"
)

// maxLines bounds the memory of lineRepeats: beyond it, only lines whose hash falls into a smaller and smaller
// part of the range are looked at, all copies of each. The share stays right on average.
const maxLines = 1 << 20

// lineRepeats measures how many lines of a corpus repeat an earlier one. Repeated lines (licence headers, menus,
// the same sentence 900 times) are a common reason why a loss looks good or stops falling.
type lineRepeats struct {
	seed  maphash.Seed
	seen  map[uint64]int64
	shift uint // lines whose hash has this many leading zeros are counted
	lines int64
	top   int64  // copies of the most frequent line
	line  string // and its beginning
}

func newLineRepeats() *lineRepeats {
	return &lineRepeats{seed: maphash.MakeSeed(), seen: map[uint64]int64{}}
}

// add counts the lines of a text; blank lines and white space at the ends do not count.
func (r *lineRepeats) add(text []byte) {
	for line := range bytes.Lines(text) {
		line = bytes.TrimSpace(line)
		if len(line) == 0 {
			continue
		}
		h := maphash.Bytes(r.seed, line)
		if r.shift > 0 && h>>(64-r.shift) != 0 {
			continue
		}
		r.lines++
		n := r.seen[h] + 1
		r.seen[h] = n
		if n > r.top {
			r.top, r.line = n, excerpt(line)
		}
		if len(r.seen) > maxLines {
			r.halve()
		}
	}
}

// halve drops the lines in the upper half of the hash range.
func (r *lineRepeats) halve() {
	r.shift++
	r.lines, r.top = 0, 0
	for h, n := range r.seen {
		if h>>(64-r.shift) != 0 {
			delete(r.seen, h)
			continue
		}
		r.lines += n
		r.top = max(r.top, n) // its text may be gone; the next time it comes, it is noted again
	}
}

// repeatReport is what lineRepeats found.
type repeatReport struct {
	Lines    int64   `json:"lines"`     // looked at
	Share    float64 `json:"share"`     // of them that repeat an earlier line
	Top      int64   `json:"top"`       // copies of the most frequent line
	TopShare float64 `json:"top_share"` // of all lines
	Line     string  `json:"line"`      // its beginning
}

func (r *lineRepeats) report() repeatReport {
	if r.lines == 0 {
		return repeatReport{}
	}
	lines := float64(r.lines)
	return repeatReport{r.lines, 1 - float64(len(r.seen))/lines, r.top, float64(r.top) / lines, r.line}
}

// String is the report's line.
func (r repeatReport) String() string {
	if r.Top < 2 {
		return fmt.Sprintf("none of %s lines repeats another", count(r.Lines))
	}
	return fmt.Sprintf("%.1f %% of %s lines repeat an earlier one; the most frequent stands %s times: %q",
		100*r.Share, count(r.Lines), count(r.Top), r.Line)
}

// warning says when repeats are likely to spoil the training, "" otherwise.
func (r repeatReport) warning() string {
	const remedy = "take them out first, for instance with awk '!seen[$0]++' FILE"
	switch {
	case r.TopShare >= 0.1 && r.Top > 2:
		return fmt.Sprintf("%.0f %% of the lines repeat one text: the model will learn it by heart; %s", 100*r.TopShare, remedy)
	case r.Share >= 0.5:
		return fmt.Sprintf("%.0f %% of the lines repeat an earlier one; %s", 100*r.Share, remedy)
	}
	return ""
}

// excerpt is the beginning of a line, cut between characters.
func excerpt(line []byte) string {
	const length = 50
	runes := []rune(string(line[:min(len(line), 4*length)]))
	if len(runes) <= length {
		return string(runes)
	}
	return string(runes[:length]) + "..."
}
