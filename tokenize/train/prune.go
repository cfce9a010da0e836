package train

import (
	"cmp"
	"math"
	"slices"
)

// train runs expectation, maximisation and pruning until there are as many pieces as are wanted.
func (m *unigram) train() {
	wanted := m.cfg.VocabSize - m.cfg.fixed()
	// Two rounds between prunings are what SentencePiece does: the first moves the weight of what has just gone, the second lets it settle.
	begin := len(m.score)
	for {
		for range 2 {
			m.maximise(wanted)
		}
		m.cfg.Progress("prune", int64(begin-len(m.score)), int64(max(begin-wanted, 0)))
		if len(m.score) <= wanted {
			break
		}
		m.prune(max(wanted, int(m.cfg.ShrinkingFactor*float64(len(m.score)))))
	}
	// Nothing goes any more: these only fit the probabilities to the final pieces.
	for range 2 {
		m.maximise(len(m.score))
	}
	m.cfg.Progress("prune", int64(max(begin-wanted, 0)), int64(max(begin-wanted, 0)))
}

// keepBest leaves so many pieces: single characters, and the others of the largest worth.
func (m *unigram) keepBest(wanted int, worth []float64) {
	// Single characters stay whatever they are worth: without them text could not be spelled.
	order := make([]int32, len(worth))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int { return cmp.Or(cmp.Compare(worth[b], worth[a]), cmp.Compare(a, b)) })
	keep := make([]bool, len(worth))
	room := wanted
	for p := range keep {
		if keep[p] = m.size[p] == 1; keep[p] {
			room--
		}
	}
	for _, p := range order {
		if !keep[p] && room > 0 {
			keep[p] = true
			room--
		}
	}
	m.keep(keep)
}

// maximise sets the scores from expected counts and drops pieces that are expected less often than every other time, unless fewer than
// wanted would be left. The digamma function in place of the logarithm is the mean of a Dirichlet posterior (Liang and others 2007), which
// makes rare pieces rarer still.
func (m *unigram) maximise(wanted int) {
	expected, _ := m.expect()
	keep, kept := make([]bool, len(expected)), 0
	for p, n := range expected {
		if keep[p] = n >= expectedUnit/2 || m.size[p] == 1; keep[p] {
			kept++
		}
	}
	sum := 0.0
	for p, n := range expected {
		keep[p] = keep[p] || kept < wanted
		if m.score[p] = max(float64(n)/expectedUnit, 0.5); keep[p] {
			sum += m.score[p]
		}
	}
	total := digamma(sum)
	for p := range m.score {
		m.score[p] = digamma(m.score[p]) - total
	}
	m.keep(keep)
}

// keep takes the other pieces away.
func (m *unigram) keep(keep []bool) {
	if !slices.Contains(keep, false) {
		return
	}
	// Pieces keep their order when they move up, so that numbers go on being that of the characters, and ties the same.
	number := make([]uint32, len(keep))
	n := 0
	for p, k := range keep {
		if k {
			number[p] = uint32(n) << sizeBits
			m.at[n], m.size[n], m.score[n] = m.at[p], m.size[p], m.score[p]
			n++
		}
	}
	m.at, m.size, m.score = m.at[:n], m.size[:n], m.score[:n]
	// The edges are rewritten in place: what is written never overtakes what is read.
	out := int32(0)
	for i := range m.t.text {
		from := m.first[i]
		m.first[i] = out
		for _, e := range m.edges[from:m.first[i+1]] {
			if p := e >> sizeBits; keep[p] {
				m.edges[out] = number[p] | e&maxPieceLength
				out++
			}
		}
	}
	m.first[len(m.t.text)] = out
	m.edges = m.edges[:out]
}

// best finds the likeliest spelling of the text between two places by dynamic programming and calls f for its pieces, from the last to the
// first; whole may be false, then one piece for all of it does not count. It returns the score, minus infinity where there is no spelling.
func (m *unigram) best(v *viterbi, from, to int, whole bool, f func(piece int32)) float64 {
	n := to - from
	if len(v.score) <= n {
		v.score, v.piece = make([]float64, 2*n+1), make([]int32, 2*n+1)
	}
	score, piece := v.score[:n+1], v.piece[:n+1]
	for i := range score {
		score[i] = math.Inf(-1)
	}
	score[0] = 0
	first := m.first[from : to+1]
	for i := range n {
		for _, e := range m.edges[first[i]:first[i+1]] {
			j := i + int(e&maxPieceLength)
			if j > n || !whole && i == 0 && j == n {
				continue
			}
			// Strictly better: of equal spellings the one whose last piece is longest stays, since places are tried from the left.
			if s := score[i] + m.score[e>>sizeBits]; s > score[j] {
				score[j], piece[j] = s, int32(e>>sizeBits)
			}
		}
	}
	if f != nil && !math.IsInf(score[n], -1) {
		for i := n; i > 0; i -= int(m.size[piece[i]]) {
			f(piece[i])
		}
	}
	return score[n]
}

// viterbi is the memory of best.
type viterbi struct {
	score []float64
	piece []int32
}

// uses returns how often each piece stands in the likeliest spellings.
func (m *unigram) uses() []int64 {
	uses := make([][]int64, m.cfg.Threads)
	all := make([]viterbi, m.cfg.Threads)
	m.parallel(len(m.t.counts), chunkParts, func(thread, from, to int) {
		if uses[thread] == nil {
			uses[thread] = make([]int64, len(m.score))
		}
		u := uses[thread]
		for part := from; part < to; part++ {
			n := m.t.counts[part]
			m.best(&all[thread], int(m.t.starts[part]), int(m.t.starts[part+1])-1, true, func(p int32) { u[p] += n })
		}
	})
	sum := make([]int64, len(m.score))
	for _, u := range uses {
		for p, n := range u {
			sum[p] += n
		}
	}
	return sum
}

// prune leaves so many pieces: single characters, and of the others those whose loss would cost the most likelihood.
func (m *unigram) prune(wanted int) {
	uses := m.uses()
	total := 0.0
	for _, n := range uses {
		total += float64(n)
	}
	// A piece is spelled by others in its own text; any place where it stands will do, since edges know nothing of what is around it.
	loss := make([]float64, len(uses)) // of likelihood; infinite for what must stay
	all := make([]viterbi, m.cfg.Threads)
	m.parallel(len(uses), 4096, func(thread, from, to int) {
		var others []int32
		for p := from; p < to; p++ {
			others = others[:0]
			at := int(m.at[p])
			score := m.best(&all[thread], at, at+int(m.size[p]), false, func(q int32) { others = append(others, q) })
			loss[p] = lossOf(uses, total, p, others, score < m.score[p])
		}
	})
	m.keepBest(wanted, loss)
}

// tokenCost is what a token more is held to cost beside likelihood, in nats: whoever reads the text has to read it. SentencePiece has none, and
// takes the likeliest pieces at the end instead; with 1 the text has fewer tokens and a higher likelihood than there (docs/bench/tokenizer_training.md).
const tokenCost = 1

// lossOf returns how much likelihood is lost where a piece gives way to the others that spell it: of the pieces as they are used now, the
// frequency of the piece times what its probability is above that of the others, which then are more frequent. better says whether the piece
// is likelier than the others.
func lossOf(uses []int64, total float64, piece int, others []int32, better bool) float64 {
	n := float64(uses[piece])
	switch {
	case len(others) == 0:
		return math.Inf(1)
	case n == 0 && !better:
		return -1
	case n == 0:
		return 0
	}
	with := math.Log(n) - math.Log(total)
	without, sum := 0.0, math.Log(total+float64(n*float64(len(others)-1)))
	for _, q := range others {
		without += math.Log(float64(uses[q])+n) - sum
	}
	return n * (with - without + tokenCost*float64(len(others)-1))
}

// digamma is the derivative of the logarithm of the gamma function: an asymptotic series from 7 on.
func digamma(x float64) float64 {
	y := 0.0
	for ; x < 7; x++ {
		y -= 1 / x
	}
	x -= 0.5
	z := 1 / float64(x*x)
	return y + math.Log(x) + float64(z*(1.0/24+float64(z*(-7.0/960+float64(z*(31.0/8064-float64(z*127/30720)))))))
}

// final returns the pieces, the likeliest first, without any that reads as a special token: text must not yield those.
func (m *unigram) final() []scored {
	out := make([]scored, 0, len(m.score))
	for p := range m.score {
		var piece []rune
		for _, c := range m.t.text[m.at[p] : int(m.at[p])+int(m.size[p])] {
			piece = append(piece, m.t.chars[c])
		}
		if !slices.Contains(m.cfg.SpecialTokens, string(piece)) {
			out = append(out, scored{string(piece), m.score[p]})
		}
	}
	slices.SortFunc(out, func(a, b scored) int { return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.piece, b.piece)) })
	return out
}
