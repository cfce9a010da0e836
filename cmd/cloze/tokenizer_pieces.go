package main

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/term"

	"github.com/go-cloze/cloze/tokenize"
)

// pieceColours are the two backgrounds that neighbouring pieces take turns with: both have black letters, so that they
// read on dark and light terminals alike.
var pieceColours = [2]string{"\x1b[30;46m", "\x1b[30;43m"}

const colourOff = "\x1b[0m"

// wantsColour says whether w is a terminal that shows colours to somebody who wants them (https://no-color.org).
func wantsColour(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && term.IsTerminal(int(f.Fd()))
}

// appendPieces appends a line for people, and below it a row for each piece: where it stands in the text, id, piece.
// A piece of the template stands nowhere, which is a dash.
func appendPieces(dst []byte, t *tokenize.Tokenizer, e tokenize.Encoding, colour bool) []byte {
	for i, id := range e.IDs {
		dst = appendPiece(dst, t, id, i, colour)
	}
	dst = append(dst, '\n')
	for i, id := range e.IDs {
		place := "-"
		if e.WordIDs[i] >= 0 {
			place = strconv.Itoa(e.Offsets[i][0]) + "-" + strconv.Itoa(e.Offsets[i][1])
		}
		dst = fmt.Appendf(dst, "  %11s %8d  ", place, id)
		dst = append(appendPiece(dst, t, id, i, colour), '\n')
	}
	if e.Dropped > 0 {
		dst = fmt.Appendf(dst, "  %s bytes dropped: no piece stands for them\n", count(e.Dropped))
	}
	return append(dst, '\n')
}

// appendPiece appends one piece, set off from its neighbours by colour or by brackets.
func appendPiece(dst []byte, t *tokenize.Tokenizer, id int32, i int, colour bool) []byte {
	text := visible(t.Text(id))
	if !colour {
		return append(append(append(dst, '['), text...), ']')
	}
	return append(append(append(dst, pieceColours[i%2]...), text...), colourOff...)
}

// visible makes what a terminal would act upon, or not show, readable: "\t" for a tabulator, <U+200B> for a zero-width
// space. Nothing that a text holds may move the cursor or change colours.
func visible(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == ' ' || unicode.IsPrint(r):
			b.WriteRune(r)
		default:
			fmt.Fprintf(&b, "<U+%04X>", r)
		}
	}
	return b.String()
}
