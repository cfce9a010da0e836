package embeddings

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"strconv"
	"strings"
)

// SimilaritySet is a list of pairs of words that people have scored.
type SimilaritySet struct {
	Name  string
	Pairs []ScoredPair
	// Skipped counts the lines that are neither a pair, a comment nor blank.
	Skipped int
}

// ScoredPair is two words and how alike people find them; the scale is the set's.
type ScoredPair struct {
	A, B  string
	Score float64
}

// AnalogySet is questions of the kind "A is to B as C is to D", by section.
type AnalogySet struct {
	Name     string
	Sections []AnalogySection
	// Skipped counts the lines that are neither a question, a section nor blank.
	Skipped int
}

// AnalogySection is a part of an AnalogySet.
type AnalogySection struct {
	Name      string
	Questions [][4]string
}

// OpenSimilaritySet reads the file at path, also compressed with gzip. Its name is
// the file's without folder and ending. What cannot be read is an *Error.
func OpenSimilaritySet(path string) (*SimilaritySet, error) {
	return openSet(path, ReadSimilaritySet)
}

// ReadSimilaritySet reads pairs: a line each, word, word, score, with tabs, else
// commas, else blanks between. Lines that begin with # are comments. A line that
// is nothing of this, such as a heading, is skipped and counted; a set without a
// pair is an *Error.
func ReadSimilaritySet(name string, r io.Reader) (*SimilaritySet, error) {
	set := &SimilaritySet{Name: name}
	err := eachLine(name, r, func(line string) {
		if line == "" || line[0] == '#' {
			return
		}
		fields := pairFields(line)
		if len(fields) == 3 {
			score, err := strconv.ParseFloat(strings.TrimSpace(fields[2]), 64)
			if err == nil && math.Abs(score) <= math.MaxFloat64 {
				set.Pairs = append(set.Pairs, ScoredPair{fields[0], fields[1], score})
				return
			}
		}
		set.Skipped++
	})
	if err == nil && len(set.Pairs) == 0 {
		err = &Error{File: name, Cause: fmt.Sprintf("no pair of words with a score in it (%d other lines)", set.Skipped), Remedy: "want lines of word, word, score with tabs between"}
	}
	if err != nil {
		return nil, err
	}
	return set, nil
}

// pairFields parts at tabs alone where there is one: a word may hold blanks.
func pairFields(line string) []string {
	switch {
	case strings.Contains(line, "\t"):
		return strings.Split(line, "\t")
	case strings.Contains(line, ","):
		return strings.Split(line, ",")
	}
	return strings.Fields(line)
}

// OpenAnalogySet reads the file at path, also compressed with gzip. Its name is
// the file's without folder and ending. What cannot be read is an *Error.
func OpenAnalogySet(path string) (*AnalogySet, error) {
	return openSet(path, ReadAnalogySet)
}

// ReadAnalogySet reads questions in the form of word2vec's questions-words.txt: a
// line ": NAME" begins a section, every other line is four words with blanks
// between. Questions before the first section belong to one without a name. A line
// that is nothing of this is skipped and counted; a set without a question is an
// *Error.
func ReadAnalogySet(name string, r io.Reader) (*AnalogySet, error) {
	set := &AnalogySet{Name: name}
	questions := 0
	err := eachLine(name, r, func(line string) {
		words := strings.Fields(line)
		switch {
		case len(words) == 0:
		case line[0] == ':':
			set.Sections = append(set.Sections, AnalogySection{Name: strings.TrimSpace(strings.TrimLeft(line, ": "))})
		case len(words) != 4:
			set.Skipped++
		default:
			if len(set.Sections) == 0 {
				set.Sections = []AnalogySection{{}}
			}
			last := &set.Sections[len(set.Sections)-1]
			last.Questions = append(last.Questions, [4]string(words))
			questions++
		}
	})
	if err == nil && questions == 0 {
		err = &Error{File: name, Cause: fmt.Sprintf("no question of four words in it (%d other lines)", set.Skipped), Remedy: `want lines of four words, and ": NAME" before each section`}
	}
	if err != nil {
		return nil, err
	}
	return set, nil
}

// openSet opens a file, unpacks it if need be, and names it after its path.
func openSet[S any](path string, read func(string, io.Reader) (*S, error)) (*S, error) {
	file, _, err := openPlain(path)
	if err != nil {
		return nil, &Error{File: path, Cause: "cannot be read", Err: cutPath(err), Remedy: "name an existing file"}
	}
	defer file.Close()
	body := bufio.NewReader(file)
	var r io.Reader = body
	if head, _ := body.Peek(2); bytes.Equal(head, []byte{0x1f, 0x8b}) {
		if r, err = gzip.NewReader(body); err != nil {
			return nil, &Error{File: path, Cause: "the compressed data is damaged", Err: err, Remedy: remedyAgain}
		}
	}
	name := strings.TrimSuffix(filepath.Base(path), ".gz")
	set, err := read(strings.TrimSuffix(name, filepath.Ext(name)), r)
	if e := (*Error)(nil); errors.As(err, &e) {
		e.File = path
	}
	return set, err
}

// eachLine gives the lines without their ends (LF or CRLF) and without a byte
// order mark.
func eachLine(name string, r io.Reader, do func(line string)) error {
	lines := bufio.NewScanner(r)
	number := int64(0)
	for lines.Scan() {
		number++
		line := lines.Text()
		if number == 1 {
			line = strings.TrimPrefix(line, "\uFEFF")
		}
		do(line)
	}
	if err := lines.Err(); err != nil {
		return &Error{File: name, Unit: "line", Number: number + 1, Cause: "cannot be read", Err: err, Remedy: "is it a text file?"}
	}
	return nil
}
