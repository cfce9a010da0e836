package words

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/blevesearch/segment"
)

// cut lists the words of a text.
func cut(text string) (out []string) {
	for w := range All([]byte(text)) {
		out = append(out, string(w))
	}
	return out
}

// ends lists where words end.
func ends(text []byte) (out []int) {
	for s := New(text); s.Next(); {
		out = append(out, s.End())
	}
	return out
}

// kinds lists the words that are not of kind None, with their kinds.
func kinds(text string) (out []string) {
	for w, k := range All([]byte(text)) {
		if k != None {
			out = append(out, fmt.Sprintf("%s/%s", w, k))
		}
	}
	return out
}

// unicodeCases reads the cases of WordBreakTest.txt.
func unicodeCases(t *testing.T) (texts []string, want [][]int) {
	raw, err := os.ReadFile("../../testdata/words/wordbreak-15.0.0.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(raw)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		var text []byte
		var at []int
		for i, field := range strings.Fields(line) {
			if r, err := strconv.ParseInt(field, 16, 32); err == nil {
				text = utf8.AppendRune(text, rune(r))
			} else if field == "÷" && i > 0 {
				at = append(at, len(text))
			}
		}
		texts, want = append(texts, string(text)), append(want, at)
	}
	return texts, want
}

func TestUnicodesCases(t *testing.T) {
	if unicode.Version != "15.0.0" {
		t.Fatalf("Go's Unicode is %s now: make the tables anew (testdata/gen/words_unicode.py)", unicode.Version)
	}
	texts, want := unicodeCases(t)
	if len(texts) != 1823 {
		t.Errorf("%d cases", len(texts))
	}
	for i, text := range texts {
		if got := ends([]byte(text)); !slices.Equal(got, want[i]) {
			t.Errorf("%+q: words end at %v, want %v", text, got, want[i])
		}
		if got := rules([]byte(text)); !slices.Equal(got, want[i]) {
			t.Errorf("%+q: the rules of the test say %v, want %v", text, got, want[i])
		}
	}
}

// departure names why segment cuts a text otherwise than the rules of today.
func departure(text string) string {
	var last class
	marked := false
	for i, r := range text {
		c := table().of(r)
		marked = marked || i > 0 && (last == pictograph || last == other && text[i-1] >= 0x80) && (c == extend || c == format || c == zwj)
		if last == zwj && (c == pictograph || c == letterPictograph) {
			return "WB3c: joined emoji"
		}
		last = c
	}
	switch {
	case marked:
		return "WB4: a mark on a symbol that is not ASCII"
	case strings.Count(text, "\U0001F1E6")+strings.Count(text, "\U0001F1E7")+strings.Count(text, "\U0001F1E8") > 2:
		return "WB15, WB16: flags are pairs"
	case strings.Contains(text, "\u3000"), strings.Contains(text, "  "):
		return "WB3d: a run of blanks is one word"
	case strings.ContainsAny(text, "\U0001F3FF\U0001F3FB"):
		return "an emoji modifier is a mark (11.0)"
	}
	return ""
}

func TestDeparturesOfSegmentAreTheseAndNoOthers(t *testing.T) {
	texts, want := unicodeCases(t)
	got := map[string]int{}
	for i, text := range texts {
		tokens, _, _, _ := segment.SegmentWordsDirect([]byte(text), nil, nil)
		at, n := []int{}, 0
		for _, token := range tokens {
			n += len(token)
			at = append(at, n)
		}
		if !slices.Equal(at, want[i]) {
			name := departure(text)
			if name == "" {
				t.Errorf("%+q: segment ends words at %v, Unicode at %v, and no reason is known", text, at, want[i])
			}
			got[name]++
		}
	}
	if want := map[string]int{"WB15, WB16: flags are pairs": 5, "WB3c: joined emoji": 9, "WB3d: a run of blanks is one word": 2,
		"WB4: a mark on a symbol that is not ASCII": 34}; !maps.Equal(got, want) {
		t.Errorf("%v, known are %v", got, want)
	}
}

// TestCharactersThatSegmentDoesNotKnow counts, by class, the code points that it takes for something else, seen by what becomes of one
// between two letters and behind a blank.
func TestCharactersThatSegmentDoesNotKnow(t *testing.T) {
	names := map[class]string{letter: "letter", numeric: "numeric", extend: "extend", format: "format"}
	got := map[string]int{}
	for _, q := range ranges {
		for x := q.lo; x <= q.hi && names[q.class] != ""; x++ {
			text := []byte("a" + string(rune(x)) + "a")
			tokens, types, _, _ := segment.SegmentWordsDirect(text[1:], nil, nil)
			if len(tokens) != 1 && !ignored(q.class) || ignored(q.class) && (len(tokens) != 2 || types[0] != segment.None || !oneWord(text)) {
				got[names[q.class]]++
			}
			if !slices.Equal(ends(text), []int{len(text)}) {
				t.Fatalf("%+q is cut at %v", text, ends(text))
			}
		}
	}
	if want := map[string]int{"letter": 1794, "numeric": 140, "extend": 496, "format": 20}; !maps.Equal(got, want) {
		t.Errorf("%v, known are %v", got, want)
	}
}

func oneWord(text []byte) bool {
	tokens, _, _, _ := segment.SegmentWordsDirect(text, nil, nil)
	return len(tokens) == 1
}

const (
	mixed = "abcXYZ019__.,;:'\"  \r\n\t-!"
	plain = "abzAZ059__.,;:'\"  \r\n\v\f\t-!@[`{/"
)

// sample gives random text of characters of all classes, those that act on others more often, and some broken bytes.
func sample(r *rand.Rand, n int) []byte {
	var out []byte
	for len(out) < n {
		switch r.IntN(12) {
		case 0, 1, 2, 3:
			out = append(out, mixed[r.IntN(len(mixed))])
		case 4:
			out = append(out, byte(r.IntN(256)))
		case 5, 6:
			out = utf8.AppendRune(out, []rune("\u0301\u0300\u00AD\u200D\u200D\u2060\U000E0100\U0001F3FF")[r.IntN(8)])
		case 7:
			out = utf8.AppendRune(out, []rune("אבש\uFB1D\U0001F1E6\U0001F1E7©ℹⓂ☝👩")[r.IntN(11)])
		default:
			q := ranges[r.IntN(len(ranges))]
			out = utf8.AppendRune(out, rune(q.lo+r.Uint32N(q.hi-q.lo+3)))
		}
	}
	return out
}

func TestWordsEqualTheRules(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 29))
	for n := range 20_000 {
		text := sample(r, 1+r.IntN(24))
		if n%1000 == 0 {
			text = sample(r, 6000) // several stretches
		}
		compare(t, text)
	}
}

// compare fails at the first place where the rules and the package differ.
func compare(t *testing.T, text []byte) {
	t.Helper()
	got, want := ends(text), rules(text)
	if slices.Equal(got, want) {
		return
	}
	for i, at := range want {
		if i >= len(got) || got[i] != at {
			near := text[max(0, at-24):min(len(text), at+24)]
			t.Fatalf("a word ends at byte %d and not at %v; near it %+q", at, got[min(i, len(got)-1):min(i+1, len(got))], near)
		}
	}
}

// asciiOnly draws text that the fast path cuts alone.
func asciiOnly(r *rand.Rand) []byte {
	out := make([]byte, r.IntN(40))
	for i := range out {
		if out[i] = plain[r.IntN(len(plain))]; r.IntN(9) == 0 {
			out[i] = byte(r.IntN(128))
		}
	}
	return out
}

func TestASCIIEqualsSegment(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 29))
	var slow stretch
	for range 30_000 {
		text := asciiOnly(r)
		var got []word
		for s := New(text); s.Next(); {
			got = append(got, word{s.End(), s.Kind()})
		}
		slow.show(text)
		slow.cut(0)
		if !slices.Equal(got, slow.words) {
			t.Fatalf("%q: %v, segment says %v", text, got, slow.words)
		}
	}
}

func TestKinds(t *testing.T) {
	for text, want := range map[string]string{
		"Don't pay $3,456.78 for x_1, 12th!":  "Don't/letter pay/letter 3,456.78/number for/letter x_1/letter 12th/letter",
		"don’t l’été größer":                  "don’t/letter l’été/letter größer/letter",
		"1_000 __ _9 1.a a.1":                 "1_000/number __/letter _9/number 1/number a/letter a/letter 1/number",
		"日本語のテキストです 1９":                       "日/ideograph 本/ideograph 語/ideograph の/kana テキスト/kana で/kana す/kana 1９/number",
		"한국어 текст עברית צה\"ל":               "한국어/letter текст/letter עברית/letter צה\"ל/letter",
		"👩‍👩‍👧 🇩🇪🇫🇷 ☝🏽 2️⃣":                   "2️⃣/number",
		"ไทย \U000104B0\U000104D8 \U0001E900": "ไ/letter ท/letter ย/letter \U000104B0\U000104D8/letter \U0001E900/letter",
	} {
		if got := strings.Join(kinds(text), " "); got != want {
			t.Errorf("%s\n got %s\nwant %s", text, got, want)
		}
	}
	for text, want := range map[string][]string{
		"🇩🇪🇫🇷🇬": {"🇩🇪", "🇫🇷", "🇬"}, "👩‍👩‍👧x": {"👩‍👩‍👧", "x"}, "a  \u3000 b": {"a", "  \u3000 ", "b"}, "\xffa\xc3": {"\xff", "a", "\xc3"},
		"e\u0301\u200d'e": {"e\u0301\u200d'e"}, "a.\u0301": {"a", ".\u0301"}, "": nil, "\r\n\r\u0301\n": {"\r\n", "\r", "\u0301", "\n"},
	} {
		if got := cut(text); !slices.Equal(got, want) {
			t.Errorf("%+q: %+q, want %+q", text, got, want)
		}
	}
}

func TestC13BlanksAreInNoWord(t *testing.T) {
	if got := strings.Join(kinds("könig\u2009dame\u00A0bube\u3000ass\n"), " "); got != "könig/letter dame/letter bube/letter ass/letter" {
		t.Error(got)
	}
}

func TestC14LongWordsStayWhole(t *testing.T) {
	for _, letter := range []string{"a", "ä", "\u0430\u0301", "\U00010400"} {
		for _, n := range []int{149, 70_000} {
			a, b := strings.Repeat(letter, n)+"b", strings.Repeat(letter, n)+"c"
			if got := cut(a + " " + b); len(got) != 3 || got[0] != a || got[2] != b {
				t.Errorf("%d times %q: %d words", n, letter, len(got))
			}
		}
	}
}

// A quarter of a megabyte takes some 10 ms; whatever grew with its square would take minutes, so that the limit holds on any machine.
func TestHostileTextTakesLinearTime(t *testing.T) {
	for _, unit := range []string{"a", " ", "\u0301", "e\u0301", "a'", "a.", "\"", "א\"", "1,", "_", "\U0001F1E6", "\u200d", "👩\u200d", "あ", "ア", "\u3000", "\r", "\xff", "a\u00AD.\u0301", "é "} {
		text := bytes.Repeat([]byte(unit), 1<<18/len(unit))
		start, n := time.Now(), 0
		for s := New(text); s.Next(); {
			n = s.End()
		}
		if d := time.Since(start); n != len(text) || d > 10*time.Second {
			t.Errorf("256 KB of %+q: %d bytes in %v", unit, n, d)
		}
	}
}

func TestNothingIsAllocated(t *testing.T) {
	text := []byte(strings.Repeat("It isn't 3.5 — größer, 日本語 テキスト 🇩🇪!\n", 50))
	var s Segmenter
	walk := func() {
		for s.Reset(text); s.Next(); {
		}
	}
	walk()
	if n := testing.AllocsPerRun(20, walk); n != 0 {
		t.Errorf("%v allocations a text", n)
	}
}

func FuzzWords(f *testing.F) {
	for _, s := range []string{"", "Don't pay 3.5", "a.\u0301b", "👩‍👩‍👧 🇩🇪🇫🇷🇬", "\xff\xc3a", "צה\"ל", "\r\n\u2028 \u3000", "アア_a"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var together []byte
		for s := New(text); s.Next(); {
			if s.Start() != len(together) || s.End() <= s.Start() {
				t.Fatalf("word %d to %d behind %d", s.Start(), s.End(), len(together))
			}
			together = append(together, s.Bytes()...)
		}
		if !bytes.Equal(together, text) {
			t.Fatalf("%q became %q", text, together)
		}
		compare(t, text)
	})
}
