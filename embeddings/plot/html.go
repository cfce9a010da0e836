package plot

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"math"
)

// Map is what is drawn.
type Map struct {
	Title string
	Note  string // a line on how it was made
	Words []string
	// Points are the words' places, [N,2], in any unit.
	Points []float64
	// Near are, for each word, words of the map that are near it by some measure,
	// and that measure; the page shows them. nil for none.
	Near [][]Near
	// Marked are the places in Words of those to highlight from the start.
	Marked []int
}

// Near is a neighbour of a word: its place in Map.Words, and how near.
type Near struct {
	Word  int
	Score float64
}

//go:embed page.html
var pageText string

var page = template.Must(template.New("page").Parse(pageText))

// pageData is what the script reads; its names are short since there are many.
type pageData struct {
	Words  []string       `json:"w"`
	Points []float64      `json:"p"` // x, y, x, y ...; each from 0 to 1
	Near   [][][2]float64 `json:"n,omitempty"`
	Marked []int          `json:"m,omitempty"`
}

func (m Map) check() error {
	if len(m.Words) == 0 || len(m.Points) != 2*len(m.Words) {
		return fmt.Errorf("a map of %d words and %d coordinates", len(m.Words), len(m.Points))
	}
	for i, x := range m.Points {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return fmt.Errorf("word %q lies at %v", m.Words[i/2], x)
		}
	}
	return nil
}

// HTML writes the page: words may be moved, enlarged and searched for. Words are
// data there, never markup.
func (m Map) HTML(w io.Writer) error {
	if err := m.check(); err != nil {
		return err
	}
	data := pageData{Words: m.Words, Points: m.unit(), Marked: m.Marked}
	for _, list := range m.Near {
		short := make([][2]float64, 0, len(list))
		for _, n := range list {
			short = append(short, [2]float64{float64(n.Word), math.Round(n.Score*1e4) / 1e4})
		}
		data.Near = append(data.Near, short)
	}
	text, err := json.Marshal(data) // escapes <, > and &, so that no word ends the script
	if err != nil {
		return err
	}
	return page.Execute(w, map[string]any{"Title": m.Title, "Note": m.Note, "Data": template.JS(text)})
}

// unit are the points in a square from 0 to 1, the same scale both ways, y up as
// in the pictures.
func (m Map) unit() []float64 {
	low, high := m.bounds()
	side := max(high[0]-low[0], high[1]-low[1])
	if side == 0 {
		side = 1
	}
	out := make([]float64, len(m.Points))
	for i, x := range m.Points {
		d := i % 2
		u := 0.5 + (x-(low[d]+high[d])/2)/side
		if d == 1 {
			u = 1 - u // a page's y runs down
		}
		out[i] = math.Round(u*1e5) / 1e5
	}
	return out
}

func (m Map) bounds() (low, high [2]float64) {
	low, high = [2]float64{math.Inf(1), math.Inf(1)}, [2]float64{math.Inf(-1), math.Inf(-1)}
	for i, x := range m.Points {
		low[i%2], high[i%2] = min(low[i%2], x), max(high[i%2], x)
	}
	return low, high
}
