package tokenize

import (
	"fmt"
	"slices"
	"unicode/utf8"
)

// noID stands where there is no token.
const noID int32 = -1

// vocabulary holds the pieces of the model both ways, as the file spells them (byte-level characters, not bytes).
type vocabulary struct {
	ids    map[string]int32
	pieces []string // by id; "" where the id is not used
	raw    []string // by id: the bytes that a piece stands for
	limit  int64    // ids stay below, see idLimit
}

// idLimit bounds ids: a table is as long as its largest id, so a file of ten pieces may not ask for 2^31 rows. Gaps of a million
// ids cost 32 MB, and no tokenizer in use has larger ones.
func idLimit(pieces int) int64 { return int64(pieces)*8 + 1<<20 }

// newVocabulary makes room for a number of pieces.
func newVocabulary(n int) *vocabulary {
	return &vocabulary{ids: make(map[string]int32, n), pieces: make([]string, 0, n), limit: idLimit(n)}
}

// add gives a piece its id, and refuses what would make two pieces share an id or one piece have two.
func (v *vocabulary) add(piece string, id int64) error {
	switch {
	case piece == "":
		return fmt.Errorf("the piece of id %d is empty", id)
	case id < 0 || id > 1<<31-1:
		return fmt.Errorf("piece %s has id %d; ids run from 0 to 2147483647", shown(piece), id)
	case id >= v.limit:
		return fmt.Errorf("piece %s has id %d, far beyond the number of pieces (%d)", shown(piece), id, (v.limit-1<<20)/8)
	}
	n := len(v.ids)
	if v.ids[piece] = int32(id); len(v.ids) == n {
		return fmt.Errorf("piece %s appears twice, with ids %d and %d", shown(piece), slices.Index(v.pieces, piece), id)
	}
	for int64(len(v.pieces)) <= id {
		v.pieces = append(v.pieces, "")
	}
	if other := v.pieces[id]; other != "" {
		return fmt.Errorf("pieces %s and %s share id %d", shown(other), shown(piece), id)
	}
	v.pieces[id] = piece
	return nil
}

// isPiece says whether left and right together are the piece of an id, the last one that has it.
func (v *vocabulary) isPiece(id int32, left, right string) bool {
	if int(id) >= len(v.pieces) {
		return false
	}
	p := v.pieces[id]
	return len(p) == len(left)+len(right) && p[:len(left)] == left && p[len(left):] == right
}

// spell fills raw, in one block of memory so that loading stays cheap.
func (v *vocabulary) spell() {
	total := 0
	for _, p := range v.pieces {
		total += len(p)
	}
	block := make([]byte, 0, total)
	ends := make([]int, len(v.pieces))
	for i, p := range v.pieces {
		block = appendBytesOf(block, p)
		ends[i] = len(block)
	}
	all, start := string(block), 0
	v.raw = make([]string, len(v.pieces))
	for i, end := range ends {
		v.raw[i] = all[start:end]
		start = end
	}
}

// shown quotes a piece for a message, cut where a hostile file would flood the line.
func shown(piece string) string {
	if len(piece) > 40 {
		cut := 40
		for cut > 0 && !utf8.RuneStart(piece[cut]) {
			cut--
		}
		return fmt.Sprintf("%q...", piece[:cut])
	}
	return fmt.Sprintf("%q", piece)
}
