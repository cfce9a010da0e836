package train

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"
)

// seedTree holds the substrings that may become pieces, a node each, and for each place of the text the longest that starts there. The
// parent of a node is the next shorter substring that it starts with. They are the inner nodes of a suffix tree, those substrings that more
// than one character or the end of a part may follow, down to a length.
type seedTree struct {
	nodes []seedNode
	leaf  []int32 // by place: node, -1 where there is none
}

type seedNode struct {
	weight int64 // occurrences
	at     int32 // one place where it stands
	parent int32
	size   uint8 // characters
}

// seedFinder sorts the places that start with one character; nodes are its own, numbered from 0.
type seedFinder struct {
	t      *unigramText
	partOf []int32 // by place
	leaf   []int32
	limit  int   // characters of a piece
	least  int64 // occurrences of a piece
	nodes  []seedNode
	slots  []int32 // for sorting by counting
	sorted []int32
}

// findSeeds builds the tree.
func findSeeds(cfg UnigramConfig, t *unigramText) *seedTree {
	// Places are put in order by their first character by counting; each character's places then are sorted on their own, by whichever goroutine is
	// free. What a goroutine finds does not depend on which one it is.
	first := make([]int32, len(t.chars)+1) // by first character: where its places start in the list
	partOf := make([]int32, len(t.text))
	for part, start := range t.starts[:len(t.counts)] {
		for i := start; i < t.starts[part+1]; i++ {
			partOf[i] = int32(part)
			first[t.text[i]+1]++
		}
	}
	for c := range t.chars {
		first[c+1] += first[c]
	}
	places, next := make([]int32, len(t.text)), slices.Clone(first)
	for i, c := range t.text {
		places[next[c]] = int32(i)
		next[c]++
	}
	tree := &seedTree{leaf: make([]int32, len(t.text))}
	found := make([]*seedFinder, len(t.chars))
	var turn atomic.Int32
	var done sync.WaitGroup
	for range cfg.Threads {
		done.Go(func() {
			for c := int(turn.Add(1)); c < len(t.chars); c = int(turn.Add(1)) {
				f := &seedFinder{t: t, partOf: partOf, leaf: tree.leaf, limit: cfg.MaxPieceLength, least: max(cfg.MinFrequency, 2)}
				f.group(places[first[c]:first[c+1]], 1, -1)
				found[c] = f
			}
		})
	}
	done.Wait()
	for i := range places[:first[1]] {
		tree.leaf[places[i]] = -1 // ends of parts
	}
	for c := 1; c < len(t.chars); c++ {
		base := int32(len(tree.nodes))
		for _, n := range found[c].nodes {
			if n.parent >= 0 {
				n.parent += base
			}
			tree.nodes = append(tree.nodes, n)
		}
		for _, i := range places[first[c]:first[c+1]] {
			tree.leaf[i] += base
		}
		found[c] = nil
	}
	return tree
}

// group finds the substrings that start with the size characters that all these places share. The first, a single character, always
// is a node.
func (f *seedFinder) group(places []int32, size int, parent int32) {
	if size == 1 {
		parent = f.node(places, size, parent)
	}
	for {
		if size == f.limit {
			f.end(places, f.node(places, size, parent))
			return
		}
		// Where all go on with the same character there is no choice and no node: the longer substring stands wherever this one does.
		f.sort(places, size)
		head, last := f.key(places[0], size), f.key(places[len(places)-1], size)
		if head != last || head == 0 {
			break
		}
		size++
	}
	parent = f.node(places, size, parent)
	for i := 0; i < len(places); {
		j, c := i+1, f.key(places[i], size)
		for j < len(places) && f.key(places[j], size) == c {
			j++
		}
		if c == 0 {
			f.end(places[i:j], parent)
		} else {
			f.group(places[i:j], size+1, parent)
		}
		i = j
	}
}

func (f *seedFinder) key(place int32, size int) int32 { return f.t.text[int(place)+size] }

// node makes a node where the substring is frequent enough and not the parent itself; otherwise it returns the parent.
func (f *seedFinder) node(places []int32, size int, parent int32) int32 {
	// A substring of one character had its node before it was known whether it branches.
	if parent >= 0 && int(f.nodes[parent].size) == size {
		return parent
	}
	weight := int64(0)
	for _, p := range places {
		weight += f.t.counts[f.partOf[p]]
	}
	if weight < f.least && size > 1 {
		return parent
	}
	f.nodes = append(f.nodes, seedNode{weight, places[0], parent, uint8(size)})
	return int32(len(f.nodes) - 1)
}

func (f *seedFinder) end(places []int32, node int32) {
	for _, p := range places {
		f.leaf[p] = node
	}
}

// sort orders places by the character behind the first size: few by comparing, many by counting.
func (f *seedFinder) sort(places []int32, size int) {
	text := f.t.text[size:]
	switch n := len(places); {
	case n < 2:
		return
	case n < 24:
		for i := 1; i < n; i++ {
			p := places[i]
			k, j := text[p], i
			for ; j > 0 && text[places[j-1]] > k; j-- {
				places[j] = places[j-1]
			}
			places[j] = p
		}
		return
	case n < len(f.t.chars):
		slices.SortFunc(places, func(a, b int32) int { return cmp.Compare(text[a], text[b]) })
		return
	}
	if f.slots == nil {
		f.slots = make([]int32, len(f.t.chars)+1)
	}
	clear(f.slots)
	for _, p := range places {
		f.slots[text[p]+1]++
	}
	for c := range f.t.chars {
		f.slots[c+1] += f.slots[c]
	}
	// Counting keeps the order of equals, which nobody needs, and takes one pass over what may be millions.
	f.sorted = append(f.sorted[:0], places...)
	for _, p := range f.sorted {
		places[f.slots[text[p]]] = p
		f.slots[text[p]]++
	}
}

// choose returns, by node, the number of its piece, -1 where it is none: all single characters and the others with the most characters of
// the text in them. Numbers are in the order of nodes, that of the characters.
func (s *seedTree) choose(limit int) (piece []int32, n int) {
	piece = make([]int32, len(s.nodes))
	order := make([]int32, len(s.nodes))
	for i := range order {
		order[i] = int32(i)
	}
	if len(order) > limit {
		// The characters of text that a piece covers, as in SentencePiece: long pieces are rarer but spare more tokens.
		worth := func(i int32) int64 {
			if s.nodes[i].size == 1 {
				return 1<<63 - 1
			}
			return s.nodes[i].weight * int64(s.nodes[i].size)
		}
		slices.SortFunc(order, func(a, b int32) int { return cmp.Or(cmp.Compare(worth(b), worth(a)), cmp.Compare(a, b)) })
		for _, i := range order[limit:] {
			piece[i] = -1
		}
	}
	for i := range piece {
		if piece[i] == 0 {
			piece[i] = int32(n)
			n++
		}
	}
	return piece, n
}
