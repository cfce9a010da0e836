package tokenize

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// decodeStep is one step of the way from pieces to text: it changes the list of strings that in the end are joined.
type decodeStep interface{ apply(list []string) []string }

// readDecoder reads the decoder of the general pipeline, a Sequence as its steps.
func (t *Tokenizer) readDecoder(raw []byte) error {
	t.decoder = nil
	if raw == nil {
		return nil
	}
	t.decoder = []decodeStep{}
	return t.addDecoder(raw)
}

func (t *Tokenizer) addDecoder(raw []byte) error {
	p := struct {
		Type     string            `json:"type"`
		Suffix   string            `json:"suffix"`
		Prefix   string            `json:"prefix"`
		Cleanup  bool              `json:"cleanup"`
		Pad      string            `json:"pad_token"`
		Word     string            `json:"word_delimiter_token"`
		Content  string            `json:"content"`
		Start    int               `json:"start"`
		Stop     int               `json:"stop"`
		Pattern  patternJSON       `json:"pattern"`
		Decoders []json.RawMessage `json:"decoders"`
	}{Suffix: "</w>", Prefix: "##", Cleanup: true, Pad: "<pad>", Word: "|"}
	if err := json.Unmarshal(raw, &p); err != nil {
		return err
	}
	switch p.Type {
	case "BPEDecoder":
		t.decoder = append(t.decoder, suffixDecoder(p.Suffix))
	case "ByteLevel":
		t.decoder = append(t.decoder, byteLevelDecoder{})
	case "ByteFallback":
		t.decoder = append(t.decoder, byteFallbackDecoder{})
	case "CTC":
		t.decoder = append(t.decoder, ctcDecoder{p.Pad, p.Word, p.Cleanup})
	case "Fuse":
		t.decoder = append(t.decoder, fuseDecoder{})
	case "WordPiece":
		t.decoder = append(t.decoder, wordPieceDecoder{p.Prefix, p.Cleanup})
	case "Strip":
		mark, size := utf8.DecodeRuneInString(p.Content)
		if size == 0 || size < len(p.Content) || p.Start < 0 || p.Stop < 0 {
			return wrap(p.Type, fmt.Errorf("content %s is not one character, or start or stop is negative", shown(p.Content)))
		}
		t.decoder = append(t.decoder, stripDecoder{string(mark), p.Start, p.Stop})
	case "Metaspace":
		m, err := readMetaspace(raw)
		if err != nil {
			return err
		}
		t.decoder = append(t.decoder, metaspaceDecoder(m))
	case "Replace":
		find, err := p.Pattern.finder()
		if err != nil {
			return wrap(p.Type, err)
		}
		t.decoder = append(t.decoder, replaceDecoder{find, p.Content})
	case "Sequence":
		for _, sub := range p.Decoders {
			if err := t.addDecoder(sub); err != nil {
				return err
			}
		}
	default:
		return unsupported(p.Type)
	}
	return nil
}

// each changes every string by itself.
func each(list []string, change func(i int, s string) string) []string {
	for i, s := range list {
		list[i] = change(i, s)
	}
	return list
}

// suffixDecoder makes the end of each word a blank, that of the last one nothing.
type suffixDecoder string

func (d suffixDecoder) apply(list []string) []string {
	return each(list, func(i int, s string) string {
		if i == len(list)-1 {
			return strings.ReplaceAll(s, string(d), "")
		}
		return strings.ReplaceAll(s, string(d), " ")
	})
}

// byteLevelDecoder turns the characters that stand for bytes into them, for all strings at once.
type byteLevelDecoder struct{}

func (byteLevelDecoder) apply(list []string) []string {
	var raw []byte
	for _, s := range list {
		raw = appendBytesOf(raw, s)
	}
	return []string{lossy(raw)}
}

// lossy returns raw as text; what is no UTF-8 becomes U+FFFD.
func lossy(raw []byte) string {
	if utf8.Valid(raw) {
		return string(raw)
	}
	var b strings.Builder
	appendLossy(&b, raw, true)
	return b.String()
}

// byteFallbackDecoder joins runs of <0x..> to characters; a run that is no UTF-8 becomes one U+FFFD a byte.
type byteFallbackDecoder struct{}

func (byteFallbackDecoder) apply(list []string) []string {
	var out []string
	var run []byte
	flush := func() {
		if utf8.Valid(run) {
			if len(run) > 0 {
				out = append(out, string(run))
			}
		} else {
			for range run {
				out = append(out, string(utf8.RuneError))
			}
		}
		run = run[:0]
	}
	for _, s := range list {
		if b, ok := byteOfName(s); ok {
			run = append(run, b)
			continue
		}
		flush()
		out = append(out, s)
	}
	flush()
	return out
}

// byteOfName reads <0xC3>.
func byteOfName(s string) (byte, bool) {
	if len(s) != 6 || s[:3] != "<0x" || s[5] != '>' || s[3] == '_' {
		return 0, false
	}
	digits := s[3:5]
	if digits[0] == '+' { // the reference's number reader takes a sign
		digits = digits[1:]
	}
	b, err := strconv.ParseUint(digits, 16, 8)
	return byte(b), err == nil
}

// ctcDecoder takes away repetitions and what stands for silence (wav2vec2).
type ctcDecoder struct {
	pad, word string
	cleanup   bool
}

func (d ctcDecoder) apply(list []string) []string {
	var out []string
	for i, s := range list {
		if i > 0 && s == list[i-1] {
			continue
		}
		r := strings.ReplaceAll(s, d.pad, "")
		if d.cleanup {
			r = strings.ReplaceAll(cleanUp(r), d.word, " ")
		}
		if r != "" {
			out = append(out, r)
		}
	}
	return out
}

// fuseDecoder joins all strings.
type fuseDecoder struct{}

func (fuseDecoder) apply(list []string) []string { return []string{strings.Join(list, "")} }

// wordPieceDecoder puts blanks between words.
type wordPieceDecoder struct {
	prefix  string
	cleanup bool
}

func (d wordPieceDecoder) apply(list []string) []string {
	return each(list, func(i int, s string) string {
		if i > 0 {
			if rest, ok := strings.CutPrefix(s, d.prefix); ok {
				s = rest
			} else {
				s = " " + s
			}
		}
		if d.cleanup {
			s = cleanUp(s)
		}
		return s
	})
}

// cleanUps are applied one after the other, in this order.
var cleanUps = [][2]string{{" .", "."}, {" ?", "?"}, {" !", "!"}, {" ,", ","}, {" ' ", "'"}, {" n't", "n't"}, {" 'm", "'m"}, {" do not", " don't"},
	{" 's", "'s"}, {" 've", "'ve"}, {" 're", "'re"}}

func cleanUp(s string) string {
	for _, c := range cleanUps {
		s = strings.ReplaceAll(s, c[0], c[1])
	}
	return s
}

// stripDecoder takes up to so many marks off both ends of each string.
type stripDecoder struct {
	mark        string
	start, stop int
}

func (d stripDecoder) apply(list []string) []string {
	return each(list, func(_ int, s string) string {
		from := 0
		for range d.start {
			if !strings.HasPrefix(s[from:], d.mark) {
				break
			}
			from += len(d.mark)
		}
		to := len(s)
		for range d.stop {
			if to-len(d.mark) < 0 || s[to-len(d.mark):to] != d.mark {
				break
			}
			to -= len(d.mark)
		}
		return s[from:max(from, to)]
	})
}

// metaspaceDecoder makes the visible blanks blanks again; the first string has none where the pipeline puts one in front.
type metaspaceDecoder metaspace

func (d metaspaceDecoder) apply(list []string) []string {
	return each(list, func(i int, s string) string {
		if i == 0 && d.prefix != never {
			return strings.ReplaceAll(s, d.mark, "")
		}
		return strings.ReplaceAll(s, d.mark, " ")
	})
}

// replaceDecoder replaces what a pattern finds in each string.
type replaceDecoder struct {
	find    finder
	content string
}

func (d replaceDecoder) apply(list []string) []string {
	return each(list, func(_ int, s string) string {
		if s == "" {
			return s
		}
		var b strings.Builder
		done := int32(0)
		for _, f := range d.find.matches(nil, []byte(s)) {
			b.WriteString(s[done:f[0]])
			b.WriteString(d.content)
			done = f[1]
		}
		b.WriteString(s[done:])
		return b.String()
	})
}

// decodeGeneral is Decode for the general pipeline.
func (t *Tokenizer) decodeGeneral(ids []int32, skipSpecial bool) string {
	list := make([]string, 0, len(ids))
	for _, id := range ids {
		s, ok := t.Token(id)
		if a := t.added.get(id); a != nil && a.normal != "" {
			s = a.normal // and then no longer the text of a special token, so that it is not skipped; as in the reference
		}
		if ok && !(skipSpecial && t.added.special[s]) {
			list = append(list, s)
		}
	}
	if t.decoder == nil {
		return strings.Join(list, " ")
	}
	for _, step := range t.decoder {
		if list = step.apply(list); len(list) == 0 {
			break
		}
	}
	return strings.Join(list, "")
}
