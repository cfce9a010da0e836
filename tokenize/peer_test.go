package tokenize

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// peerRow is what the reference makes of a text, see testdata/gen.
type peerRow struct {
	IDs              []int32
	Offsets          [][2]int
	Words            []int // -1 for none
	Types            []int32
	Special          []int32
	Decoded, Skipped string
	Error            string
}

// askPeer runs the reference on texts and calls visit with what it makes of each, in order, until that says false. Reference and visit work at the same time.
func askPeer(t *testing.T, file string, texts []string, visit func(i int, row peerRow) bool) {
	filter(t, texts, func(i int, r *peerReader) bool {
		row := r.row()
		return r.err == nil && visit(i, row)
	}, "../testdata/gen/tokenize_peer.py", file)
}

// filter feeds texts to a script of testdata/gen and has visit read the answer to each until that says false.
func filter(t *testing.T, texts []string, visit func(i int, r *peerReader) bool, args ...string) {
	cmd := exec.Command(os.Getenv("CLOZE_PYTHON"), args...)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		w := bufio.NewWriterSize(in, 1<<16)
		for _, s := range texts {
			binary.Write(w, binary.LittleEndian, int32(len(s)))
			w.WriteString(s)
		}
		w.Flush() // an error here is one of the reference, whose answer ends early
		in.Close()
	}()
	r := &peerReader{r: bufio.NewReaderSize(out, 1<<16)}
	for i := range texts {
		more := visit(i, r)
		if r.err != nil {
			t.Errorf("the reference answers %d of %d texts: %v", i, len(texts), r.err)
		}
		if !more || r.err != nil {
			break
		}
	}
	cmd.Process.Kill() // where visit has seen enough
	cmd.Wait()
}

// peerReader reads the answers of testdata/gen/tokenize_peer.py.
type peerReader struct {
	r   *bufio.Reader
	buf []byte
	err error
}

func (p *peerReader) bytes(n int) []byte {
	if cap(p.buf) < n {
		p.buf = make([]byte, n)
	}
	if p.err == nil {
		_, p.err = io.ReadFull(p.r, p.buf[:n])
	}
	return p.buf[:n]
}

func (p *peerReader) numbers(n int) []int32 {
	raw, out := p.bytes(4*n), make([]int32, n)
	for i := range out {
		out[i] = int32(binary.LittleEndian.Uint32(raw[4*i:]))
	}
	return out
}

func (p *peerReader) text() string {
	n := p.numbers(1)[0]
	if p.err != nil {
		return ""
	}
	return string(p.bytes(int(n)))
}

func (p *peerReader) row() (row peerRow) {
	n := int(p.numbers(1)[0])
	if p.err != nil {
		return row
	}
	if n < 0 {
		return peerRow{Error: p.text()}
	}
	all := p.numbers(6 * n)
	row.IDs, row.Types, row.Special = all[:n], all[4*n:5*n], all[5*n:]
	row.Offsets, row.Words = make([][2]int, n), make([]int, n)
	for i := range n {
		row.Offsets[i] = [2]int{int(all[n+2*i]), int(all[n+2*i+1])}
		row.Words[i] = int(all[3*n+i])
	}
	row.Decoded, row.Skipped = p.text(), p.text()
	return row
}

// tally counts the ways in which offsets are allowed to differ, by name.
type tally map[string]int

// samePeer reports where a text's encoding is not the reference's. Ids, words, types, masks and decoded text must be equal; each offset that is not must
// have a reason that offsetReason knows.
func samePeer(t *testing.T, tok *Tokenizer, name, text string, row peerRow, seen tally) bool {
	t.Helper()
	return sameEncoding(t, tok, name, tok.Encode(text), []string{text}, row, seen)
}

// sameEncoding is samePeer for an encoding of one or two texts.
func sameEncoding(t *testing.T, tok *Tokenizer, name string, e Encoding, texts []string, row peerRow, seen tally) bool {
	t.Helper()
	if row.Error != "" {
		seen["error of the reference: "+row.Error]++
		return true
	}
	text := texts[0]
	bad := func(what string, got, want any) bool {
		t.Errorf("%s: %s of %.200q: %s, want %s (%.200s)", name, what, text, cut(got), cut(want), cut(e.Pieces))
		return false
	}
	if !slices.Equal(e.IDs, row.IDs) {
		return bad("ids", e.IDs, row.IDs)
	}
	if !slices.Equal(e.WordIDs, row.Words) {
		return bad("words", e.WordIDs, row.Words)
	}
	if !slices.Equal(e.TypeIDs, row.Types) {
		return bad("types", e.TypeIDs, row.Types)
	}
	for i, m := range row.Special {
		if e.SpecialMask[i] != (m == 1) {
			return bad("special mask", e.SpecialMask, row.Special)
		}
	}
	if tok.level.prefix { // the blank that was put in front is taken away again
		row.Decoded, row.Skipped = strings.TrimPrefix(row.Decoded, " "), strings.TrimPrefix(row.Skipped, " ")
		if strings.Contains(text, "abc") { // and the one behind an added token
			row.Decoded, row.Skipped = tok.Decode(e.IDs, false), tok.Decode(e.IDs, true)
		}
	}
	if got := tok.Decode(e.IDs, false); got != row.Decoded {
		return bad("decoded text", fmt.Sprintf("%q", got), fmt.Sprintf("%q", row.Decoded))
	}
	if got := tok.Decode(e.IDs, true); got != row.Skipped {
		return bad("decoded text without special tokens", fmt.Sprintf("%q", got), fmt.Sprintf("%q", row.Skipped))
	}
	for i, got := range e.CodePointOffsets() {
		if want := row.Offsets[i]; got != want {
			chars := []rune(text)
			if e.Sequences != nil && e.Sequences[i] == 1 {
				chars = []rune(texts[1])
			}
			why := offsetReason(offsetCase{tok, e, chars, i, got, want})
			if why == "" {
				return bad(fmt.Sprintf("offset %d", i), got, want)
			}
			seen[why]++
		}
	}
	return true
}

// cut shows a value in a few words.
func cut(x any) string {
	s := fmt.Sprintf("%v", x)
	if len(s) > 300 {
		s = s[:300] + "..."
	}
	return s
}
