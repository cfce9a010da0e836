package tokenize

import (
	"math/rand/v2"
	"slices"
	"testing"
	"unicode"
)

// The scanner cuts where Falcon's four pre-tokenizers do, one after the other.
func TestFalconsScannerEqualsItsSteps(t *testing.T) {
	pre, err := readPre([]byte(`{"type":"Sequence","pretokenizers":` + falconSteps + `}`))
	if err != nil {
		t.Fatal(err)
	}
	var p pieces
	check := func(text string) {
		p.set([]byte(text), nil, false, true)
		pre.apply(&p)
		var want, got []string
		for _, c := range p.cuts {
			want = append(want, string(p.b[c.start:c.end]))
		}
		for i := 0; i < len(text); {
			end := falconEnd([]byte(text), i)
			got = append(got, string(appendPieceOf(nil, text[i:end])))
			i = end
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: %q, not %q", text, got, want)
		}
	}
	r := rand.New(rand.NewPCG(1, 3))
	some := []rune("ab 12345\n\t.,'s²³½βγ中 \u3000\u2002‼→é٣̈")
	for range 20000 {
		text := make([]rune, 1+r.IntN(14))
		for i := range text {
			text[i] = some[r.IntN(len(some))]
		}
		check(string(text))
	}
	for c := rune(0); c < unicode.MaxRune; c++ {
		if c < 0xD800 || c > 0xDFFF {
			check("a " + string(c) + "1" + string(c) + string(c) + " " + string(c))
		}
		if c > 0x3400 {
			c += 16
		}
	}
}
