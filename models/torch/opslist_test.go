package torch

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/go-cloze/cloze/models/torch/native"
)

// wrapperOf gives the C name of a gotch function: AtgMulScalar_ is atg_mul_scalar_.
func wrapperOf(name string) string {
	var b strings.Builder
	for i, r := range name {
		if unicode.IsUpper(r) && i > 0 {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

func TestOpsListIsExactlyTheWrappersInUse(t *testing.T) {
	paths, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	for _, path := range paths {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok {
				if x, ok := s.X.(*ast.Ident); ok && x.Name == "libtch" && strings.HasPrefix(s.Sel.Name, "Atg") {
					used[wrapperOf(s.Sel.Name)] = true
				}
			}
			return true
		})
	}
	want := strings.Join(slices.Sorted(maps.Keys(used)), "\n") + "\n"
	got, err := native.Files.ReadFile("ops.txt")
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("native/ops.txt must hold, a name a line:\n%s", want)
	}
}
