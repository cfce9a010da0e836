package main

import (
	"bufio"
	"bytes"
	_ "embed"
	"fmt"
	htmltemplate "html/template" // the package has a function of that name
	"math"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/go-cloze/cloze/corpus/labelled"
	"github.com/go-cloze/cloze/objectives/classify"
)

// explainFlags are the flags of "predict" about explanations.
type explainFlags struct {
	explain bool
	html    string
	steps   int
}

func (f *explainFlags) add(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&f.explain, "explain", false, "say what each token gave to the answer; on a terminal in colour")
	cmd.Flags().StringVar(&f.html, "explain-html", "", "write a page with the texts and what their tokens gave; refused if it exists")
	cmd.Flags().IntVar(&f.steps, "explain-steps", 50, "points at which gradients are taken; more make the sum more exact")
}

// check refuses what goes wrong before anything long begins.
func (f explainFlags) check(format string) error {
	switch {
	case f.explain && format == "csv":
		return usagef("--explain has no place in csv; leave --format out, or take --explain-html")
	case f.steps < 1 || f.steps > 10000:
		return usagef("--explain-steps is %d; give 1 to 10000", f.steps)
	case f.html != "":
		return refuseExisting(f.html)
	}
	return nil
}

// appendExplanation writes an explanation as a member of a JSON object. The texts stand there only where the model read others than were given.
func appendExplanation(line []byte, e classify.Explanation, card classify.Card, given []string) []byte {
	number := func(name string, x float64) {
		line = strconv.AppendFloat(append(line, `,"`+name+`":`...), x, 'g', 6, 64)
	}
	line = append(line, `,"explanation":{"of":"`+e.Of+`"`...)
	if card.Task != labelled.Regression {
		line = append(append(line, `,"label":`...), quote(card.Labels[e.Label])...)
	}
	number("output", e.Output)
	number("baseline", e.Baseline)
	number("sum", e.Sum())
	for i, text := range e.Texts {
		if i >= len(given) || text != given[i] {
			line = append(append(line, fmt.Sprintf(`,"read_%d":`, i)...), quote(text)...)
		}
	}
	if e.Unread > 0 {
		line = strconv.AppendInt(append(line, `,"unread":`...), int64(e.Unread), 10)
	}
	line = append(line, `,"tokens":[`...)
	for i, t := range e.Tokens {
		if i > 0 {
			line = append(line, ',')
		}
		line = append(append(line, `{"token":`...), quote(t.Token)...)
		if t.Text > 0 {
			line = strconv.AppendInt(append(line, `,"text":`...), int64(t.Text), 10)
		}
		line = fmt.Appendf(line, `,"start":%d,"end":%d`, t.Start, t.End)
		number("attribution", t.Value)
		line = append(line, '}')
	}
	return append(line, ']', '}')
}

// shadedPart is a stretch of a text with what it gave, from -1 to 1 of the most in the explanation; 0 for what is between tokens.
type shadedPart struct {
	Text  string
	Share float64
	Value float64
	Token bool
}

// shaded cuts the texts of an explanation at its tokens.
func shaded(e classify.Explanation) (texts [][]shadedPart) {
	most := 0.0
	for _, t := range e.Tokens {
		most = max(most, math.Abs(t.Value))
	}
	for i, text := range e.Texts {
		var parts []shadedPart
		at := 0
		for _, t := range e.Tokens {
			start := max(t.Start, at) // of several tokens for one character the first has it
			if t.Text != i || t.End <= start {
				continue
			}
			if start > at {
				parts = append(parts, shadedPart{Text: text[at:start]})
			}
			parts = append(parts, shadedPart{Text: text[start:t.End], Share: t.Value / max(most, math.SmallestNonzeroFloat64), Value: t.Value, Token: true})
			at = t.End
		}
		if at < len(text) {
			parts = append(parts, shadedPart{Text: text[at:]})
		}
		texts = append(texts, parts)
	}
	return texts
}

// rgb is the background of a share: green for what speaks for the label, red for what speaks against it, white for neither.
func (p shadedPart) rgb() (r, g, b int) {
	fade := func(to int) int { return 255 - int(math.Abs(p.Share)*float64(255-to)+0.5) }
	if p.Share < 0 {
		return fade(240), fade(90), fade(90)
	}
	return fade(70), fade(200), fade(110)
}

// explainHeadline is an explanation in a line.
func explainHeadline(e classify.Explanation, card classify.Card) string {
	name := "value"
	if card.Task != labelled.Regression {
		name = card.Labels[e.Label]
	}
	line := fmt.Sprintf("%s: %s %.4f, %.4f without its tokens, which gave %+.4f", name, e.Of, e.Output, e.Baseline, e.Sum())
	if e.Unread > 0 {
		line += fmt.Sprintf("; %d tokens at the end were not read", e.Unread)
	}
	return line
}

// writeColoured writes an explanation for a terminal. Control characters of a text are shown as marks: a text must not move the cursor.
func writeColoured(w *bufio.Writer, index int64, e classify.Explanation, card classify.Card) {
	fmt.Fprintf(w, "%d  %s\n", index, explainHeadline(e, card))
	for _, parts := range shaded(e) {
		w.WriteString("   ")
		for _, p := range parts {
			visible := string(bytes.Map(func(r rune) rune {
				if r < ' ' || r >= 0x7f && r < 0xa0 {
					return '·'
				}
				return r
			}, []byte(p.Text)))
			if p.Token {
				r, g, b := p.rgb()
				fmt.Fprintf(w, "\x1b[30;48;2;%d;%d;%dm%s%s", r, g, b, visible, colourOff)
			} else {
				w.WriteString(visible)
			}
		}
		w.WriteString("\n")
	}
}

//go:embed predict_explain.html
var explainPageText string

var explainPage = htmltemplate.Must(htmltemplate.New("explain").Parse(explainPageText))

// explainPageData is what the page shows.
type explainPageData struct {
	Model, Of string
	Steps     int
	Records   []explainedRecord
}

type explainedRecord struct {
	Index    int64
	Headline string
	Texts    [][]pagePart
}

// pagePart is a part of a text with its background, which was made here and of numbers alone.
type pagePart struct {
	shadedPart
	Style htmltemplate.CSS
}

func newExplainedRecord(index int64, e classify.Explanation, card classify.Card) explainedRecord {
	r := explainedRecord{Index: index, Headline: explainHeadline(e, card)}
	for _, parts := range shaded(e) {
		var page []pagePart
		for _, p := range parts {
			red, green, blue := p.rgb()
			page = append(page, pagePart{p, htmltemplate.CSS(fmt.Sprintf("background:rgb(%d,%d,%d)", red, green, blue))})
		}
		r.Texts = append(r.Texts, page)
	}
	return r
}

// write writes the page, whole or not at all.
func (d explainPageData) write(path string) error {
	var page bytes.Buffer
	if err := explainPage.Execute(&page, d); err != nil {
		return err
	}
	return writeNewFile(path, page.Bytes())
}
