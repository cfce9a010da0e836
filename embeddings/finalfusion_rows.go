package embeddings

// fifuRows are the rows of a finalfusion file: as they are, or product-quantised.
type fifuRows struct {
	count, dim int
	data       []float32 // [count,dim]; nil where the rows are quantised

	codes     []byte    // [count,parts]
	parts     int       // of a row, each dim/parts wide
	each      int       // centroids of a part
	centroids []float32 // [parts,each,dim/parts]
	rotation  []float32 // [dim,dim], or nil: rows were multiplied by it before they were quantised
	norms     []float32 // [count], or nil: rows were divided by them
}

// add adds row i to dst [dim].
func (m *fifuRows) add(dst []float32, i int) {
	if m.data != nil {
		for d, x := range m.data[i*m.dim : (i+1)*m.dim] {
			dst[d] += x
		}
		return
	}
	row := make([]float32, 0, m.dim)
	width := m.dim / m.parts
	for part, code := range m.codes[i*m.parts : (i+1)*m.parts] {
		row = append(row, m.centroids[(part*m.each+int(code))*width:][:width]...)
	}
	scale := float32(1)
	if m.norms != nil {
		scale = m.norms[i]
	}
	for d := range dst {
		x := row[d]
		if m.rotation != nil { // the inverse of a rotation is its transpose
			x = 0
			for k, y := range row {
				x += y * m.rotation[d*m.dim+k]
			}
		}
		dst[d] += scale * x
	}
}

// matrix reads the chunk of plain rows.
func (r *fifuReader) matrix() *fifuRows {
	count, dim := r.uint64(), uint64(r.uint32())
	r.kind(fifuTypeFloat)
	r.shape(count, dim)
	r.pad()
	if !r.room(count, 4*max(dim, 1)) {
		return nil
	}
	return &fifuRows{count: int(count), dim: int(dim), data: r.floats(count * dim)}
}

// quantised reads the chunk of quantised rows.
func (r *fifuReader) quantised() *fifuRows {
	rotated, normed := r.uint32() != 0, r.uint32() != 0
	parts, dim, each, count := uint64(r.uint32()), uint64(r.uint32()), uint64(r.uint32()), r.uint64()
	r.kind(fifuTypeByte)
	r.kind(fifuTypeFloat)
	r.shape(count, dim)
	if parts == 0 || each == 0 || each > 256 || dim%max(parts, 1) != 0 {
		r.fail("rows of dimension %d in %d parts, each of %d centroids", dim, parts, each)
	}
	r.pad()
	if r.err != nil {
		return nil
	}
	m := &fifuRows{count: int(count), dim: int(dim), parts: int(parts), each: int(each)}
	if rotated {
		m.rotation = r.floats(dim * dim)
	}
	m.centroids = r.floats(each * dim)
	if normed {
		m.norms = r.floats(count)
	}
	if !r.room(count, parts) {
		return nil
	}
	m.codes = r.bytes(count * parts)
	for _, code := range m.codes {
		if uint64(code) >= each {
			r.fail("centroid %d of %d", code, each)
			break
		}
	}
	return m
}

func (r *fifuReader) kind(want uint32) {
	if got := r.uint32(); got != want {
		r.fail("numbers of type %d, type %d is known here", got, want)
	}
}

func (r *fifuReader) shape(count, dim uint64) {
	if dim < 1 || dim > maxDim || count > maxWords {
		r.fail("%d rows of dimension %d", count, dim)
	}
}
