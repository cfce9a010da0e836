package tokenize

import (
	"slices"
	"strings"
	"testing"
)

// A tokenizer trained for a causal model gets what an encoder needs; its ids stay, and a file of it reads back.
func TestRolesAreAddedBehindTheVocabulary(t *testing.T) {
	bpe, err := NewBPE([]string{"<|endoftext|>"}, [][2]int32{{65, 66}})
	if err != nil {
		t.Fatal(err)
	}
	if got := bpe.Roles(); got != (Roles{-1, -1, -1, -1}) {
		t.Fatalf("roles %+v of a tokenizer that has none", got)
	}
	with, added, err := bpe.WithRoles()
	if err != nil {
		t.Fatal(err)
	}
	size := int32(bpe.VocabSize())
	if want := []string{"[CLS]", "[SEP]", "[MASK]", "[PAD]"}; !slices.Equal(added, want) || with.Roles() != (Roles{size, size + 1, size + 2, size + 3}) {
		t.Errorf("added %v, roles %+v", added, with.Roles())
	}
	text := "ab [MASK] é <|endoftext|>\n"
	if a, b := bpe.AppendIDs(nil, []byte(text)), with.AppendIDs(nil, []byte(text)); !slices.Equal(a, b) {
		t.Errorf("data gives %v, before %v", b, a)
	}
	e := with.Encode("ab")
	if plain := bpe.Encode("ab").IDs; e.IDs[0] != size || e.IDs[len(e.IDs)-1] != size+1 || !slices.Equal(e.IDs[1:len(e.IDs)-1], plain) {
		t.Errorf("encode gives %v, without the template %v", e.IDs, plain)
	}
	pair := with.EncodePair("a", "b", EncodeOptions{})
	if want := []int32{0, 0, 0, 1, 1}; !slices.Equal(pair.TypeIDs, want) {
		t.Errorf("types of a pair %v, want %v", pair.TypeIDs, want)
	}
	again, err := Parse(with.Bytes())
	if err != nil || again.Hash() != with.Hash() {
		t.Errorf("read back: %v", err)
	}
	if eot, ok := with.EndOfText(); !ok || eot != 0 {
		t.Errorf("end of text %d, %v", eot, ok)
	}
	if same, none, err := with.WithRoles(); same != with || none != nil || err != nil {
		t.Errorf("a second time adds %v, %v", none, err)
	}
}

func TestRolesOfOtherFamilies(t *testing.T) {
	vocab := "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n"
	bert, err := ParseVocabText([]byte(vocab), true)
	if err != nil {
		t.Fatal(err)
	}
	if got := bert.Roles(); got != (Roles{CLS: 2, SEP: 3, Mask: 4, Pad: 0}) {
		t.Errorf("BERT's roles are %+v", got)
	}
	file := `{"added_tokens":[{"id":0,"content":"<unk>","special":true},{"id":1,"content":"<s>","special":true},{"id":2,"content":"</s>","special":true}],
"pre_tokenizer":{"type":"Metaspace","replacement":"▁","prepend_scheme":"always","split":true},"post_processor":null,"decoder":null,
"model":{"type":"Unigram","unk_id":0,"vocab":[["<unk>",0],["<s>",0],["</s>",0],["▁a",-1],["b",-2]]}}`
	unigram, err := Parse([]byte(file))
	if err != nil {
		t.Fatal(err)
	}
	with, added, err := unigram.WithRoles()
	if err != nil || !slices.Equal(added, []string{"<mask>", "<pad>"}) || with.Roles() != (Roles{CLS: 1, SEP: 2, Mask: 5, Pad: 6}) {
		t.Errorf("added %v, %v", added, err)
	}
	taken := strings.Replace(file, `["b",-2]`, `["<mask>",-2]`, 1)
	if unigram, err = Parse([]byte(taken)); err != nil {
		t.Fatal(err)
	}
	if _, _, err := unigram.WithRoles(); err == nil || !strings.Contains(err.Error(), "<mask> is a piece") {
		t.Errorf("error %v", err)
	}
}
