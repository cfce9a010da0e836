package corpus

import (
	"bytes"
	"io"
)

// pieces is text taken out of a file in blocks, and hands it out as documents by the unit: all in one, with a blank line
// between blocks, or a block each, or a line each. It bears on a whole file in memory; see Options.MaxDocumentBytes.
type pieces struct {
	s      *Source
	origin Position // of the file's first byte
	text   []byte   // the blocks, each ending in LF
	blocks []piece
	served int // blocks handed out; for Unit line, bytes of text
	lineAt int // the block of the line at hand
}

// piece is a block's start in text and its place in the file.
type piece struct {
	start        int
	offset, line int64
}

// begin starts a block whose source is at offset and line, relative to the file's first byte.
func (p *pieces) begin(offset, line int64) {
	p.closeBlock()
	p.blocks = append(p.blocks, piece{len(p.text), p.origin.Offset + offset, line})
}

// addLine adds a line to the block; empty lines at a block's start are left out.
func (p *pieces) addLine(line []byte) {
	if blank(line) {
		line = nil
		if len(p.text) == p.blocks[len(p.blocks)-1].start {
			return
		}
	}
	p.text = append(append(p.text, line...), '\n')
}

// closeBlock takes empty lines off the end of the last block, and the block away if it holds no line.
func (p *pieces) closeBlock() {
	if len(p.blocks) == 0 {
		return
	}
	start := p.blocks[len(p.blocks)-1].start
	for len(p.text) > start+1 && p.text[len(p.text)-1] == '\n' && p.text[len(p.text)-2] == '\n' {
		p.text = p.text[:len(p.text)-1]
	}
	if len(p.text) == start {
		p.blocks = p.blocks[:len(p.blocks)-1]
	}
}

// empty closes the last block and reports whether there is none.
func (p *pieces) empty() bool {
	p.closeBlock()
	return len(p.blocks) == 0
}

// next hands out a document; the blocks are complete.
func (p *pieces) next(d *Document) error {
	switch p.s.opt.Unit {
	case UnitParagraph:
		return p.nextBlock(d)
	case UnitLine:
		return p.nextLine(d)
	}
	if p.served > 0 || len(p.blocks) == 0 {
		return io.EOF
	}
	p.served = len(p.blocks)
	// Joined in the source's own memory, which is used again for the next file; p.text lives as long as the file.
	out := p.s.out[:0]
	for i := range p.blocks {
		if i > 0 {
			out = append(out, '\n')
		}
		out = append(out, p.block(i)...)
	}
	p.s.out = out
	return p.give(d, out, p.blocks[0])
}

// block is the text of block i with its last LF.
func (p *pieces) block(i int) []byte {
	if i+1 < len(p.blocks) {
		return p.text[p.blocks[i].start:p.blocks[i+1].start]
	}
	return p.text[p.blocks[i].start:]
}

// nextBlock hands out one block without its last LF.
func (p *pieces) nextBlock(d *Document) error {
	if p.served == len(p.blocks) {
		return io.EOF
	}
	p.served++
	return p.give(d, bytes.TrimSuffix(p.block(p.served-1), []byte{'\n'}), p.blocks[p.served-1])
}

// nextLine hands out a line that is not blank; its place in the file is that of its block.
func (p *pieces) nextLine(d *Document) error {
	for p.served < len(p.text) {
		for p.lineAt+1 < len(p.blocks) && p.blocks[p.lineAt+1].start <= p.served {
			p.lineAt++
		}
		line, next := cutLine(p.text, p.served)
		p.served = next
		if len(line) > 0 {
			return p.give(d, line, p.blocks[p.lineAt])
		}
	}
	return io.EOF
}

// give fills the document in.
func (p *pieces) give(d *Document, text []byte, from piece) error {
	d.Source = Position{Record: from.line, Offset: from.offset}
	var err error
	d.Text, err = p.s.clean(text, d.Source)
	return err
}
