package tokenize

import (
	"archive/zip"
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// peerRow is what the reference makes of a text, see testdata/gen.
type peerRow struct {
	IDs              []int32
	Offsets          [][2]int
	Words            []*int
	Types            []int32
	Special          []int
	Decoded, Skipped string
	Error            string
}

// askPeer runs the reference on texts; it skips where CLOZE_PYTHON is not set.
func askPeer(t *testing.T, file string, texts []string) []peerRow {
	python := os.Getenv("CLOZE_PYTHON")
	if python == "" {
		t.Skip("set CLOZE_PYTHON to a python with tokenizers to compare with it")
	}
	var in bytes.Buffer
	for _, s := range texts {
		line, _ := json.Marshal(s)
		in.Write(append(line, '\n'))
	}
	cmd := exec.Command(python, "../testdata/gen/tokenize_peer.py", file)
	cmd.Stdin, cmd.Stderr = &in, os.Stderr
	raw, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var rows []peerRow
	lines := bufio.NewScanner(bytes.NewReader(raw))
	lines.Buffer(nil, 1<<30)
	for lines.Scan() {
		var r peerRow
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		rows = append(rows, r)
	}
	if len(rows) != len(texts) {
		t.Fatalf("%d rows for %d texts", len(rows), len(texts))
	}
	return rows
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
	for i, w := range row.Words {
		if want := -1; w == nil && e.WordIDs[i] != want || w != nil && e.WordIDs[i] != *w {
			return bad("words", e.WordIDs, fmt.Sprint(i))
		}
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
			why := offsetReason(tok, e, chars, got, want)
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

// offsetReason names why an offset may differ from the reference's, "" where there is no reason.
func offsetReason(tok *Tokenizer, e Encoding, text []rune, got, want [2]int) string {
	only := func(from, to int, is func(rune) bool) bool {
		if from < 0 || from > to || to > len(text) {
			return false
		}
		return !slices.ContainsFunc(text[from:to], func(r rune) bool { return !is(r) })
	}
	mark := func(r rune) bool { return runeProps(r)&(isMark|isExtend) != 0 || unicode.Is(unicode.M, r) }
	white := func(r rune) bool { return isWhite(r) }
	within := func(a, b [2]int) bool { return a[0] >= b[0] && a[1] <= b[1] }
	bpe, _ := modelOf(tok).(*charBPE)
	switch {
	case got[0] == want[0] && got[1] > want[1] && only(want[1], got[1], func(r rune) bool { return mark(r) || runeProps(r)&isOther != 0 }):
		return "a mark belongs to the character that it stands on"
	case within(want, got) && rewrites(tok):
		return "what is replaced belongs as a whole to what replaces it"
	case e.Dropped > 0:
		return "characters without a token count"
	case bpe != nil && bpe.bytes != nil && bpe.unk != noID && slices.Contains(bpe.bytes[:], noID):
		return "bytes that overtake an unknown character keep their places"
	case bpe != nil && bpe.bytes != nil && (bpe.prefix != "" || bpe.suffix != ""):
		return "the bytes of a prefix or suffix have no place of their own"
	case tok.trim && within(got, want) && only(want[0], got[0], white) && only(got[1], want[1], white):
		return "every blank of the text is trimmed"
	case tok.trim && within(want, got) && only(got[0], got[1], func(r rune) bool { return !isWhite(r) }):
		return "what is no blank in the text is not trimmed"
	case tok.trim && got[0] == got[1] && want[0] == want[1] && only(min(got[0], want[0]), max(got[0], want[0]), white):
		return "a token of blanks alone lies at its end"
	case leadingRemoved(tok):
		return "characters that the charsmap removes at the start count"
	}
	return ""
}

func modelOf(tok *Tokenizer) wordModel {
	if tok.general == nil {
		return nil
	}
	return tok.general.model
}

// rewrites says whether a normaliser may put one character in the place of several.
func rewrites(tok *Tokenizer) bool { return tok.general != nil && isRewriting(tok.general.norm) }

func isRewriting(n normalizer) bool {
	switch n := n.(type) {
	case form:
		return n.compose
	case replaceText, *charsmap:
		return true
	case sequence:
		return slices.ContainsFunc(n, isRewriting)
	}
	return false
}

func leadingRemoved(tok *Tokenizer) bool {
	if tok.general == nil {
		return false
	}
	return hasCharsmap(tok.general.norm)
}

func hasCharsmap(n normalizer) bool {
	if s, ok := n.(sequence); ok {
		return slices.ContainsFunc(s, hasCharsmap)
	}
	_, ok := n.(*charsmap)
	return ok
}

// parityTexts reads all texts under a folder of data: files of text as they are, cut into documents of a few kilobytes at line ends.
func parityTexts(t testing.TB, most int, patterns ...string) []string {
	var texts []string
	for _, p := range patterns {
		if !filepath.IsAbs(p) {
			p = filepath.Join(data(t), p)
		}
		files, _ := filepath.Glob(p)
		for _, f := range files {
			raw := readPacked(t, f)
			for len(raw) > 0 && len(texts) < most {
				n := min(len(raw), 4000)
				for n < len(raw) && raw[n] != '\n' {
					n++
				}
				if utf8.Valid(raw[:n]) {
					texts = append(texts, string(raw[:n]))
				}
				raw = raw[n:]
			}
		}
	}
	return texts
}

// readPacked reads a file, unpacked; of a zip archive all its files, one after the other.
func readPacked(t testing.TB, path string) []byte {
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var parts []io.Reader
	switch {
	case strings.HasSuffix(path, ".gz"):
		z, err := gzip.NewReader(bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, z)
	case strings.HasSuffix(path, ".zip"):
		z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range z.File {
			r, err := f.Open()
			if err != nil {
				t.Fatal(err)
			}
			parts = append(parts, r)
		}
	default:
		return raw
	}
	if raw, err = io.ReadAll(io.MultiReader(parts...)); err != nil {
		t.Fatal(err)
	}
	return raw
}
