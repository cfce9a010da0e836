package tokenize

import (
	"encoding/json"
	"strings"
	"testing"
)

// checkable has every kind of value.
const checkable = ` {"a":[1,-0.5e+3,0,1E9,20e-1,"x\n\u00Ff\"\\\/é",true ,false,null,{},[] , {"b" :[[]]}],
	"c":"","é😀":-12.25 } `

// sameVerdict compares checker with the standard library's check.
func sameVerdict(t *testing.T, text []byte) {
	t.Helper()
	c := checker{data: text}
	got := c.value(0) && c.end()
	if want := json.Valid(text); got != want && !c.deep {
		t.Fatalf("%q: %v, want %v", text, got, want)
	}
}

// Each byte of a text changed to each other one, left out, doubled, and each cut.
func TestCheckerAgreesWithTheStandardLibrary(t *testing.T) {
	for i := range len(checkable) {
		for c := range 256 {
			text := []byte(checkable)
			text[i] = byte(c)
			sameVerdict(t, text)
			sameVerdict(t, []byte(checkable[:i]+string(rune(c))+checkable[i:]))
		}
		sameVerdict(t, []byte(checkable[:i]))
		sameVerdict(t, []byte(checkable[:i]+checkable[i+1:]))
		sameVerdict(t, []byte(checkable[i:]))
		for j := i; j < len(checkable); j += 3 {
			sameVerdict(t, []byte(checkable[:i]+checkable[j:]))
		}
	}
	for _, s := range []string{"", "-", "01", "1.", ".5", "1e", "1e+", "+1", "tru", "nul", "truefalse", "[1,]", "{,}", `{"a"}`, `{"a":}`, `"\u12g4"`, `"\u123`, `"\`, "\"\x00\"", "\"\x7f\xff\"", "1 2", "{]", "[}"} {
		sameVerdict(t, []byte(s))
	}
	if err := checkJSON([]byte(`{"a":` + strings.Repeat("[", 127) + strings.Repeat("]", 127) + "}")); err != nil {
		t.Error(err)
	}
	if err := checkJSON([]byte(`{"a":` + strings.Repeat("[", 128) + strings.Repeat("]", 128) + "}")); err == nil || !strings.Contains(err.Error(), "deeper than 128 levels at byte 132") {
		t.Error(err)
	}
}

func FuzzChecker(f *testing.F) {
	f.Add([]byte(checkable))
	f.Fuzz(sameVerdict)
}
