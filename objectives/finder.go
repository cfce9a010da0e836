package objectives

// finder finds the last of increasing starts that is at a number or before it, in about the time of two looks into memory: a table by the
// number's upper bits says where to begin.
type finder struct {
	starts []int
	table  []int32 // by number>>shift: the last start at or before the first number of that part
	shift  uint
}

// newFinder is for numbers in [0, n); starts begins with 0 and increases.
func newFinder(starts []int, n int) finder {
	f := finder{starts: starts}
	for n>>f.shift > 2*len(starts) {
		f.shift++
	}
	k := 0
	for part := range n>>f.shift + 1 {
		for k+1 < len(starts) && starts[k+1] <= part<<f.shift {
			k++
		}
		f.table = append(f.table, int32(k))
	}
	return f
}

// find gives the index of the start; i must be in [0, n).
func (f *finder) find(i int) int {
	k := int(f.table[i>>f.shift])
	for k+1 < len(f.starts) && f.starts[k+1] <= i {
		k++
	}
	return k
}
