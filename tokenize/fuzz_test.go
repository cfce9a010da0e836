package tokenize

import (
	"slices"
	"testing"
	"unicode/utf8"
)

func FuzzOpen(f *testing.F) {
	f.Add([]byte(goodFile))
	f.Add([]byte(goodFile[:100]))
	f.Add([]byte(`{"model":{"vocab":{"a":0,"\u00e9\ud83e\udd17":1},"merges":["a a"]}}`))
	f.Add([]byte(`{"model":{"type":"BPE","vocab":{"a":0},"merges":[]},"pre_tokenizer":{"type":"ByteLevel","add_prefix_space":true},"post_processor":{"type":"Sequence","processors":[{"type":"TemplateProcessing","single":[{"Sequence":{"id":"A","type_id":0}}]}]}}`))
	for i, c := range readComponents(f).Cases {
		if i%12 == 0 && len(c.file) < 20_000 {
			f.Add(c.file)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		tok, err := Parse(data)
		if err != nil {
			return
		}
		again, err := Parse(tok.Bytes())
		if err != nil {
			t.Fatalf("does not read what it wrote: %v\n%s", err, tok.Bytes())
		}
		if again.Hash() != tok.Hash() {
			t.Fatal("hash changes on saving")
		}
		const text = "aab <e> é\n"
		if !slices.Equal(tok.Encode(text).IDs, again.Encode(text).IDs) {
			t.Fatal("ids change on saving")
		}
	})
}

func FuzzEncode(f *testing.F) {
	tok := tiny(f, []string{"hello", " world", "aaaa", "日本"}, "<x>", "abc")
	for _, s := range []string{"hello world", "a <x> b", "\xff\xe6\x97", "'ll've  \n x", "日本語"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		e := tok.Encode(text)
		checkOffsets(t, text, e)
		if got := string(tok.AppendBytes(nil, e.IDs, false)); got != text {
			t.Fatalf("%q came back as %q", text, got)
		}
		data := tok.EncodeWith(text, EncodeOptions{AsData: true})
		if !slices.Equal(data.IDs, tok.AppendIDs(nil, []byte(text))) {
			t.Fatal("AsData differs from AppendIDs")
		}
		e.CodePointOffsets()
	})
}

func FuzzDecode(f *testing.F) {
	tok := tiny(f, []string{"hello", "日本"}, "<x>")
	f.Add([]byte{1, 2, 200, 150})
	f.Fuzz(func(t *testing.T, raw []byte) {
		ids := make([]int32, len(raw))
		stream, joined := tok.NewStreamDecoder(false), ""
		for i, b := range raw {
			ids[i] = int32(b) + 8 - 4*int32(i%3)
			joined += stream.Next(ids[i])
		}
		joined += stream.Flush()
		if got := tok.Decode(ids, false); got != joined || !utf8.ValidString(got) {
			t.Fatalf("whole %q, stream %q", got, joined)
		}
	})
}
