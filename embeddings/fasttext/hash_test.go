package fasttext

import (
	"slices"
	"testing"
)

// Case C46: bytes are signed.
func TestHashTakesBytesAsSigned(t *testing.T) {
	for text, want := range map[string]uint32{
		"a": 3826002220, "<a": 1761008750, "é": 1023043777, "<né": 3020065143, "né>": 1382017737, "日": 3213514749, "🤗": 311617617,
	} {
		if got := Hash(text); got != want {
			t.Errorf("Hash(%q) = %d, want %d", text, got, want)
		}
	}
}

// Case C46: 1,000 buckets and three words: row 0 and, after them, 143 and 737.
func TestSubwordsOfNonASCIIWord(t *testing.T) {
	d, err := NewDictionary([]Entry{{"né", 3}, {"chat", 2}, {EndOfLine, 1}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	a := DefaultArgs()
	a.MinN, a.MaxN, a.Bucket = 3, 3, 1000
	if got := d.appendRows(nil, "né", &a); !slices.Equal(got, []int32{0, 146, 740}) {
		t.Errorf("né uses rows %v, want 0, 146, 740", got)
	}
}
