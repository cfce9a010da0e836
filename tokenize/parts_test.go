package tokenize

import (
	"reflect"
	"strings"
	"testing"
)

// partsFile is a small WordPiece tokenizer with a special token.
const partsFile = `{"added_tokens":[{"id":1,"content":"[CLS]","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true}],
"normalizer":{"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":true,"strip_accents":null,"lowercase":true},"pre_tokenizer":{"type":"BertPreTokenizer"},
"post_processor":null,"decoder":{"type":"WordPiece","prefix":"##","cleanup":false},
"model":{"type":"WordPiece","unk_token":"[UNK]","continuing_subword_prefix":"##","max_input_chars_per_word":100,
"vocab":{"[UNK]":0,"[CLS]":1,"na":2,"##ive":3,"cafe":4,"!":5,"##s":6}}}`

func parsed(t *testing.T, file string) *Tokenizer {
	t.Helper()
	tok, err := Parse([]byte(file))
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

func TestPartsAreTheStepsOfThePipeline(t *testing.T) {
	p := parsed(t, partsFile).Parts()
	n := p.Normalize("Naïve e\u0301!")
	if n.Text != "naive e!" || !reflect.DeepEqual(n.Offsets[2], [2]int{2, 4}) || !reflect.DeepEqual(n.Offsets[6], [2]int{7, 10}) {
		t.Errorf("normalized %q %v", n.Text, n.Offsets)
	}
	if got := parsed(t, partsFile).AppendNormalized([]byte("x"), []byte("Naïve e\u0301!")); string(got) != "xnaive e!" {
		t.Errorf("appended %q", got)
	}
	words := p.Split("naive  cafe!")
	if len(words) != 3 || words[1].Text != "cafe" || words[1].Offsets[0] != [2]int{7, 8} || words[2].Text != "!" {
		t.Errorf("words %v", words)
	}
	if got := p.Pieces("naives"); !reflect.DeepEqual(got, []Part{{2, 0, 2}, {3, 2, 5}, {6, 5, 6}}) {
		t.Errorf("parts %v", got)
	}
	if p.Split("") != nil || p.Pieces("") != nil {
		t.Error("something came of nothing")
	}
}

func TestOwnPartsPutBackGiveTheSame(t *testing.T) {
	files := map[string]*Tokenizer{"wordpiece": parsed(t, partsFile)}
	bpe, err := NewBPE([]string{"<|endoftext|>"}, [][2]int32{{70, 75}, {257, 66}})
	if err != nil {
		t.Fatal(err)
	}
	files["bpe"] = bpe
	for name, tok := range files {
		parts := tok.Parts()
		for _, p := range []Parts{parts, {Normalize: parts.Normalize}, {Split: parts.Split}, {Pieces: parts.Pieces}, {}} {
			other := tok.WithParts(p)
			for _, text := range []string{"", "Naïve café  cafes!", "[CLS] na <|endoftext|> fkb fk é\t\tx", "\xff日 本", strings.Repeat("na ", 50)} {
				a, b := tok.Encode(text), other.Encode(text)
				if strings.ToValidUTF8(text, "") == text && (!reflect.DeepEqual(a.IDs, b.IDs) || !reflect.DeepEqual(a.Offsets, b.Offsets) || !reflect.DeepEqual(a.WordIDs, b.WordIDs)) {
					t.Errorf("%s: %q\n%v %v\n%v %v", name, text, a.Pieces, a.Offsets, b.Pieces, b.Offsets)
				}
				ids := other.AppendIDs(nil, []byte(text))
				for _, id := range ids {
					if other.IsSpecial(id) {
						t.Errorf("%s: data gave special id %d", name, id)
					}
				}
				if name == "bpe" && strings.ToValidUTF8(text, "") == text && other.Decode(ids, false) != text {
					t.Errorf("%q comes back as %q", text, other.Decode(ids, false))
				}
			}
		}
	}
}

func TestForeignPartsCanDoNoHarm(t *testing.T) {
	tok := parsed(t, partsFile)
	wild := tok.WithParts(Parts{
		Normalize: func(s string) Word { return Word{Text: s + "\xff!", Offsets: [][2]int{{-5, 999}}} },
		Split: func(s string) []Word {
			return []Word{{Text: ""}, {Text: s, Offsets: make([][2]int, len(s))}, {Text: "na"}}
		},
		Pieces: func(string) []Part { return []Part{{0, 5, 2}, {-1, 0, 1}, {999, 0, 1}, {1, 0, 1}, {2, -3, 99}} },
	})
	e := wild.Encode("café na")
	if len(e.IDs) != 6 { // two words of [UNK], [CLS] (which is no data here) and na
		t.Errorf("%v %v", e.IDs, e.Offsets)
	}
	for _, o := range e.Offsets {
		if o[0] < 0 || o[1] > len("café na") || o[0] > o[1] {
			t.Errorf("offset %v is outside the text", o)
		}
	}
	if ids := wild.AppendIDs(nil, []byte("café")); len(ids) != 4 {
		t.Errorf("data: %v", ids)
	}
}
