package reduce

// quadtree holds points of a plane for the Barnes-Hut approximation: a far group
// of points counts as one at its centre. The nodes lie in one slice; the four
// children of a node lie side by side.
type quadtree struct {
	nodes []quad
}

type quad struct {
	x, y  float64 // sum of the points' places; their mean once finished
	count float64
	child int32 // the first of four; 0 for a leaf
	midX  float64
	midY  float64
	half  float64 // half the side of the square
}

// maxDepth ends the cutting of squares for points at one place.
const maxDepth = 40

// build makes the tree of the points, [N,2].
func (t *quadtree) build(points []float64) {
	lowX, lowY, highX, highY := points[0], points[1], points[0], points[1]
	for i := 0; i < len(points); i += 2 {
		lowX, highX = min(lowX, points[i]), max(highX, points[i])
		lowY, highY = min(lowY, points[i+1]), max(highY, points[i+1])
	}
	half := max(highX-lowX, highY-lowY)/2 + 1e-12
	t.nodes = append(t.nodes[:0], quad{midX: (lowX + highX) / 2, midY: (lowY + highY) / 2, half: half})
	for i := 0; i < len(points); i += 2 {
		t.add(points[i], points[i+1])
	}
	for i := range t.nodes {
		if q := &t.nodes[i]; q.count > 0 {
			q.x /= q.count
			q.y /= q.count
		}
	}
}

func (t *quadtree) add(x, y float64) {
	at := int32(0)
	for depth := 0; ; depth++ {
		q := &t.nodes[at]
		if q.child == 0 && q.count > 0 && depth < maxDepth {
			t.split(at)
			q = &t.nodes[at]
		}
		q.x, q.y, q.count = q.x+x, q.y+y, q.count+1
		if q.child == 0 {
			return
		}
		at = q.child + q.quarter(x, y)
	}
}

// split gives a leaf with one point children, and the point to one of them.
func (t *quadtree) split(at int32) {
	child := int32(len(t.nodes))
	q := &t.nodes[at]
	q.child = child
	parent := *q
	h := parent.half / 2
	for i := range 4 {
		t.nodes = append(t.nodes, quad{midX: parent.midX + h*float64(2*(i&1)-1), midY: parent.midY + h*float64(i&2-1), half: h})
	}
	c := &t.nodes[child+parent.quarter(parent.x/parent.count, parent.y/parent.count)]
	c.x, c.y, c.count = parent.x, parent.y, parent.count
}

func (q *quad) quarter(x, y float64) int32 {
	i := int32(0)
	if x >= q.midX {
		i = 1
	}
	if y >= q.midY {
		i += 2
	}
	return i
}

// push sums 1/(1+d^2) over all other points (z), and its square times the way
// to each (x, y). A square whose side is less than theta times its distance
// counts as one point (van der Maaten 2014, equation 9).
func (t *quadtree) push(px, py, theta float64) (x, y, z float64) {
	var stack [4 * maxDepth]int32
	n := 1
	for n > 0 {
		n--
		q := &t.nodes[stack[n]]
		dx, dy := px-q.x, py-q.y
		d2 := dx*dx + dy*dy
		if q.child != 0 && 4*q.half*q.half > theta*theta*d2 {
			for i := range int32(4) {
				if t.nodes[q.child+i].count > 0 {
					stack[n] = q.child + i
					n++
				}
			}
			continue
		}
		w := 1 / (1 + d2)
		z += q.count * w
		x += q.count * w * w * dx
		y += q.count * w * w * dy
	}
	return x, y, z - 1 // the point itself was among them, at distance 0
}
