package tokenize

import (
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
)

// Characters that depend on their neighbours for one normalizer or another, and some that do not.
var awkward = []rune("aZ é.,<=1 \t\n\r\x01▁中文字가각힣각がガﾞ゙゛か\u0301\u0308\u0323\u0327\u0338\u0345\u064e\u0651\u0654لاويאֹ\u05b9कि्षกำ\u00a0\u00ad\u200b\u200c\u200d\u2028\u3000\ufeff\ufffd№ﬁﷺＡ①²İıſßΣς\u212aÅ≠≮😀👍🏽🇩🇪\U0001d15e豈\u302a\u0f71\u0f74\u1e9b\u0344\u2126\U000e0041\u0600㈀ㄱﾡ")

// AppendIDs cuts text into units by characters; whatever stands beside whatever, it gives what Encode gives.
func TestUnitsOfAwkwardCharactersEqualEncode(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 28))
	texts := make([]string, 3000)
	for i := range texts {
		text := make([]rune, 1+r.IntN(12))
		for j := range text {
			text[j] = awkward[r.IntN(len(awkward))]
			if j > 0 && r.IntN(3) == 0 {
				text[j] = ' '
			}
		}
		texts[i] = string(text)
		if r.IntN(20) == 0 {
			texts[i] += "\xff\xe4" + texts[i/2]
		}
	}
	check := func(name string, tok *Tokenizer) {
		for _, s := range texts {
			want := tok.EncodeWith(s, EncodeOptions{AsData: true}).IDs
			ids, _ := tok.AppendWords(nil, nil, []byte(s))
			if got := tok.AppendIDs(nil, []byte(s)); !slices.Equal(got, want) || !slices.Equal(ids, want) {
				t.Errorf("%s: %+q: AppendIDs %v, AppendWords %v, Encode %v", name, s, got, ids, want)
				return
			}
		}
	}
	for _, c := range readComponents(t).Cases {
		if tok, err := Parse(c.file); err == nil {
			check(c.Name, tok)
		}
	}
	for _, name := range []string{"bert-base-uncased/tokenizer.json", "t5-small/tokenizer.json", "t5-small/spiece.model", "phi-3-mini/tokenizer.json", "xlmr-trimmed/padding64.json",
		"gpt2/tokenizer.json", "falcon/tokenizer.json", "sentencepiece/test_ja_model.model"} {
		tok, err := Open(filepath.Join(data(t), "tokenizers", name))
		if err != nil {
			t.Fatal(err)
		}
		check(name, tok)
	}
}
