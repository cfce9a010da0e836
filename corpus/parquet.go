package corpus

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"

	"github.com/parquet-go/parquet-go"
)

// parquetMagic stands at both ends of a file. A text may start so by chance; the head of a page that follows holds the
// byte 0x15, a text does not.
const parquetMagic = "PAR1"

// parquetRows reads the columns asked for and no others. Row i of all columns is read together; the memory is that of a
// page a column.
type parquetRows struct {
	s       *Source
	read    io.ReaderAt
	size    int64
	groups  []parquet.RowGroup // not read yet
	leaves  []int              // of the text, the id if asked for, the meta fields
	columns []parquetColumn    // of the open group
	left    int64              // rows of the open group
	row     int64
}

// parquetColumn is one column of a row group, a value a row.
type parquetColumn struct {
	pages  parquet.Pages
	page   parquet.Page
	values parquet.ValueReader
	buf    []parquet.Value
	at, n  int
}

// countReaderAt counts what is read, for progress.
type countReaderAt struct {
	r     io.ReaderAt
	count *countReader
}

func (c countReaderAt) ReadAt(p []byte, at int64) (int, error) {
	n, err := c.r.ReadAt(p, at)
	c.count.total.Add(int64(n))
	return n, err
}

// newParquet reads the open file, which must be one on a disk: the list of columns is at its end.
func newParquet(s *Source, f File) (_ format, err error) {
	file, ok := s.in.file.(*os.File)
	if !ok || f.Bytes < 0 || s.packed != "" {
		return nil, s.fileFault(WrongKind, 0, errors.New("a Parquet file from a pipe or inside compressed data cannot be read, for its columns are listed at its end; write it to a file"))
	}
	s.scan.drop(len(s.scan.held()), 0)
	p := &parquetRows{s: s, size: f.Bytes, read: countReaderAt{file, &s.in.count}}
	defer p.broken(&err)
	opened, err := parquet.OpenFile(p.read, p.size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return nil, s.fileFault(BrokenRecord, 0, fmt.Errorf("not a whole Parquet file: %w; fetch it again", err))
	}
	p.groups = opened.RowGroups()
	var names []string
	for _, c := range opened.Root().Columns() {
		names = append(names, c.Name())
	}
	for i, field := range s.fields() {
		at := slices.Index(names, field)
		if at < 0 {
			return nil, s.fileFault(MissingColumn, 0, fmt.Errorf("no column %q; the columns are %q; name one of these as the field", field, names))
		}
		c := opened.Root().Columns()[at]
		if !c.Leaf() || c.Repeated() {
			return nil, s.fileFault(MissingColumn, 0, fmt.Errorf("column %q holds lists or groups, not one value a row; name another of %q", field, names))
		}
		if kind := c.Type().Kind(); i == 0 && kind != parquet.ByteArray && kind != parquet.FixedLenByteArray {
			return nil, s.fileFault(MissingColumn, 0, fmt.Errorf("column %q holds %v, not text; name another of %q", field, c.Type(), names))
		}
		p.leaves = append(p.leaves, int(c.Index()))
	}
	return p, nil
}

// broken makes an error of what the decoder panics with on damaged pages.
func (p *parquetRows) broken(err *error) {
	if r := recover(); r != nil {
		*err = p.s.fileFault(BrokenRecord, p.row, fmt.Errorf("damaged Parquet data: %v; fetch the file again", r))
	}
}

// next passes over rows that give no document.
func (p *parquetRows) next(d *Document) (err error) {
	defer p.broken(&err)
	for {
		if ok, err := p.document(d); ok || err != nil {
			return err
		}
	}
}

// document makes a document of the next row; false when it gave none.
func (p *parquetRows) document(d *Document) (bool, error) {
	s := p.s
	for p.left == 0 {
		if err := p.openGroup(); err != nil {
			return false, err
		}
	}
	p.left--
	p.row++
	s.report.Records++
	d.Source = Position{Record: p.row}
	d.ID, d.Meta, d.Text = "", nil, nil
	// All columns move on by a row before anything of it is looked at.
	var text parquet.Value
	for i := range p.columns {
		v, err := p.columns[i].next()
		if err != nil {
			return false, s.fileFault(BrokenRecord, p.row, fmt.Errorf("damaged Parquet data: %w; fetch the file again", err))
		}
		switch {
		case i == 0:
			text = v
		case v.IsNull():
		case i == 1 && s.opt.IDField != "":
			d.ID = parquetText(v)
		default:
			if d.Meta == nil {
				d.Meta = make(map[string]string, len(s.opt.MetaFields))
			}
			d.Meta[s.opt.MetaFields[i-len(p.columns)+len(s.opt.MetaFields)]] = parquetText(v)
		}
	}
	if text.IsNull() {
		return s.without(NullField, d.Source, "column %q is null", s.opt.TextField)
	}
	if int64(len(text.ByteArray())) > s.opt.MaxDocumentBytes {
		s.report.Records-- // counted again by tooLong
		return false, s.tooLong(p.row, 0, "row")
	}
	var err error
	if d.Text, err = s.clean(text.ByteArray(), d.Source); err != nil {
		return false, err
	}
	if blank(d.Text) {
		return s.without(EmptyText, d.Source, "column %q is empty", s.opt.TextField)
	}
	return true, nil
}

// openGroup goes to the next row group; io.EOF after the last.
func (p *parquetRows) openGroup() error {
	for i := range p.columns {
		p.columns[i].close()
	}
	p.columns = p.columns[:0]
	if len(p.groups) == 0 {
		p.s.scan.offset = p.size // the columns that nobody asked for count as read
		return io.EOF
	}
	group := p.groups[0]
	p.groups, p.left = p.groups[1:], group.NumRows()
	for _, leaf := range p.leaves {
		p.columns = append(p.columns, parquetColumn{pages: group.ColumnChunks()[leaf].Pages(), buf: make([]parquet.Value, 64)})
	}
	return nil
}

// next is the column's value in the next row. Its bytes are good until the call after it.
func (c *parquetColumn) next() (parquet.Value, error) {
	for c.at == c.n {
		if c.page == nil {
			page, err := c.pages.ReadPage()
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			if err != nil {
				return parquet.Value{}, err
			}
			c.page, c.values = page, page.Values()
		}
		n, err := c.values.ReadValues(c.buf)
		c.at, c.n = 0, n
		if err != nil && err != io.EOF {
			return parquet.Value{}, err
		}
		if n == 0 {
			parquet.Release(c.page)
			c.page = nil
		}
	}
	c.at++
	return c.buf[c.at-1], nil
}

func (c *parquetColumn) close() {
	if c.page != nil {
		parquet.Release(c.page)
	}
	c.pages.Close()
}

// parquetText is a value as Document.ID and Meta show it.
func parquetText(v parquet.Value) string {
	switch v.Kind() {
	case parquet.Float:
		return strconv.FormatFloat(float64(v.Float()), 'g', -1, 32)
	case parquet.Double:
		return strconv.FormatFloat(v.Double(), 'g', -1, 64)
	}
	return v.String()
}
