package embeddings

import (
	"cmp"
	"math"
	"slices"
)

// Questions share their words: 19,544 of them ask about 905. So the cosines of
// the words with a block of rows are worked out once and each question joins
// three of them by row, instead of a product of its own with every row.

const (
	// askCandidates is how many rows beside the inputs are looked at for an answer,
	// gensim's number.
	askCandidates = 5
	// askQuestions are asked in one pass over the rows: enough to share their words,
	// few enough that what each has found so far stays small.
	askQuestions = 2048
)

// ask answers the questions and says which are right.
func (e *Evaluator) ask(asked []question) []bool {
	right := make([]bool, 0, len(asked))
	for block := range slices.Chunk(asked, askQuestions) {
		p := e.pass(block)
		threads := SearchOptions{Threads: e.o.Threads}.threads()
		workers := make([]*askWorker, threads)
		spans(e.first, threads, func(part, from, to int) {
			workers[part] = p.worker()
			for ; from < to; from += scanRows {
				workers[part].scan(from, min(from+scanRows, to))
			}
		})
		for i, q := range block {
			right = append(right, e.isRight(q, p.finish(i, workers)))
		}
	}
	return right
}

// isRight takes the first row that is none of the three asked about, in whatever
// case; where all are, the last.
func (e *Evaluator) isRight(q question, rows []int32) bool {
	answer := ""
	for _, row := range rows {
		answer = e.fold(e.v.Word(int(row)))
		if answer != q.words[0] && answer != q.words[1] && answer != q.words[2] {
			break
		}
	}
	return answer == q.words[3]
}

// askPass is one pass of questions over the rows.
type askPass struct {
	e         *Evaluator
	questions []question
	places    [][3]int    // of each question's words a, b, c in units
	units     [][]float32 // the words at length 1, padded for the kernels
	exact     [][]float64 // the same in float64
	slack     float64     // how far a cosine of the scan can be off
}

func (e *Evaluator) pass(questions []question) *askPass {
	p := &askPass{e: e, questions: questions, slack: floatSlack(e.v.dim)}
	places := map[int32]int{}
	for _, q := range questions {
		var at [3]int
		for i, row := range q.rows {
			place, ok := places[row]
			if !ok {
				place = len(p.units)
				places[row] = place
				p.addWord(int(row))
			}
			at[i] = place
		}
		p.places = append(p.places, at)
	}
	return p
}

// addWord makes a word's vectors of length 1; a zero vector stays one and adds nothing.
func (p *askPass) addWord(row int) {
	v := p.e.v
	exact := widen(v.AppendRow(make([]float32, 0, v.dim), row))
	unit := make([]float32, v.dim+laneFloats)
	for i := range exact {
		if n := v.norms[row]; n > 0 {
			exact[i] /= n
		}
		unit[i] = float32(exact[i])
	}
	p.units, p.exact = append(p.units, unit), append(p.exact, exact)
}

// askWorker is what a goroutine has of its own.
type askWorker struct {
	*askPass
	cosines [][scanRows]float32 // of each word with the rows of a block; for CosMul (1+cosine)/2
	best    []collector         // of each question
	rows    []float32
}

func (p *askPass) worker() *askWorker {
	w := &askWorker{askPass: p, cosines: make([][scanRows]float32, len(p.units)), best: make([]collector, len(p.questions))}
	for i := range w.best {
		w.best[i] = newCollector(askCandidates + 3)
	}
	return w
}

// scan takes a block of rows.
func (w *askWorker) scan(from, to int) {
	v := w.e.v
	rows := w.table(from, to)
	for i := range w.units {
		out := w.cosines[i][:to-from]
		kernels.floats(out, rows, v.dim, w.units[i])
		for r, n := range v.norms[from:to] {
			if ordinary(n) {
				out[r] = float32(float64(out[r]) / n)
			} else {
				out[r] = float32(w.cosine(i, from+r)) // NaN for a zero row: it fits no question
			}
			if w.e.o.Method == CosMul {
				out[r] = (1 + out[r]) / 2
			}
		}
	}
	for i, at := range w.places {
		a, b, c := w.cosines[at[0]][:to-from], w.cosines[at[1]][:to-from], w.cosines[at[2]][:to-from]
		if w.e.o.Method == CosMul {
			w.multiply(&w.best[i], a, b, c, from)
		} else {
			w.add(&w.best[i], a, b, c, from)
		}
	}
}

// table are the rows as float32.
func (w *askWorker) table(from, to int) []float32 {
	v := w.e.v
	if v.DType() == Float32 {
		return v.rows[from*v.dim : to*v.dim]
	}
	w.rows = w.rows[:0]
	for i := from; i < to; i++ {
		w.rows = v.AppendRow(w.rows, i)
	}
	return w.rows
}

// add joins by CosAdd: the cosine with the sum is, but for the sum's length, the
// sum of the cosines.
func (w *askWorker) add(best *collector, a, b, c []float32, from int) {
	off := 3*w.slack + 4e-7 // and the two additions
	low := float32(best.low - off)
	b, c = b[:len(a)], c[:len(a)]
	for i, x := range a {
		if s := b[i] + c[i] - x; s >= low {
			best.add(from+i, float64(s)-off, float64(s)+off)
			low = float32(best.low - off)
		}
	}
}

// multiply joins by CosMul. With b c off by at most slack and a by half of it, a
// row can reach the score low only if b c + slack >= low (a + offset - slack/2),
// which needs no division.
func (w *askWorker) multiply(best *collector, a, b, c []float32, from int) {
	off := w.slack + 4e-7
	b, c = b[:len(a)], c[:len(a)]
	low, least := float32(0), float32(math.Inf(-1))
	limits := func() {
		if !math.IsInf(best.low, -1) {
			low = float32(best.low)
			least = float32(best.low*cosMulOffset - off*(1+math.Abs(best.low)))
		}
	}
	limits()
	for i, x := range a {
		if top := b[i] * c[i]; top-low*x >= least {
			top, under := float64(top), float64(x)+cosMulOffset
			best.add(from+i, (top-off)/(under+off), (top+off)/max(under-off, cosMulOffset/2))
			limits()
		}
	}
}

// finish is the best rows of a question but its own, scored in float64, best
// first, equal ones by row.
func (p *askPass) finish(question int, workers []*askWorker) []int32 {
	type answer struct {
		row   int32
		score float64
	}
	var answers []answer
	for _, w := range workers {
		if w == nil {
			continue
		}
		for _, c := range w.best[question].found {
			if !slices.Contains(p.questions[question].rows[:], c.row) {
				answers = append(answers, answer{c.row, p.score(p.places[question], int(c.row))})
			}
		}
	}
	slices.SortFunc(answers, func(a, b answer) int { return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.row, b.row)) })
	rows := make([]int32, min(len(answers), askCandidates))
	for i := range rows {
		rows[i] = answers[i].row
	}
	return rows
}

// score is a row's score for a question in float64.
func (p *askPass) score(at [3]int, row int) float64 {
	a, b, c := p.cosine(at[0], row), p.cosine(at[1], row), p.cosine(at[2], row)
	if p.e.o.Method == CosMul {
		return (1 + b) / 2 * (1 + c) / 2 / ((1+a)/2 + cosMulOffset)
	}
	return b + c - a
}

// cosine of a word with a row in float64.
func (p *askPass) cosine(word, row int) float64 {
	v := p.e.v
	sum := 0.0
	for i, x := range v.Row(row) {
		sum += p.exact[word][i] * float64(x)
	}
	return sum / v.norms[row]
}
