package plot

import (
	"bytes"
	"encoding/xml"
	"image/png"
	"io"
	"math"
	"strings"
	"testing"

	"gonum.org/v1/plot/vg"
)

func sample() Map {
	return Map{Title: "a <b> map", Note: "made & drawn", Words: []string{"king", "</script><img src=x>", "queen\x00", "\xff"},
		Points: []float64{0, 0, 1, 0, 0, 2, -1, -1}, Near: [][]Near{{{1, 0.5}}, nil, nil, nil}, Marked: []int{1}}
}

// TestPageHoldsWordsAsData: no word is markup, and nothing comes from the network.
func TestPageHoldsWordsAsData(t *testing.T) {
	var b bytes.Buffer
	if err := sample().HTML(&b); err != nil {
		t.Fatal(err)
	}
	text := b.String()
	if strings.Count(text, "</script>") != 1 || strings.Contains(text, "<img") || strings.Contains(text, "<b>") {
		t.Error("a word or title became markup")
	}
	for _, bad := range []string{"http://", "https://", "src=", "@import", "url("} {
		if strings.Contains(strings.ReplaceAll(text, `src=x\u003e`, ""), bad) {
			t.Errorf("the page holds %s", bad)
		}
	}
	for _, want := range []string{`"king"`, `"p":[0.5,0.66667,0.83333,0.66667,0.5,0,0.16667,1]`, `"n":[[[1,0.5]],`, `"m":[1]`, "a &lt;b&gt; map", "made &amp; drawn"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
}

func TestPictures(t *testing.T) {
	var b bytes.Buffer
	if err := sample().Picture(&b, "x.PNG"); err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(&b)
	if err != nil || img.Bounds().Dx() < 1000 {
		t.Fatal(err)
	}
	b.Reset()
	if err := sample().Picture(&b, "x.svg"); err != nil {
		t.Fatal(err)
	}
	text := b.String()
	if !strings.Contains(text, ">king<") {
		t.Error("the SVG lacks a word")
	}
	for d := xml.NewDecoder(&b); ; {
		if _, err := d.Token(); err == io.EOF {
			break
		} else if err != nil {
			t.Fatalf("the SVG is not well formed: %v", err)
		}
	}
	if err := sample().Picture(&b, "x.gif"); err == nil {
		t.Error("a GIF is drawn")
	}
}

func TestBadMaps(t *testing.T) {
	for _, m := range []Map{{}, {Words: []string{"a"}, Points: []float64{1}}, {Words: []string{"a"}, Points: []float64{1, math.NaN()}}} {
		if m.HTML(io.Discard) == nil || m.Picture(io.Discard, "x.png") == nil {
			t.Errorf("%v is drawn", m)
		}
	}
	if err := (Map{Words: []string{"a", "b"}, Points: []float64{1, 1, 1, 1}}).HTML(io.Discard); err != nil {
		t.Error("two words at one place:", err)
	}
}

func TestLabelsKeepApart(t *testing.T) {
	var b boxes
	r := func(x, y, w float64) bool { return b.add(rectangle(x, y, w)) }
	if !r(0, 0, 50) || r(40, 3, 50) || !r(60, 3, 50) || !r(0, 12, 50) || r(10, -5, 5) {
		t.Error("overlapping labels are taken, or free ones refused")
	}
}

func rectangle(x, y, w float64) vg.Rectangle {
	return vg.Rectangle{Min: vg.Point{X: vg.Length(x), Y: vg.Length(y)}, Max: vg.Point{X: vg.Length(x + w), Y: vg.Length(y + 10)}}
}
