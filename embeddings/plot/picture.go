package plot

import (
	"fmt"
	"image/color"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// The size of a picture and of what is written in it.
const (
	pictureWidth  = 16 * vg.Inch
	pictureHeight = 12 * vg.Inch
	labelSize     = 9 // points
	dotRadius     = 1.6
)

var (
	dotColor  = color.RGBA{R: 0x4c, G: 0x78, B: 0xa8, A: 0xff}
	markColor = color.RGBA{R: 0xd6, G: 0x27, B: 0x28, A: 0xff}
	textColor = color.RGBA{R: 0x22, G: 0x22, B: 0x22, A: 0xff}
)

// Picture writes a PNG or SVG, whichever name ends in. Words are written beside
// their points, the first ones first; one that would lie over another is left
// out, its point is not. The font has Latin, Greek and Cyrillic letters.
func (m Map) Picture(w io.Writer, name string) error {
	if err := m.check(); err != nil {
		return err
	}
	kind := strings.TrimPrefix(strings.ToLower(filepath.Ext(name)), ".")
	if kind != "png" && kind != "svg" {
		return fmt.Errorf("%s: a picture is .png or .svg", name)
	}
	p := plot.New()
	p.Title.Text = m.Title
	p.Title.TextStyle.Font = font.Font{Typeface: "Liberation", Variant: "Sans", Size: 14}
	p.Title.Padding = 6
	p.HideAxes()
	p.Add(cloud{m})
	out, err := p.WriterTo(pictureWidth, pictureHeight, kind)
	if err != nil {
		return err
	}
	_, err = out.WriteTo(w)
	return err
}

// cloud draws points and words; it is a plot.Plotter.
type cloud struct{ Map }

func (c cloud) DataRange() (xmin, xmax, ymin, ymax float64) {
	low, high := c.bounds()
	// Room for words at the right end.
	return low[0], high[0] + 0.04*(high[0]-low[0]), low[1], high[1]
}

func (c cloud) Plot(canvas draw.Canvas, p *plot.Plot) {
	toX, toY := p.Transforms(&canvas)
	at := func(i int) vg.Point { return vg.Point{X: toX(c.Points[2*i]), Y: toY(c.Points[2*i+1])} }
	style := draw.TextStyle{Color: textColor, Font: font.Font{Typeface: "Liberation", Variant: "Sans", Size: labelSize},
		YAlign: draw.YCenter, Handler: plot.DefaultTextHandler}
	marked := map[int]bool{}
	order := slices.Clone(c.Marked)
	for _, i := range c.Marked {
		marked[i] = true
	}
	for i := range c.Words {
		glyph := draw.GlyphStyle{Color: dotColor, Radius: dotRadius, Shape: draw.CircleGlyph{}}
		if marked[i] {
			glyph.Color, glyph.Radius = markColor, 2*dotRadius
		} else {
			order = append(order, i)
		}
		canvas.DrawGlyph(glyph, at(i))
	}
	var taken boxes
	for _, i := range order {
		word := printable(c.Words[i])
		place := at(i)
		place.X += 3 * dotRadius
		box := vg.Rectangle{Min: vg.Point{X: place.X, Y: place.Y - labelSize*0.5}, Max: vg.Point{X: place.X + style.Width(word), Y: place.Y + labelSize*0.55}}
		if !taken.add(box) {
			continue
		}
		style.Color = textColor
		if marked[i] {
			style.Color = markColor
		}
		canvas.FillText(style, place, word)
	}
}

// printable keeps a label one short line.
func printable(word string) string {
	word = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return '·'
		}
		return r
	}, strings.ToValidUTF8(word, "·"))
	if runes := []rune(word); len(runes) > 30 {
		word = string(runes[:29]) + "…"
	}
	return word
}

// boxes are places that are taken, sorted into rows as high as a label, so that
// few of them are compared.
type boxes struct{ rows map[int][]vg.Rectangle }

// add takes the place, unless another has some of it.
func (b *boxes) add(r vg.Rectangle) bool {
	if b.rows == nil {
		b.rows = map[int][]vg.Rectangle{}
	}
	from, to := int(r.Min.Y/labelSize)-1, int(r.Max.Y/labelSize)+1
	for row := from; row <= to; row++ {
		for _, o := range b.rows[row] {
			if r.Min.X < o.Max.X && o.Min.X < r.Max.X && r.Min.Y < o.Max.Y && o.Min.Y < r.Max.Y {
				return false
			}
		}
	}
	row := int(r.Min.Y / labelSize)
	b.rows[row] = append(b.rows[row], r)
	return true
}
