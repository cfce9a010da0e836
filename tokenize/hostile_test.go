package tokenize

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
)

// around puts a component into a file whose model is small.
func around(member, component string) string {
	return fmt.Sprintf(`{"%s":%s,"model":{"type":"WordLevel","unk_token":"u","vocab":{"u":0,"a":1}}}`, member, component)
}

// Files and patterns made to cost much end in an error or work, within a second and 200 MB.
func TestHostileComponentsAreQuickAndSmall(t *testing.T) {
	split := func(p string) string {
		return around("pre_tokenizer", `{"type":"Split","pattern":{"Regex":`+string(appendString(nil, p))+`},"behavior":"Isolated","invert":false}`)
	}
	deep := func(open, shut, in string, n int) string {
		return strings.Repeat(open, n) + in + strings.Repeat(shut, n)
	}
	var pieces strings.Builder
	for i := range 300_000 {
		fmt.Fprintf(&pieces, `,["p%d",-1.5]`, i*7919%1_000_003)
	}
	files := map[string]string{
		"repeats of repeats": split(`((((a{1000}){1000}){1000}){1000})`), "deep groups": split(deep("(", ")", "a", 100_000)), "deep classes": split(deep("[", "]", "a", 100_000)),
		"catastrophe": split(`(a*)*b|(a+)+c|(a|a)*d|(a|aa)+e`), "look-aheads": split(`(?=.*a)(?=.*b)(?=.*c)x`), "behind": split(`(?<=a*b*c*)x`), "atomic": split(`(?>(?:a|aa)+)b`),
		"empty loops": split(`(?:(?:a?)*)*b`), "long pattern": split(strings.Repeat("a|", 100_000) + "b"), "long class": split("[" + strings.Repeat("a-z", 60_000/3) + "]"),
		"not closed": split(`(a`), "back reference": split(`(a)\1`), "range": split(`[z-a]`),
		"deep normalizers": around("normalizer", deep(`{"type":"Sequence","normalizers":[`, `]}`, `{"type":"NFC"}`, 60)), "too deep": around("normalizer", deep(`{"type":"Sequence","normalizers":[`, `]}`, `{"type":"NFC"}`, 10_000)),
		"charsmap":    around("normalizer", `{"type":"Precompiled","precompiled_charsmap":"`+strings.Repeat("/////w", 100_000)+`"}`),
		"unigram":     `{"model":{"type":"Unigram","unk_id":0,"vocab":[["u",0.0]` + pieces.String() + `]}}`,
		"long piece":  `{"model":{"type":"Unigram","unk_id":0,"vocab":[["u",0.0],["` + strings.Repeat("a", 1<<20) + `",-1.0]]}}`,
		"unk_id":      `{"model":{"type":"Unigram","unk_id":2147483648,"vocab":[["u",0.0]]}}`,
		"padding":     around("padding", `{"strategy":{"Fixed":2147483647},"direction":"Right","pad_id":0,"pad_type_id":0,"pad_token":"u"}`),
		"truncation":  around("truncation", `{"direction":"Right","max_length":9223372036854775807,"strategy":"LongestFirst","stride":9223372036854775807}`),
		"fixed":       around("pre_tokenizer", `{"type":"FixedLength","length":0}`),
		"added":       `{"added_tokens":[` + strings.Repeat(`{"id":1,"content":"a","special":true},`, 50_000) + `{"id":1,"content":"a"}],"model":{"type":"WordLevel","unk_token":"u","vocab":{"u":0,"a":1}}}`,
		"word pieces": `{"model":{"type":"WordPiece","unk_token":"u","max_input_chars_per_word":9223372036854775807,"vocab":{"u":0,"` + strings.Repeat("#", 1<<18) + `":1}}}`,
	}
	text := []byte(strings.Repeat("a", 20_000) + strings.Repeat("aab ", 2_000))
	for name, f := range files {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		start := processorSeconds() // other programs on the machine do not count
		tok, err := Parse([]byte(f))
		if err == nil {
			tok.AppendIDs(nil, text)
		} else if strings.Contains(err.Error(), "\n") || len(err.Error()) > 300 {
			t.Errorf("%s: error of %d bytes: %.200s", name, len(err.Error()), err)
		}
		took := processorSeconds() - start
		runtime.ReadMemStats(&after)
		t.Logf("%s: %.2f s, %d MiB", name, took, (after.TotalAlloc-before.TotalAlloc)>>20)
		if took > 5 || after.TotalAlloc-before.TotalAlloc > 200<<20 { // a second on a machine of its own
			t.Errorf("%s: %.1f s, %d MiB (%v)", name, took, (after.TotalAlloc-before.TotalAlloc)>>20, err)
		}
	}
}
