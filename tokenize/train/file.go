package train

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"

	"github.com/go-cloze/cloze/tokenize"
)

// file is a tokenizer.json in the making: its parts as JSON, "null" where there is none.
type file struct {
	special                                          []string
	normalizer, preTokenizer, postProcessor, decoder string
	model                                            []byte
}

// newFile starts a file whose special tokens have the first ids.
func newFile(special []string) *file {
	return &file{special: special, normalizer: "null", preTokenizer: "null", postProcessor: "null", decoder: "null"}
}

// stepsOf opens a file whose normalizer and pre-tokenizer are those to train with; its vocabulary does not matter.
func stepsOf(file []byte, err error) (*tokenize.Tokenizer, error) {
	if err != nil {
		return nil, err
	}
	return tokenize.Parse(file)
}

// addedToken is a special token as a file writes it.
type addedToken struct {
	ID         int    `json:"id"`
	Content    string `json:"content"`
	SingleWord bool   `json:"single_word"`
	LStrip     bool   `json:"lstrip"`
	RStrip     bool   `json:"rstrip"`
	Normalized bool   `json:"normalized"`
	Special    bool   `json:"special"`
}

// bytes lays the file out as the package tokenizers does.
func (f *file) bytes() ([]byte, error) {
	tokens := []addedToken{}
	for i, s := range f.special {
		tokens = append(tokens, addedToken{ID: i, Content: s, Special: true})
	}
	added, err := plainJSON(tokens)
	if err != nil {
		return nil, err
	}
	b := append([]byte(`{"version":"1.0","truncation":null,"padding":null,"added_tokens":`), added...)
	b = append(b, `,"normalizer":`+f.normalizer+`,"pre_tokenizer":`+f.preTokenizer+`,"post_processor":`+f.postProcessor+`,"decoder":`+f.decoder+`,"model":`...)
	b = append(append(b, f.model...), '}')
	var out bytes.Buffer
	if err := json.Indent(&out, b, "", "  "); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// plainJSON is a value without the escapes for HTML.
func plainJSON(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimRight(b.Bytes(), "\n"), err
}

// appendString appends a JSON string.
func appendString(b []byte, s string) []byte {
	quoted, _ := plainJSON(s) // a string can always be written
	return append(b, quoted...)
}

// appendVocab appends the pieces with their ids, those of their places.
func appendVocab(b []byte, pieces []string) []byte {
	b = append(b, '{')
	for id, p := range pieces {
		if id > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(append(appendString(b, p), ':'), int64(id), 10)
	}
	return append(b, '}')
}

// bertTemplate is the post-processor [CLS] A [SEP] B [SEP], null where the tokens are not there.
func bertTemplate(special []string) string {
	cls, sep := slices.Index(special, "[CLS]"), slices.Index(special, "[SEP]")
	if cls < 0 || sep < 0 {
		return "null"
	}
	token := func(name, typ string) string { return `{"SpecialToken":{"id":"` + name + `","type_id":` + typ + `}}` }
	text := func(name, typ string) string { return `{"Sequence":{"id":"` + name + `","type_id":` + typ + `}}` }
	single := token("[CLS]", "0") + "," + text("A", "0") + "," + token("[SEP]", "0")
	entry := func(name string, id int) string {
		return `"` + name + `":{"id":"` + name + `","ids":[` + strconv.Itoa(id) + `],"tokens":["` + name + `"]}`
	}
	return `{"type":"TemplateProcessing","single":[` + single + `],"pair":[` + single + "," + text("B", "1") + "," + token("[SEP]", "1") +
		`],"special_tokens":{` + entry("[CLS]", cls) + "," + entry("[SEP]", sep) + `}}`
}
