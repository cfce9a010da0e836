package embeddings

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestKeysAreReadable(t *testing.T) {
	for piece, key := range map[string]string{
		" the": "▁the", "the": "the", "  ": "▁▁", "\n": "<0x0A>", "\xe9": "<0xE9>", "caf\xc3": "caf<0xC3>", "▁": "<0xE2><0x96><0x81>", "": "<0x>", "<0x>": "<0x3C>0x>",
		"<0x0A>": "<0x3C>0x0A>", "<0xa>": "<0xa>", "<|endoftext|>": "<|endoftext|>", "\u00a0": "<0xC2><0xA0>", "naïve": "naïve", "日本": "日本", "\ufeff": "<0xEF><0xBB><0xBF>",
		"\u200b": "\u200b", "\x7f": "<0x7F>", "\ufffd": "\ufffd", "x<#7>": "x<0x3C>#7>", "<#>": "<#>", "<": "<", "Ġ": "Ġ",
	} {
		if got := Key(piece); got != key {
			t.Errorf("Key(%q) = %q, want %q", piece, got, key)
		}
		if got := Piece(key); got != piece {
			t.Errorf("Piece(%q) = %q, want %q", key, got, piece)
		}
	}
}

func TestEqualPiecesGetDifferentKeys(t *testing.T) {
	pieces := []string{"a", "a", "<#1>", "a<#1>", "", "", "a"}
	keys := Keys(pieces)
	if want := []string{"a", "a<#1>", "<0x3C>#1>", "a<0x3C>#1>", "<0x>", "<0x><#5>", "a<#6>"}; !slices.Equal(keys, want) {
		t.Errorf("%q, want %q", keys, want)
	}
	for i, k := range keys {
		if Piece(k) != pieces[i] {
			t.Errorf("Piece(%q) = %q, want %q", k, Piece(k), pieces[i])
		}
	}
	v := store(t, 1, "a a<#1>", 1, 2)
	if _, err := v.Unescaped(); err == nil || !strings.Contains(err.Error(), "same text") {
		t.Errorf("two keys for one text: %v", err)
	}
}

func TestFindTakesWhatPeopleType(t *testing.T) {
	v := store(t, 1, "▁the cat ▁cat <0x0A>", 1, 2, 3, 4)
	for typed, row := range map[string]int{"the": 0, " the": 0, "▁the": 0, "cat": 1, " cat": 2, "\n": 3} {
		if got, ok := v.Find(typed); !ok || got != row {
			t.Errorf("%q: row %d, want %d", typed, got, row)
		}
	}
	if _, ok := v.Find("dog"); ok {
		t.Error("dog is found")
	}
}

// FuzzKey: every piece comes back, and its key fits every format.
func FuzzKey(f *testing.F) {
	for _, s := range []string{" the", "\n", "\xe9", "▁", "<0x0A>", "", "<0x>", "<#7>", "<<0x41>", "\u00a0<#1", "<0x<0x41>>", "\xe2\x96"} {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		keys := Keys([]string{a, b, a})
		for i, p := range []string{a, b, a} {
			if got := Piece(keys[i]); got != p {
				t.Errorf("Piece(%q) = %q, want %q", keys[i], got, p)
			}
			if strings.ContainsAny(keys[i], " \t\n\r\v\f\u00a0\u2028") || !utf8.ValidString(keys[i]) || keys[i] == "" {
				t.Errorf("%q does not fit", keys[i])
			}
		}
		if keys[0] == keys[1] || keys[0] == keys[2] || keys[1] == keys[2] {
			t.Errorf("equal keys %q", keys)
		}
		_ = Piece(a) // any string at all
	})
}
