// Package corpus reads text for training as a stream of documents, from files of any size in the memory of one document.
//
//	paths ─► list ─► stream ─► scanner ─► format ─► Document
//	files    what    gzip,     a window   txt jsonl   text, place,
//	folders  is read zstd off  on bytes   csv tsv     id, fields
//	globs, -                              md source
//
// # What is read
//
// A file named by the user is read whatever its ending. A folder is read with all folders below it: files of a known
// ending (.txt .text .jsonl .ndjson .csv .tsv .md .markdown .parquet, those of source files, each also with .gz, .zst or .zstd), or
// those that Options.Include names. Files come in the order of the paths given, within a folder sorted by path. Names that
// start with a dot are passed over, so are links to folders and special files; links to files are followed. A file named
// twice is read once. A path with *, ? or [ that does not exist as it stands is a pattern of path/filepath. "-" is standard
// input. Source.Files lists it all before anything is read.
//
// Compression is told by content: gzip with all its members, zstd with all its frames. So is what is no text: images,
// archives, PDF, UTF-16 and whatever holds a NUL byte or many control characters in its first 8,000 bytes, or is
// in another encoding than UTF-8 for the most part, is refused with one line that says what it is and what to do. (Of what
// comes through a pipe only the first line, or what came with it, is looked at before documents are given out.)
//
// # What is a document
//
//   - txt: a line (Unit line, the default), the lines between blank lines (paragraph), or the file.
//   - jsonl: the field "text" or Options.TextField of an object a line, checked strictly by RFC 8259. Fields that were not
//     asked for may hold anything. Of a field that comes twice the last counts. A .json file that is named is read so too.
//   - csv, tsv: the column of that name in the first row. Quotes are those of RFC 4180 and count only at the start of a
//     cell; Options.NoQuote makes them letters. A row with more cells than columns is broken, as its text may be cut.
//   - parquet: the column of that name, which must hold one text a row; only the columns asked for are read. The file must
//     lie on a disk, uncompressed outside.
//   - md: what a reader of the rendered page reads; see below. The file, or a block, or a line.
//   - source: the comments of Go, C, C++, Java, JavaScript, TypeScript, Rust, Python, shell and make files. All comments of
//     a file are one document by default, a blank line between comment blocks: neighbouring comments speak of one subject,
//     and a model learns from the longer text. Unit paragraph gives a document a block, Unit line one a line.
//
// A line ends with LF or CRLF; nothing else ends one, but for a lone CR with Options.BareCR. The ends are no part of a
// line's text and are LF inside longer documents. A byte order mark is taken off. Blank lines and texts are not documents.
//
// Comments lose their markers, a column of stars, common indentation, rulers (-----) and directives (//go:build, #!,
// -*-); line comments that follow each other are one block. Python's triple-quoted strings count where they are a statement
// of their own. A lexer for each language knows strings, raw strings, here-documents and regular expressions, so that
// nothing inside them is taken for a comment.
//
// Markdown loses front matter, HTML tags and comments, link targets, and the marks of headings, emphasis, quotations,
// tables and code fences. Code itself stays byte for byte, lists keep their marks.
//
// # What can be wrong
//
// The Policy decides. Damage (a record that does not parse, a cut stream, a binary file, a record over
// Options.MaxDocumentBytes) ends the reading by default, Lenient skips and counts it. A cut record never becomes a document.
// What is untidy is counted and passed by default, and ends the reading under Strict: records without text, bytes that are
// not UTF-8 (replaced by U+FFFD), halves of surrogate pairs, NUL bytes late in a text, compressed files named as if they
// were not. Nothing is dropped or changed without a counter in the Report.
//
// An *Error is one line with file, record, byte, cause and remedy.
package corpus
