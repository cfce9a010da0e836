package embeddings

import "strings"

// AnalogyResult is how many questions were answered right.
type AnalogyResult struct {
	Name     string          `json:"name"`
	Sections []SectionResult `json:"sections"`
	// Total is over all questions. Syntactic is over those of sections whose names
	// begin with "gram" (word2vec's rule), Semantic over the others; both are nil
	// where there are no such sections.
	Total     SectionResult  `json:"total"`
	Semantic  *SectionResult `json:"semantic,omitempty"`
	Syntactic *SectionResult `json:"syntactic,omitempty"`
	Skipped   int            `json:"skipped_lines,omitempty"`
}

// SectionResult is the count of one section.
type SectionResult struct {
	Name     string  `json:"name"`
	Correct  int     `json:"correct"`
	Asked    int     `json:"asked"`   // without those left out for an unknown word
	Unknown  int     `json:"unknown"` // questions with an unknown word
	Accuracy float64 `json:"accuracy"`
}

func (s *SectionResult) add(o SectionResult) {
	s.Correct, s.Asked, s.Unknown = s.Correct+o.Correct, s.Asked+o.Asked, s.Unknown+o.Unknown
	s.rate()
}

// rate is 0 where nothing was asked, as in gensim.
func (s *SectionResult) rate() {
	if s.Asked > 0 {
		s.Accuracy = float64(s.Correct) / float64(s.Asked)
	}
}

// question is one that can be asked: rows of a, b, c, and the four words folded.
type question struct {
	section int
	rows    [3]int32
	words   [4]string
}

// Analogies asks the questions of a set: is D the word nearest to B - A + C? The
// rules are gensim's: of the five nearest rows but those of A, B and C the first
// that is none of the three in other letters is the answer.
func (e *Evaluator) Analogies(set *AnalogySet) AnalogyResult {
	r := AnalogyResult{Name: set.Name, Skipped: set.Skipped, Sections: make([]SectionResult, len(set.Sections))}
	var asked []question
	for i, section := range set.Sections {
		s := &r.Sections[i]
		s.Name = section.Name
		for _, words := range section.Questions {
			q, known := e.question(i, words)
			if known {
				asked = append(asked, q)
			} else {
				s.Unknown++
			}
		}
		if e.o.ZeroUnknown {
			s.Asked = s.Unknown
		}
	}
	right := e.ask(asked)
	for i, q := range asked {
		s := &r.Sections[q.section]
		s.Asked++
		if right[i] {
			s.Correct++
		}
	}
	r.sum()
	return r
}

// question looks the words up; false if one is unknown.
func (e *Evaluator) question(section int, words [4]string) (q question, known bool) {
	q.section = section
	for i, word := range words {
		q.words[i] = e.fold(word)
		row, ok := e.allowed[q.words[i]]
		if !ok {
			return q, false
		}
		if i < 3 {
			q.rows[i] = row
		}
	}
	return q, true
}

// sum adds the sections up.
func (r *AnalogyResult) sum() {
	r.Total.Name = "total"
	for i := range r.Sections {
		s := &r.Sections[i]
		s.rate()
		r.Total.add(*s)
		kind := &r.Semantic
		name := "semantic"
		if strings.HasPrefix(s.Name, "gram") {
			kind, name = &r.Syntactic, "syntactic"
		}
		if *kind == nil {
			*kind = &SectionResult{Name: name}
		}
		(*kind).add(*s)
	}
	if r.Syntactic == nil { // the parting is of no use for this set
		r.Semantic = nil
	}
}
