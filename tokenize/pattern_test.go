package tokenize

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// The scanners written for well-known patterns find what the patterns say.
func TestScannersEqualTheirPatterns(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 8))
	g := readComponents(t)
	for _, source := range []string{gpt2Pattern, cl100kPattern, qwenPattern, tiktokPattern, o200kPattern} {
		slow, err := compilePattern(source)
		if err != nil {
			t.Fatal(err)
		}
		fast := knownPattern(source)
		for i := range 4000 {
			text := []byte(stressText(r, g.Texts))
			if i%3 == 0 {
				text = []byte(randomRunes(r) + "'S 'RE've 'ſ \r\n \n\t x12345 \u00a0\u2028y  z\n")
			}
			if a, b := fast.matches(nil, text), slow.matches(nil, text); !slices.Equal(a, b) {
				t.Fatalf("%s: %q: scanner %v, pattern %v", source, text, a, b)
			}
		}
	}
}
