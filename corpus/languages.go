package corpus

import (
	"path/filepath"
	"strings"
)

// language says how a programming language writes comments and, so that none is seen inside them, strings.
type language struct {
	line      string // starts a comment up to the end of the line
	block     bool   // /* */ comments
	nested    bool   // which may hold another
	wordStart bool   // line comments start at the beginning of a word only (shell)
	chars     bool   // '…' holds a character or a short string that ends with the line
	charLong  bool   // '…' may span lines and has no escapes (shell)
	longText  bool   // "…" may span lines
	raw       rawKind
	tripled   bool // '''…''' and """…"""
	docString bool // a tripled string that is a statement of its own is a comment (Python)
	joined    bool // a backslash at the end of a line comment joins the next line (C, make)
	regexps   bool // /…/ may be a literal (JavaScript)
	heredoc   bool // <<WORD starts text up to a line WORD (shell)
}

// rawKind is the sort of raw string a language has.
type rawKind byte

const (
	rawNone      rawKind = iota
	rawBacktick          // `…`, no escapes (Go)
	rawTemplate          // `…` with escapes and ${ } (JavaScript)
	rawDelimited         // R"x(…)x" (C++)
	rawHashes            // r#"…"# (Rust)
)

var (
	langGo     = &language{line: "//", block: true, chars: true, raw: rawBacktick}
	langC      = &language{line: "//", block: true, chars: true, joined: true, raw: rawDelimited}
	langJava   = &language{line: "//", block: true, chars: true, tripled: true}
	langJS     = &language{line: "//", block: true, chars: true, raw: rawTemplate, regexps: true}
	langRust   = &language{line: "//", block: true, nested: true, chars: true, longText: true, raw: rawHashes}
	langPython = &language{line: "#", chars: true, tripled: true, docString: true}
	langShell  = &language{line: "#", wordStart: true, charLong: true, longText: true, heredoc: true}
	langMake   = &language{line: "#", wordStart: true, chars: true, joined: true}
)

// languages are told by the ending.
var languages = map[string]*language{
	".go": langGo,
	".c":  langC, ".h": langC, ".cc": langC, ".cpp": langC, ".cxx": langC, ".hh": langC, ".hpp": langC, ".hxx": langC, ".cu": langC, ".cuh": langC,
	".java": langJava,
	".js":   langJS, ".mjs": langJS, ".cjs": langJS, ".jsx": langJS, ".ts": langJS, ".tsx": langJS,
	".rs": langRust,
	".py": langPython, ".pyi": langPython,
	".sh": langShell, ".bash": langShell, ".zsh": langShell,
	".mk": langMake,
}

// languageOf tells the language by the file's name, nil when it is none of ours.
func languageOf(path string) *language {
	bare, _ := bareName(filepath.Base(path))
	switch bare {
	case "Makefile", "makefile", "GNUmakefile":
		return langMake
	}
	return languages[strings.ToLower(filepath.Ext(bare))]
}
