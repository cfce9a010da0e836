package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The limits of the house, in lines. A test function may be longer: its table of cases is data and reads best in place.
const (
	maxFileLines         = 600
	maxTestLines         = 800
	maxFunctionLines     = 60
	maxTestFunctionLines = 100
)

// folderSize is a row of the table.
type folderSize struct {
	files, lines, tests, comments, nonBlank, longest int
	hasDoc, hasGo                                    bool
}

func TestSizes(t *testing.T) {
	root := repository(t)
	rows := map[string]*folderSize{}
	var order []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() && path != root && (strings.HasPrefix(name, ".") || name == "testdata" || name == "bin" || name == "dist" || name == "runs") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(name, ".go") {
			return nil
		}
		folder, err := filepath.Rel(root, filepath.Dir(path))
		if err != nil {
			return err
		}
		if rows[folder] == nil {
			rows[folder] = &folderSize{}
			order = append(order, folder)
		}
		return rows[folder].add(t, path)
	})
	if err != nil {
		t.Fatal(err)
	}
	printSizes(t, order, rows)
}

func printSizes(t *testing.T, order []string, rows map[string]*folderSize) {
	var table strings.Builder
	var total folderSize
	fmt.Fprintf(&table, "%-24s %6s %7s %8s %7s %9s\n", "folder", "files", "lines", "longest", "tests", "comments")
	row := func(name string, s folderSize) {
		share := 0.0
		if s.nonBlank > 0 {
			share = 100 * float64(s.comments) / float64(s.nonBlank)
		}
		fmt.Fprintf(&table, "%-24s %6d %7d %8d %7d %8.0f%%\n", name, s.files, s.lines, s.longest, s.tests, share)
	}
	for _, folder := range order {
		s := rows[folder]
		row(folder, *s)
		total.files += s.files
		total.lines += s.lines
		total.tests += s.tests
		total.comments += s.comments
		total.nonBlank += s.nonBlank
		total.longest = max(total.longest, s.longest)
		if s.hasGo && !s.hasDoc && !isExample(folder) {
			t.Errorf("%s has no doc.go", folder)
		}
	}
	row("all", total)
	t.Log("\n" + table.String())
}

// add counts a file and holds it to the limits.
func (s *folderSize) add(t *testing.T, path string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	lines := bytes.Count(data, []byte("\n"))
	test := strings.HasSuffix(path, "_test.go")
	if limit := map[bool]int{false: maxFileLines, true: maxTestLines}[test]; lines > limit {
		t.Errorf("%s has %d lines; the limit is %d", path, lines, limit)
	}
	longFunctions(t, path, data, map[bool]int{false: maxFunctionLines, true: maxTestFunctionLines}[test])
	if test {
		s.tests += lines
		return nil
	}
	s.hasGo = true
	s.hasDoc = s.hasDoc || filepath.Base(path) == "doc.go"
	s.files++
	s.lines += lines
	s.longest = max(s.longest, lines)
	comments, nonBlank := commentLines(data)
	s.comments += comments
	s.nonBlank += nonBlank
	return nil
}

func longFunctions(t *testing.T, path string, data []byte, limit int) {
	t.Helper()
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, path, data, 0)
	if err != nil {
		t.Errorf("%s: %v", path, err)
		return
	}
	for _, decl := range file.Decls {
		fn, ok := decl.(*ast.FuncDecl)
		if !ok {
			continue
		}
		if n := fset.Position(fn.End()).Line - fset.Position(fn.Pos()).Line + 1; n > limit {
			t.Errorf("%s: function %s has %d lines; the limit is %d", path, fn.Name.Name, n, limit)
		}
	}
}

// commentLines counts the lines that hold a comment and the lines that hold anything.
func commentLines(data []byte) (comments, nonBlank int) {
	var s scanner.Scanner
	fset := token.NewFileSet()
	file := fset.AddFile("", fset.Base(), len(data))
	s.Init(file, data, nil, scanner.ScanComments)
	with := map[int]bool{}
	for {
		pos, tok, lit := s.Scan()
		if tok == token.EOF {
			break
		}
		if tok == token.COMMENT {
			first := file.Line(pos)
			for i := range strings.Count(lit, "\n") + 1 {
				with[first+i] = true
			}
		}
	}
	for line := range bytes.Lines(data) {
		if len(bytes.TrimSpace(line)) > 0 {
			nonBlank++
		}
	}
	return len(with), nonBlank
}
