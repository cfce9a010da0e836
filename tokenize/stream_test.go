package tokenize

import (
	"strings"
	"testing"
)

// What a stream gives, joined, is what Decode gives for all of it. Two decoders are left out whose text for the tokens so far is no prefix of the text for more: BPEDecoder
// treats the last token otherwise, Strip by itself cuts each.
func TestStreamsEqualDecodeForAllComponents(t *testing.T) {
	g := readComponents(t)
	for _, c := range g.Cases {
		if c.Name == "decoder BPEDecoder" || strings.HasPrefix(c.Name, "decoder Strip") {
			continue
		}
		tok, err := Parse(c.file)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range g.Texts {
			ids := tok.Encode(text).IDs
			d, joined := tok.NewStreamDecoder(false), ""
			for _, id := range ids {
				joined += d.Next(id)
			}
			if joined += d.Flush(); joined != tok.Decode(ids, false) {
				t.Errorf("%s: stream %q, whole %q", c.Name, joined, tok.Decode(ids, false))
				break
			}
		}
	}
}
