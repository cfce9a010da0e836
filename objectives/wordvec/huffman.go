package wordvec

// Huffman is the binary tree of hierarchical softmax (Mikolov et al., "Distributed Representations of Words and Phrases", 2013, section 2.1):
// frequent words have short ways. The inner nodes are numbered in the order in which they are made, the root last, and are the rows of the output
// table; the way of word w is Codes[Offsets[w]:Offsets[w+1]] from the root down, Points the nodes at which each code decides.
type Huffman struct {
	Offsets []int64 // [V+1]
	Codes   []uint8 // 0 or 1
	Points  []int32 // 0 to V-2
}

// NewHuffman builds the tree of word2vec's code: counts must fall, and of two nodes of one count the word is taken before the inner node, the
// later word before the earlier.
func NewHuffman(counts []int64) Huffman {
	v := len(counts)
	h := Huffman{Offsets: make([]int64, v+1)}
	if v < 2 {
		return h
	}
	sums := make([]int64, 2*v-1) // of the words, and behind them of the inner nodes
	copy(sums, counts)
	parent, code := make([]int32, 2*v-1), make([]uint8, 2*v-1)
	leaf, inner := v-1, v
	for made := v; made < 2*v-1; made++ {
		take := func() (node int) {
			if leaf >= 0 && (inner >= made || sums[leaf] < sums[inner]) {
				leaf--
				return leaf + 1
			}
			inner++
			return inner - 1
		}
		one, two := take(), take()
		sums[made] = sums[one] + sums[two]
		parent[one], parent[two], code[two] = int32(made), int32(made), 1
	}
	root := int32(2*v - 2)
	var nodes []int32
	for w := range v {
		nodes = nodes[:0]
		for n := int32(w); n != root; n = parent[n] {
			nodes = append(nodes, n)
		}
		for i := len(nodes) - 1; i >= 0; i-- {
			h.Codes = append(h.Codes, code[nodes[i]])
			h.Points = append(h.Points, parent[nodes[i]]-int32(v))
		}
		h.Offsets[w+1] = int64(len(h.Codes))
	}
	return h
}
