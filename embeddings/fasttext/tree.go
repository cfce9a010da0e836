package fasttext

import "math"

// node is one of the Huffman tree of hierarchical softmax: the first C are the
// labels, node C+i asks row i of the output matrix whether to go right.
type node struct {
	left, right int32 // -1 in a leaf
	count       int64
}

// buildTree is the original's (word2vec's) two-pointer construction. It wants
// labels in falling order of their counts, as they are in the file.
func buildTree(labels []Entry) []node {
	n := len(labels)
	if n == 0 {
		return nil
	}
	tree := make([]node, 2*n-1)
	for i := range tree {
		tree[i] = node{left: -1, right: -1}
		if i < n {
			tree[i].count = labels[i].Count
		}
	}
	leaf, inner := n-1, n
	next := func(made int) int32 { // the rarest node that has no parent
		if leaf >= 0 && (inner == made || tree[leaf].count < tree[inner].count) {
			leaf--
			return int32(leaf + 1)
		}
		inner++
		return int32(inner - 1)
	}
	for i := n; i < len(tree); i++ {
		left := next(i)
		right := next(i)
		tree[i] = node{left, right, tree[left].count + tree[right].count}
	}
	return tree
}

// descend walks the tree from its root, left first, and leaves out what cannot
// come among the best.
func (m *Model) descend(found *best, hidden []float32, threshold float32) {
	labels := len(m.Dictionary.Labels)
	lowest := stdLog(threshold)
	type step struct {
		node  int32
		score float32
	}
	for stack := []step{{int32(len(m.tree) - 1), 0}}; len(stack) > 0; {
		at := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if at.node < 0 || at.score < lowest || found.full() && at.score < found.worst() {
			continue
		}
		n := m.tree[at.node]
		if n.left < 0 {
			found.add(scored{at.score, at.node})
			continue
		}
		f := m.Output.dotRow(hidden, int(at.node)-labels)
		f = float32(1 / (1 + math.Exp(float64(-f))))
		stack = append(stack, step{n.right, at.score + stdLog(f)}, step{n.left, at.score + stdLog(float32(1-float64(f)))})
	}
}
