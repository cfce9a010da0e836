package corpus

import (
	"strings"
	"testing"
	"time"
)

// commentCases are sources whose traps, marked "no", lie in code.
var commentCases = []struct{ name, source, want string }{
	{"a.go", `//go:build linux
// +build linux

// Package a is documented
//	with code
// over lines.
package a

import "fmt" // trailing one
              // goes on here
/*
Block of Go:
	code
end */
var s = "// no \" // no" + ` + "`// no /* no`" + ` + '"' // after strings
/* one line */ var q = '\'' // after rune
//export no
var t = a / b // half
// -----
`, "Package a is documented\n\twith code\nover lines.\n\ntrailing one\ngoes on here\n\nBlock of Go:\n\tcode\nend\n\nafter strings\n\none line\n\nafter rune\n\nhalf\n"},
	{"a.cpp", `#include <a> // why
/**
 * Doxygen
 *   indented
 */
int x = 1'000'000; char c = '\''; // n
const char* r = R"x(// no )" /* no */ )x"; // raw
const char* u = u8R"(// no)"; // u8
#error don't stop // seen? no: the quote ends with the line
/// triple \
continued
int y; //! bang
/* a // b */ int z; /* open at the end
  of file`, "why\n\nDoxygen\n  indented\n\nn\n\nraw\n\nu8\n\ntriple\ncontinued\n\nbang\n\na // b\n\nopen at the end\nof file\n"},
	{"A.java", "/** Doc. */ class A { String s = \"\"\"\n // no \" /* no */\n \"\"\"; char c = '\"'; // yes\n}", "Doc.\n\nyes\n"},
	{"a.ts", "let r = /[/'\"]\\/\\/no/g; // one\nlet d = a / b / c; // two\nlet t = `// no ${ f(`// no`, \"}\", {a: 1}) } // no`; // three\nreturn /\"/ // four\n(x) / 2 // five\n", "one\n\ntwo\n\nthree\n\nfour\n\nfive\n"},
	{"a.rs", "//! crate\nfn f<'a>(x: &'a str) -> char { 'x'; '\\''; '\"' } // one\n/* a /* nested */ b */\nlet s = r#\"// no \"quoted\" \"#; // two\nlet m = \"over\n// no\nlines\"; // three\nlet b = br\"// no\"; // four\n", "crate\n\none\n\na /* nested */ b\n\ntwo\n\nthree\n\nfour\n"},
	{"a.py", `#!/usr/bin/env python
# -*- coding: utf-8 -*-
"""Module doc.

    indented
"""
import x  # trailing
def f(a="# no", b='# no'):
    r'''Doc of f:
        deeper
    back.'''
    s = """# no
    no"""
    call("""no""",
         """no""")
    t = \
        """no"""
    "no"  # short strings are none
    # last
`, "Module doc.\n\nindented\n\ntrailing\n\nDoc of f:\n    deeper\nback.\n\nshort strings are none\nlast\n"},
	{"a.sh", "#!/bin/sh\n# one\necho \"# no\" '# no' $# ${x#y} a#b \\# no # two\ncat <<EOF # three\n# no '\nEOF\ncat <<-'E O'\n\tx\n\tE O\nx=$((1<<2)) # four\necho 'it'\\''s # no' # five\necho \"over\n# no\nlines\" # six\n", "one\n\ntwo\n\nthree\n\nfour\n\nfive\n\nsix\n"},
	{"Makefile", "# one\nx = a\\#b # two\nall: ## help\n\t@echo '# no' \"# no\" # three\n\t@echo don't\n# four \\\n  goes on\n", "one\n\ntwo\n\nhelp\n\nthree\n\nfour\ngoes on\n"},
}

func TestCommentsOfEachLanguage(t *testing.T) {
	for _, c := range commentCases {
		got, _, err := readString(t, Options{}, c.name, c.source)
		wantTexts(t, got, err, c.want)
		crlf, _, err := readString(t, Options{}, c.name+".gz", zipped(strings.ReplaceAll(c.source, "\n", "\r\n")))
		wantTexts(t, crlf, err, c.want)
	}
}

func TestCommentUnits(t *testing.T) {
	source := "// a\n// b\n\n// c\nvar x int /* d\n\n e */\n"
	got, _, err := readString(t, Options{Unit: UnitParagraph}, "a.go", source)
	wantTexts(t, got, err, "a\nb", "c", "d\n\ne")
	got, _, err = readString(t, Options{Unit: UnitLine}, "a.go", source)
	wantTexts(t, got, err, "a", "b", "c", "d", "e")
	_, r, err := readString(t, Options{}, "a.go", "package a\n//\n/* */\n")
	wantTexts(t, nil, err)
	wantCounts(t, r, map[Reason]int64{NoComments: 1})
	_, _, err = readString(t, Options{Format: FormatSource}, "a.xyz", "// a")
	wantError(t, err, 0, "language")
}

// TestLexerIsLinear gives sources made to be searched to the end again and again.
func TestLexerIsLinear(t *testing.T) {
	for name, unit := range map[string]string{"a.rs": `"\"`, "a.go": "`\n", "a.js": "`${", "a.py": "'''\"\"\"\\", "a.sh": "<<A'\\\n", "a.cpp": `R"x(`, "b.rs": `r#"`, "a.md": "[*_`a ``b <x &a (![](", "b.md": "<!--\n"} {
		n := 1 << 20 / len(unit)
		if strings.HasPrefix(unit, `R"`) || strings.HasPrefix(unit, `r#`) {
			n /= 16 // raw strings are searched for their own end each
		}
		start := time.Now()
		if _, _, err := readString(t, Options{}, name, strings.Repeat(unit, n)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if elapsed := time.Since(start); elapsed > 2*time.Second {
			t.Errorf("%s: %v for 1 MiB of %q", name, elapsed, unit)
		}
	}
}

const markdownSource = `---
title: no
---
<!-- no
no --> kept

# Head *one* #

A line with **bold**, _it_, ~~gone~~, snake_case_name, 2 * 3 * 4, ` + "`*code* & <b>`" + `,
a [link](http://no "no"), [ref][no], [not a ref], ![alt *text*](no.png) and <https://kept.org>.
Escapes \*kept\*, &amp; &lt;b&gt; &nosuch; vector<int>, <b>tag</b><br/>, <!-- no --> end.

Setext
------

> quoted
> lines

* * *

- item one
- item two

    belongs to item

1. first

text

    code *kept*

    # kept

` + "```go\n// *kept*\n\nx := \"[a](b)\"\n```\n\n  ~~~\n  in fence\n  ~~~" + `
[no]: http://no

| a | b |
|---|:-:|
| c | d |
`

const markdownText = `kept

Head one

A line with bold, it, gone, snake_case_name, 2 * 3 * 4, *code* & <b>,
a link, ref, [not a ref], alt text and https://kept.org.
Escapes *kept*, & <b> &nosuch; vector<int>, tag,  end.

Setext

quoted
lines

- item one
- item two

    belongs to item

1. first

text

    code *kept*

    # kept

// *kept*

x := "[a](b)"

in fence

a | b
c | d
`

func TestMarkdownGivesWhatAReaderReads(t *testing.T) {
	content, want := markdownSource, markdownText
	got, _, err := readString(t, Options{}, "a.md", content)
	if err != nil || len(got) != 1 || got[0] != want {
		t.Fatalf("error %v, got:\n%s", err, strings.Join(got, "@@@"))
	}
	got, _, err = readString(t, Options{}, "a.md", strings.ReplaceAll(content, "\n", "\r\n"))
	wantTexts(t, got, err, want)
	got, _, err = readString(t, Options{Unit: UnitParagraph}, "a.md", "# A\ntext\n```\na\n\nb\n```\n")
	wantTexts(t, got, err, "A", "text", "a\n\nb")
	got, _, err = readString(t, Options{}, "a.md", "---\nnever closed\n")
	wantTexts(t, got, err, "never closed\n")
}
