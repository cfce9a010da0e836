package ngram

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/go-cloze/cloze/embeddings/fasttext"
)

// Example is a text with its labels, ids into the names given to Train.
type Example struct {
	Text   string
	Labels []int
}

// dictionary counts words and labels as the original does: each text ends with </s>, words come by falling count.
func dictionary(examples []Example, labels []string, c Config) (*fasttext.Dictionary, error) {
	counts, order := map[string]int64{}, []string(nil)
	perLabel := make([]int64, len(labels))
	for _, e := range examples {
		for _, l := range e.Labels {
			if l < 0 || l >= len(labels) {
				return nil, fmt.Errorf("label %d of %d", l, len(labels))
			}
			perLabel[l]++
		}
		for token := range fasttext.Tokens(e.Text) {
			if strings.HasPrefix(token, labelPrefix) { // the original would take it for a label
				continue
			}
			if counts[token]++; counts[token] == 1 {
				order = append(order, strings.Clone(token))
			}
			if token == fasttext.EndOfLine {
				break
			}
		}
	}
	var words, names []fasttext.Entry
	for _, w := range order {
		if counts[w] >= int64(c.MinCount) {
			words = append(words, fasttext.Entry{Word: w, Count: counts[w]})
		}
	}
	slices.SortStableFunc(words, func(a, b fasttext.Entry) int { return cmp.Compare(b.Count, a.Count) })
	for i, l := range labels {
		names = append(names, fasttext.Entry{Word: labelPrefix + strings.Join(strings.Fields(l), "-"), Count: perLabel[i]})
	}
	return fasttext.NewDictionary(words, names)
}

// labelPrefix is what the original knows labels by.
const labelPrefix = "__label__"

// grouped is the features of all examples after twins were joined. Group g stands for size[g] features, which stand in the same examples
// equally often; its row counts so many times in a sum, and each time it occurs it is updated once.
type grouped struct {
	list  []int32 // groups of all examples, one after another, in rising order within each
	start []int   // of each example in list, and the end of the last
	total []float32
	size  []float32
	index []int32 // group of each row of the original's input matrix, -1 for what no example has
}

// group cuts all examples into features and finds the twins by hashing, for each feature, the examples it stands in.
func group(examples []Example, d *fasttext.Dictionary, a *fasttext.Args) *grouped {
	rows := len(d.Words) + int(a.Bucket)
	g := &grouped{start: make([]int, 1, len(examples)+1), total: make([]float32, len(examples)), index: make([]int32, rows)}
	var features []int32
	starts := []int{0}
	hash, count := make([]uint64, rows), make([]int32, rows)
	for i, e := range examples {
		from := len(features)
		features, _ = d.AppendLine(features, e.Text, a)
		g.total[i] = float32(len(features) - from)
		starts = append(starts, len(features))
		for _, f := range features[from:] {
			hash[f] = mix(hash[f] ^ uint64(i+1))
			count[f]++
		}
	}
	g.number(hash, count)
	for i := range examples {
		line := features[starts[i]:starts[i+1]]
		for j, f := range line {
			line[j] = g.index[f]
		}
		slices.Sort(line)
		// A group comes once for all its features: of as many equal numbers as it has features one is kept.
		for j := 0; j < len(line); j += int(g.size[line[j]]) {
			g.list = append(g.list, line[j])
		}
		g.start = append(g.start, len(g.list))
	}
	return g
}

// number gives each group a number, the most frequent the lowest, so that their rows lie together.
func (g *grouped) number(hash []uint64, count []int32) {
	type key struct {
		hash  uint64
		count int32
	}
	ids := map[key]int32{}
	var keys []key
	var sizes []float32
	for f, n := range count {
		g.index[f] = -1
		if n == 0 {
			continue
		}
		k := key{hash[f], n}
		id, ok := ids[k]
		if !ok {
			id = int32(len(keys))
			ids[k] = id
			keys, sizes = append(keys, k), append(sizes, 0)
		}
		sizes[id]++
		g.index[f] = id
	}
	order := make([]int32, len(keys))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortStableFunc(order, func(a, b int32) int { return cmp.Compare(keys[b].count, keys[a].count) })
	place := make([]int32, len(keys))
	g.size = make([]float32, len(keys))
	for at, id := range order {
		place[id] = int32(at)
		g.size[at] = sizes[id]
	}
	for f, id := range g.index {
		if id >= 0 {
			g.index[f] = place[id]
		}
	}
}

// mix is the finaliser of splitmix64 (Steele, Lea and Flood, 2014), a bijection without a pattern.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
