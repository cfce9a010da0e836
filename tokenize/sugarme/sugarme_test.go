package sugarme

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/sugarme/tokenizer"
	vocabulary "github.com/sugarme/tokenizer/model"
	"github.com/sugarme/tokenizer/model/bpe"
	"github.com/sugarme/tokenizer/model/wordpiece"
	"github.com/sugarme/tokenizer/normalizer"
	"github.com/sugarme/tokenizer/pretokenizer"

	"github.com/go-cloze/cloze/tokenize"
	"github.com/go-cloze/cloze/tokenize/train"
)

var corpus = []string{"Der Lind-Wurm schlief am See, und der Wind sang leise: größer, naïve café!", "func main() {\n\t\tx := y == 1\n\t\tif x  {\n\t\t\treturn\n\t}\n}",
	"the green tea and the green tree: 12 trees, 345 teas", "日本語のテキスト 한국어 e\u0301 ﬁn"}

var texts = append([]string{"", " ", "x", "\t\t\tx  = y\n\n", " e\u0301e\u0301 İstanbul\u00a0x", "🤗🤗 größer<|endoftext|> [MASK]x", "the  green\u2003tea ", "ﬁn ½"}, corpus...)

// tokenizers makes one of each model.
func tokenizers(t *testing.T) map[string]*tokenize.Tokenizer {
	t.Helper()
	docs := func(yield func([]byte, error) bool) {
		for range 5 {
			for _, s := range corpus {
				if !yield([]byte(s), nil) {
					return
				}
			}
		}
	}
	b, w, u := train.DefaultBPE(), train.DefaultWordPiece(), train.DefaultUnigram()
	b.VocabSize, w.VocabSize, u.VocabSize = 400, 250, 450
	out := map[string]*tokenize.Tokenizer{}
	var err error
	if out["bpe"], _, err = train.BPE(b, docs); err != nil {
		t.Fatal(err)
	}
	for name, f := range map[string]func() ([]byte, train.Report, error){
		"wordpiece": func() ([]byte, train.Report, error) { return train.WordPiece(w, docs) },
		"unigram":   func() ([]byte, train.Report, error) { return train.Unigram(u, docs) },
	} {
		file, _, err := f()
		if err == nil {
			out[name], err = tokenize.Parse(file)
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	return out
}

// theirs encodes with a tokenizer of theirs.
func theirs(t *testing.T, tk *tokenizer.Tokenizer, text string) *tokenizer.Encoding {
	t.Helper()
	e, err := tk.EncodeSingle(text)
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return e
}

func ints(ids []int32) []int {
	out := []int{}
	for _, id := range ids {
		out = append(out, int(id))
	}
	return out
}

func TestNewEncodesAndDecodesAsOurs(t *testing.T) {
	for name, tok := range tokenizers(t) {
		tk := New(tok)
		for _, text := range texts {
			want, got := tok.EncodeWith(text, tokenize.EncodeOptions{NoTemplate: true}), theirs(t, tk, text)
			if !slices.Equal(ints(want.IDs), append([]int{}, got.Ids...)) || len(want.Pieces) > 0 && !reflect.DeepEqual(want.Pieces, got.Tokens) {
				t.Errorf("%s: %q: %v, want %v", name, text, got.Tokens, want.Pieces)
				continue
			}
			for i, o := range want.Offsets {
				if got.Offsets[i][0] != o[0] || got.Offsets[i][1] != o[1] {
					t.Errorf("%s: %q: %q at %v, want %v", name, text, want.Pieces[i], got.Offsets[i], o)
				}
			}
			if a, b := tk.Decode(got.Ids, false), tok.Decode(want.IDs, false); a != b {
				t.Errorf("%s: decoded %q, want %q", name, a, b)
			}
		}
		batch, err := tk.EncodeBatch([]tokenizer.EncodeInput{tokenizer.NewSingleEncodeInput(tokenizer.NewInputSequence(texts[3])), tokenizer.NewSingleEncodeInput(tokenizer.NewInputSequence(""))}, true)
		if err != nil || len(batch) != 2 {
			t.Errorf("%s: a batch: %v", name, err)
		}
	}
}

// TestPartsMakeUpThePipeline puts our normalizer, pre-tokenizer and model side by side into theirs.
func TestPartsMakeUpThePipeline(t *testing.T) {
	for name, tok := range tokenizers(t) {
		tk := tokenizer.NewTokenizer(Model(tok))
		tk.WithNormalizer(Normalizer(tok))
		tk.WithPreTokenizer(PreTokenizer(tok))
		for _, text := range texts {
			if strings.Contains(text, "<|") || strings.TrimSpace(text) == "" {
				continue // their search for added tokens has none
			}
			want, got := tok.EncodeWith(text, tokenize.EncodeOptions{AsData: true}), theirs(t, tk, text)
			if !slices.Equal(ints(want.IDs), got.Ids) {
				t.Errorf("%s: %q: %v, want %v", name, text, got.Tokens, want.Pieces)
				continue
			}
			for i, o := range want.Offsets {
				if at := got.Offsets[i]; name != "bpe" && (at[0] != o[0] || at[1] != o[1]) {
					t.Errorf("%s: %q: %q at %v, want %v", name, text, want.Pieces[i], at, o)
				}
			}
		}
	}
}

func TestTemplateIsThatOfTheFile(t *testing.T) {
	for name, tok := range tokenizers(t) {
		tk := New(tok)
		for _, text := range []string{"the green tea", "größer Xyz", ""} {
			e, err := tk.EncodeSingle(text, true)
			if err != nil {
				t.Fatal(err)
			}
			want := tok.Encode(text)
			if !slices.Equal(append([]int{}, e.Ids...), ints(want.IDs)) || !slices.Equal(append([]int{}, e.TypeIds...), ints(want.TypeIDs)) {
				t.Errorf("%s: %q: %v %v, want %v %v", name, text, e.Tokens, e.TypeIds, want.Pieces, want.TypeIDs)
			}
			pair, err := tk.EncodePair(text, "12 trees", true)
			if err != nil {
				t.Fatal(err)
			}
			both := tok.EncodePair(text, "12 trees", tokenize.EncodeOptions{})
			if !slices.Equal(pair.Ids, ints(both.IDs)) || !slices.Equal(pair.TypeIds, ints(both.TypeIDs)) || len(pair.Words) != len(pair.Ids) || len(pair.AttentionMask) != len(pair.Ids) {
				t.Errorf("%s: pair with %q: %v %v, want %v %v", name, text, pair.Tokens, pair.TypeIds, both.Pieces, both.TypeIDs)
			}
		}
		tk.WithTruncation(&tokenizer.TruncationParams{MaxLength: 5, Strategy: tokenizer.OnlyFirst})
		if e, err := tk.EncodeSingle("the green tea and the green tree", true); err != nil || len(e.Ids) > 5 || name == "wordpiece" && (e.Ids[0] != 2 || e.Ids[4] != 3) {
			t.Errorf("%s: cut to 5: %v %v", name, e, err)
		}
	}
}

func TestModelKnowsItsVocabulary(t *testing.T) {
	tok := tokenizers(t)["wordpiece"]
	m := Model(tok)
	vocab := m.GetVocab()
	if len(vocab) != m.GetVocabSize() || len(vocab) != tok.VocabSize() || vocab["[UNK]"] != 1 {
		t.Errorf("%d pieces, %d said, %d ids", len(vocab), m.GetVocabSize(), tok.VocabSize())
	}
	if id, ok := m.TokenToId("[SEP]"); id != 3 || !ok {
		t.Errorf("[SEP] is %d", id)
	}
	if s, ok := m.IdToToken(3); s != "[SEP]" || !ok {
		t.Errorf("3 is %q", s)
	}
	if _, ok := m.IdToToken(1 << 40); ok {
		t.Error("an id that is none has a token")
	}
	dir := filepath.Join(t.TempDir(), "x")
	if err := m.Save(dir, "small"); err != nil {
		t.Fatal(err)
	}
	if again, err := tokenize.Open(filepath.Join(dir, "small-tokenizer.json")); err != nil || again.Hash() != tok.Hash() {
		t.Errorf("saved: %v", err)
	}
}

// TestOurWordsMendTheirBPE gives their model our words: it has the same merges, and cut text wrongly alone.
func TestOurWordsMendTheirBPE(t *testing.T) {
	tok := tokenizers(t)["bpe"]
	dir := t.TempDir()
	var file struct {
		Model struct {
			Vocab  json.RawMessage
			Merges []string
		}
	}
	if err := json.Unmarshal(tok.Bytes(), &file); err != nil {
		t.Fatal(err)
	}
	os.WriteFile(filepath.Join(dir, "vocab.json"), file.Model.Vocab, 0o666)
	os.WriteFile(filepath.Join(dir, "merges.txt"), []byte("#version: 0.2\n"+strings.Join(file.Model.Merges, "\n")+"\n"), 0o666)
	m, err := bpe.NewBpeFromFiles(filepath.Join(dir, "vocab.json"), filepath.Join(dir, "merges.txt"))
	if err != nil {
		t.Fatal(err)
	}
	alone, mended := tokenizer.NewTokenizer(m), tokenizer.NewTokenizer(m)
	level := pretokenizer.NewByteLevel()
	level.SetAddPrefixSpace(false)
	alone.WithPreTokenizer(level)
	mended.WithPreTokenizer(PreTokenizer(tok))
	wrong := 0
	for _, text := range corpus {
		want := ints(tok.AppendIDs(nil, []byte(text)))
		if got := theirs(t, mended, text).Ids; !slices.Equal(got, want) {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
		if got := theirs(t, alone, text).Ids; !slices.Equal(got, want) {
			wrong++
		}
	}
	if wrong == 0 {
		t.Error("their own pre-tokenizer cuts right: docs/tokenize.md says it does not")
	}
}

// wordPieceOf is their model with the vocabulary of ours.
func wordPieceOf(tok *tokenize.Tokenizer) tokenizer.Model {
	vocab := vocabulary.Vocab(Model(tok).GetVocab())
	return wordpiece.NewWordPieceBuilder().Vocab(&vocab).UnkToken("[UNK]").Build()
}

func TestTheirPartsGoIntoOurs(t *testing.T) {
	tok := tokenizers(t)["wordpiece"]
	fail := func(err error) { t.Error(err) }
	text := "The green tea, Xyz!  12 trees" // theirs takes no accents off (docs/tokenize.md)
	want := tok.EncodeWith(text, tokenize.EncodeOptions{NoTemplate: true})
	ours := tok.WithParts(tokenize.Parts{
		Normalize: Normalize(normalizer.NewBertNormalizer(true, true, true, true), fail),
		Split:     Split(pretokenizer.NewBertPreTokenizer(), fail),
		Pieces:    Pieces(wordPieceOf(tok), fail),
	})
	got := ours.EncodeWith(text, tokenize.EncodeOptions{NoTemplate: true})
	if !reflect.DeepEqual(got.IDs, want.IDs) || !reflect.DeepEqual(got.Offsets, want.Offsets) || !reflect.DeepEqual(got.WordIDs, want.WordIDs) {
		t.Errorf("%v %v, want %v %v", got.Pieces, got.Offsets, want.Pieces, want.Offsets)
	}
	from, err := FromModel(wordPieceOf(tok), "[UNK]", fail)
	if err != nil {
		t.Fatal(err)
	}
	lower := from.WithParts(tokenize.Parts{Normalize: tok.Parts().Normalize, Split: tok.Parts().Split})
	if e := lower.EncodeWith(text, tokenize.EncodeOptions{NoTemplate: true}); !reflect.DeepEqual(e.IDs, want.IDs) {
		t.Errorf("%v, want %v", e.Pieces, want.Pieces)
	}
	if _, err := FromModel(wordPieceOf(tok), "<unk>", fail); err == nil {
		t.Error("an unknown token that is not there was taken")
	}
}

// broken is a part of theirs that fails.
type broken struct{ panics bool }

func (b broken) fail() error {
	if b.panics {
		panic("index out of range")
	}
	return errors.New("broken")
}
func (b broken) Normalize(*normalizer.NormalizedString) (*normalizer.NormalizedString, error) {
	return nil, b.fail()
}
func (b broken) PreTokenize(*tokenizer.PreTokenizedString) (*tokenizer.PreTokenizedString, error) {
	return nil, b.fail()
}
func (b broken) Tokenize(string) ([]tokenizer.Token, error) { return nil, b.fail() }
func (b broken) TokenToId(string) (int, bool)               { return 0, false }
func (b broken) IdToToken(int) (string, bool)               { return "", false }
func (b broken) GetVocab() map[string]int                   { return map[string]int{"[UNK]": 0} }
func (b broken) GetVocabSize() int                          { return 1 }
func (b broken) Save(string, ...string) error               { return b.fail() }

func TestTheirFailuresAreToldAndLoseNothing(t *testing.T) {
	tok := tokenizers(t)["wordpiece"]
	for _, panics := range []bool{false, true} {
		var errs []string
		note := func(err error) { errs = append(errs, err.Error()) }
		b := broken{panics}
		same := tok.WithParts(tokenize.Parts{Normalize: Normalize(b, note), Split: Split(b, note)})
		if e := same.EncodeWith("tea", tokenize.EncodeOptions{NoTemplate: true}); len(e.IDs) == 0 || e.Dropped != 0 {
			t.Errorf("%v", e.Pieces)
		}
		none := tok.WithParts(tokenize.Parts{Pieces: Pieces(b, note)})
		none.AppendIDs(nil, []byte("tea"))
		if len(errs) != 3 || !strings.Contains(errs[0], "normalizer") || !strings.Contains(errs[1], "pre-tokenizer") || !strings.Contains(errs[2], "model") {
			t.Errorf("%q", errs)
		}
		Normalize(b, nil)("nobody listens")
	}
}

// TestNothingThatIsCalledEndsTheProcess holds the functions of theirs that this package calls, and looks into them for log.Fatal.
func TestNothingThatIsCalledEndsTheProcess(t *testing.T) {
	allowed := []string{"Alignments", "GetNormalized", "GetOriginal", "GetSplits", "GetVocab", "LenOriginal", "NewNormalizedFrom", "NewNormalizedString",
		"NewPreTokenizedString", "NewTokenizer", "Normalize", "PreTokenize", "Shift", "Split", "Tokenize", "WithDecoder", "WithPostProcessor", "WithPreTokenizer"}
	mine := []string{"around", "Decode", "Encode", "EncodePair", "EncodeWith", "Error", "Errorf", "ID", "Join", "Marshal", "MkdirAll", "New", "Parse", "Parts", "pieces", "Pieces", "fail", "Save", "Token", "VocabSize", "WithParts"}
	calls := func(path string, see func(name string, f *ast.FuncDecl)) {
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Body != nil {
				see(f.Name.Name, f)
			}
		}
	}
	selectors := func(f *ast.FuncDecl, see func(s *ast.SelectorExpr)) {
		ast.Inspect(f.Body, func(n ast.Node) bool {
			if c, ok := n.(*ast.CallExpr); ok {
				if s, ok := c.Fun.(*ast.SelectorExpr); ok {
					see(s)
				}
			}
			return true
		})
	}
	own, _ := filepath.Glob("*.go")
	for _, path := range own {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		calls(path, func(_ string, f *ast.FuncDecl) {
			selectors(f, func(s *ast.SelectorExpr) {
				if name := s.Sel.Name; !slices.Contains(allowed, name) && !slices.Contains(mine, name) {
					t.Errorf("%s calls %s, which is not in the list", path, name)
				}
			})
		})
	}
	root := moduleDir(t)
	for _, dir := range []string{root, filepath.Join(root, "normalizer")} {
		entries, err := fs.Glob(os.DirFS(dir), "*.go")
		if err != nil || len(entries) == 0 {
			t.Skipf("the sources of the module are not in %s", dir)
		}
		for _, name := range entries {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			calls(filepath.Join(dir, name), func(called string, f *ast.FuncDecl) {
				selectors(f, func(s *ast.SelectorExpr) {
					if x, ok := s.X.(*ast.Ident); ok && x.Name == "log" && strings.HasPrefix(s.Sel.Name, "Fatal") && slices.Contains(allowed, called) {
						t.Errorf("%s of %s, which is called, ends the process", called, name)
					}
				})
			})
		}
	}
}

// moduleDir is where the sources of their module lie.
func moduleDir(t *testing.T) string {
	cache := os.Getenv("GOMODCACHE")
	if cache == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			t.Skip(err)
		}
		cache = filepath.Join(home, "go", "pkg", "mod")
	}
	return filepath.Join(cache, "github.com", "sugarme", "tokenizer@v0.3.0")
}
