package classify

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/go-cloze/cloze/objectives/metrics"
)

//go:embed page.html
var pageText string

var page = template.Must(template.New("page").Parse(pageText))

// Page is what a page shows beside the report.
type Page struct {
	Title      string
	Functional []Slice
	Groups     []Slice
	Bias       *BiasReport
	Robust     []Robustness
}

// What the template draws. Plots have their origin at 40,240 and are 240 by 220 points large.
type (
	pageData struct {
		Page
		Report *Report
		Matrix []matrixRow
		Curves []curve
		Plots  []plot
		Slices []sliceTable
	}
	matrixRow struct {
		Label string
		Cells []cell
	}
	cell struct {
		Count int64
		Share string // of its gold label, the depth of the colour
	}
	curve struct{ Label, Color string }
	plot  struct {
		Title, X, Y string
		Low, High   string // at the ends of both axes; 0 and 1 where empty
		Diagonal    bool
		Lines       []line
		Bars        []bar
		Dots        []dot
	}
	line       struct{ Points, Color string }
	bar        struct{ X, Y, W, H float64 }
	dot        struct{ X, Y float64 }
	sliceTable struct {
		Name string
		Rows []Slice
	}
)

// colors tell labels apart; with more labels than colours the most frequent are drawn.
var colors = []string{"#4c78a8", "#e45756", "#54a24b", "#b279a2", "#f58518", "#439894", "#9d755d", "#79706e"}

// HTML writes the report as one page with plots that needs nothing from the network. No text of a record is in it; labels, groups and
// functionalities are data there, never markup.
func (r *Report) HTML(w io.Writer, p Page) error {
	data := pageData{Page: p, Report: r}
	if r.Values != nil {
		data.Plots = []plot{r.scatter()}
		return page.Execute(w, data)
	}
	if len(r.Confusion) > 0 && len(r.Confusion) <= 40 {
		for g, row := range r.Confusion {
			m := matrixRow{Label: r.Labels[g].Label}
			for _, n := range row {
				m.Cells = append(m.Cells, cell{n, fmt.Sprintf("%.3f", 0.85*float64(n)/math.Max(float64(r.Labels[g].Support), 1))})
			}
			data.Matrix = append(data.Matrix, m)
		}
	}
	data.Curves, data.Plots = r.curves()
	if len(r.Bins) > 0 {
		data.Plots = append(data.Plots, reliability(r.Bins))
	}
	for _, t := range []sliceTable{{"functionality", p.Functional}, {"group", p.Groups}} {
		if len(t.Rows) > 0 {
			data.Slices = append(data.Slices, t)
		}
	}
	return page.Execute(w, data)
}

// curves draws ROC and precision-recall of each label.
func (r *Report) curves() ([]curve, []plot) {
	order := make([]int, len(r.Labels))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return int(r.Labels[b].Support - r.Labels[a].Support) })
	order = order[:min(len(order), len(colors))]
	slices.Sort(order)
	roc := plot{Title: "ROC", X: "false positive rate", Y: "true positive rate", Diagonal: true}
	pr := plot{Title: "Precision and recall", X: "recall", Y: "precision"}
	var keys []curve
	has, scores := make([]bool, len(r.Answers)), make([]float64, len(r.Answers))
	for i, l := range order {
		if r.Labels[l].Support == 0 {
			continue
		}
		keys = append(keys, curve{r.Labels[l].Label, colors[i]})
		for k, a := range r.Answers {
			has[k], scores[k] = slices.Contains(a.Gold, l), a.Probabilities[l]
		}
		points := metrics.Curve(has, scores)
		if r.Labels[l].Support < int64(r.Records) {
			roc.Lines = append(roc.Lines, line{polyline(points, func(c metrics.Counts) (x, y float64) {
				return float64(c.FalsePositive) / float64(c.FalsePositive+c.TrueNegative), c.Scores().Recall
			}), colors[i]})
		}
		pr.Lines = append(pr.Lines, line{polyline(points[1:], func(c metrics.Counts) (x, y float64) { return c.Scores().Recall, c.Scores().Precision }), colors[i]})
	}
	return keys, []plot{roc, pr}
}

// polyline places points; neighbours less than half a point apart are one.
func polyline(points []metrics.CurvePoint, place func(metrics.Counts) (x, y float64)) string {
	var b strings.Builder
	lastX, lastY := math.Inf(1), math.Inf(1)
	for i, p := range points {
		x, y := place(p.Counts)
		x, y = 40+240*x, 240-220*y
		if i < len(points)-1 && math.Abs(x-lastX)+math.Abs(y-lastY) < 0.5 {
			continue
		}
		fmt.Fprintf(&b, "%.1f,%.1f ", x, y)
		lastX, lastY = x, y
	}
	return b.String()
}

// reliability draws the accuracy at each confidence; on the diagonal the two are the same.
func reliability(bins []CalibrationBin) plot {
	p := plot{Title: "Calibration", X: "confidence", Y: "accuracy", Diagonal: true}
	for _, b := range bins {
		if b.Count > 0 {
			h := 220 * float64(b.Accuracy)
			p.Bars = append(p.Bars, bar{40 + 240*float64(b.Low) + 1, 240 - h, 240*float64(b.High-b.Low) - 2, h})
		}
	}
	return p
}
