package classify

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/go-cloze/cloze/corpus"
	"github.com/go-cloze/cloze/corpus/labelled"
	"github.com/go-cloze/cloze/objectives/metrics"
)

// Number is a measure; undefined (NaN) is null in JSON and n/a in a table.
type Number float64

// MarshalJSON writes null for what JSON has no number for.
func (n Number) MarshalJSON() ([]byte, error) {
	if math.IsNaN(float64(n)) || math.IsInf(float64(n), 0) {
		return []byte("null"), nil
	}
	return strconv.AppendFloat(nil, float64(n), 'g', -1, 64), nil
}

// String is the number with four places.
func (n Number) String() string {
	if math.IsNaN(float64(n)) {
		return "n/a"
	}
	return strconv.FormatFloat(float64(n), 'f', 4, 64)
}

// Measure is a number with the interval that holds it in 95 % of samples like this set.
type Measure struct {
	Value Number `json:"value"`
	Low   Number `json:"low"`
	High  Number `json:"high"`
}

// LabelReport is one label's measures.
type LabelReport struct {
	Label     string  `json:"label"`
	Support   int64   `json:"support"`
	Predicted int64   `json:"predicted"`
	Precision Number  `json:"precision"`
	Recall    Number  `json:"recall"`
	F1        Measure `json:"f1"`
	AUROC     Number  `json:"auroc"`
	AUPRC     Number  `json:"auprc"`
}

// Average is precision, recall and F1 over labels.
type Average struct {
	Precision Number `json:"precision"`
	Recall    Number `json:"recall"`
	F1        Number `json:"f1"`
}

// Report is what Evaluate finds: Classes of a classifier of labels, Values of a regression. The other is nil.
type Report struct {
	Task     labelled.Task `json:"task"`
	Records  int           `json:"records"`
	Empty    int           `json:"empty"` // records in which the model knew nothing
	Repeated int           `json:"seen_in_training"`
	*Classes
	*Values
	Warnings []string `json:"warnings"`
	Answers  []Answer `json:"-"` // of all records, in order
}

// Classes are the measures of labels.
type Classes struct {
	Labels   []LabelReport `json:"labels"`
	Accuracy Measure       `json:"accuracy"` // of the task multi: all labels of a record right
	MacroF1  Measure       `json:"macro_f1"`
	Macro    Average       `json:"macro"`
	Micro    Average       `json:"micro"`
	Weighted Average       `json:"weighted"`
	MCC      Measure       `json:"mcc"`         // of the task single
	Hamming  Number        `json:"hamming"`     // of the task multi
	AUROC    Number        `json:"macro_auroc"` // each label against the rest
	AUPRC    Number        `json:"macro_auprc"`
	LogLoss  Number        `json:"log_loss"` // of the task single, nats
	Brier    Number        `json:"brier"`
	ECE      Number        `json:"ece"`
	// Confusion [L,L] counts records by gold and predicted label, of the task single.
	Confusion [][]int64        `json:"confusion,omitempty"`
	Bins      []CalibrationBin `json:"calibration,omitempty"`
	// New is the macro-F1 without the records that stood in the training data too.
	New *Number `json:"macro_f1_unseen,omitempty"`
}

// CalibrationBin is metrics.CalibrationBin for JSON.
type CalibrationBin struct {
	Low        Number `json:"low"`
	High       Number `json:"high"`
	Count      int64  `json:"count"`
	Confidence Number `json:"confidence"`
	Accuracy   Number `json:"accuracy"`
}

// Answer is what became of a record.
type Answer struct {
	Source        corpus.Position
	Gold, Given   []int
	Probabilities []float64 // [L] of the set's labels; of a regression the one value given
	Value         float64   // gold, of a regression
	Loss          float64   // nats; of a regression the squared error
	Seen          bool      // the text was trained on
}

// Right says whether the labels given are the gold ones.
func (a Answer) Right() bool { return slices.Equal(a.Gold, a.Given) }

// EvalOptions say how Evaluate judges.
type EvalOptions struct {
	Map    LabelMap // from the model's labels to the set's; zero: they are the same
	Rounds int      // of the bootstrap; 0 gives no intervals
	Seed   uint64
	Bins   int // of the calibration; 0 is 10
}

// Evaluate asks a classifier about all records of a set and judges the answers.
func Evaluate(ctx context.Context, c *Classifier, s *labelled.Set, o EvalOptions) (*Report, error) {
	if s.Task != c.Card.Task {
		return nil, fmt.Errorf("a set of the task %s and a classifier of the task %s", s.Task, c.Card.Task)
	}
	if o.Bins == 0 {
		o.Bins = 10
	}
	ids, err := o.Map.ids(c.Card.Labels, s.Labels)
	if err != nil {
		return nil, err
	}
	r := &Report{Task: s.Task, Records: len(s.Records), Warnings: []string{}}
	if err := r.answer(ctx, c, s, ids); err != nil {
		return nil, err
	}
	if s.Task == labelled.Regression {
		return r, r.judgeValues(o)
	}
	r.Classes = &Classes{MCC: undefined(), Hamming: nan, LogLoss: nan, Brier: nan, ECE: nan}
	counts := r.count(s, nil)
	r.judge(s, counts)
	if s.Task == labelled.Single {
		r.judgeSingle(s, o.Bins)
	} else {
		r.judgeMulti(s)
	}
	r.intervals(s, o)
	r.warn(s)
	return r, nil
}

var nan = Number(math.NaN())

func undefined() Measure { return Measure{nan, nan, nan} }

// answer asks for all records and translates what the model says into the set's labels.
func (r *Report) answer(ctx context.Context, c *Classifier, s *labelled.Set, ids []int) error {
	return c.askAll(ctx, s, func(rec labelled.Record, p Prediction) {
		a := Answer{Source: rec.Source, Gold: rec.Labels, Value: rec.Value, Probabilities: joined(s, ids, p.Probabilities)}
		for _, l := range p.Labels {
			a.Given = append(a.Given, ids[l])
		}
		slices.Sort(a.Given)
		a.Given = slices.Compact(a.Given)
		if p.Empty {
			r.Empty++
		}
		if h, ok := rec.Hash(); ok {
			if _, a.Seen = slices.BinarySearch(c.seen, h); a.Seen {
				r.Repeated++
			}
		}
		a.Loss = loss(s.Task, a)
		r.Answers = append(r.Answers, a)
	})
}

// joined are a model's probabilities for the set's labels, of which ids says which each of the model's is.
func joined(s *labelled.Set, ids []int, p []float64) []float64 {
	if s.Task == labelled.Regression {
		return p
	}
	out := make([]float64, len(s.Labels))
	for l, x := range p {
		if s.Task == labelled.Single {
			out[ids[l]] += x
		} else {
			out[ids[l]] = max(out[ids[l]], x)
		}
	}
	return out
}

// loss is the surprise at a record's labels.
func loss(task labelled.Task, a Answer) float64 {
	if task == labelled.Regression {
		return (a.Probabilities[0] - a.Value) * (a.Probabilities[0] - a.Value)
	}
	surprise := func(p float64) float64 { return -math.Log(min(max(p, 0x1p-52), 1)) }
	if task == labelled.Single {
		return surprise(a.Probabilities[a.Gold[0]])
	}
	sum := 0.0
	for l, p := range a.Probabilities {
		if !slices.Contains(a.Gold, l) {
			p = 1 - p
		}
		sum += surprise(p)
	}
	return sum
}

// tally is the counts of one sample of the records.
type tally struct {
	labels    []metrics.Counts
	confusion *metrics.Confusion
	multi     *metrics.MultiLabel
}

// count counts the answers numbered in sample, all with nil.
func (r *Report) count(s *labelled.Set, sample []int) tally {
	if sample == nil {
		sample = make([]int, len(r.Answers))
		for i := range sample {
			sample[i] = i
		}
	}
	if s.Task == labelled.Single {
		m := metrics.NewConfusion(len(s.Labels))
		for _, i := range sample {
			m.Add(r.Answers[i].Gold[0], r.Answers[i].Given[0])
		}
		return tally{labels: m.Labels(), confusion: m}
	}
	m := metrics.NewMultiLabel(len(s.Labels))
	gold, given := make([]bool, len(s.Labels)), make([]bool, len(s.Labels))
	for _, i := range sample {
		clear(gold)
		clear(given)
		for _, l := range r.Answers[i].Gold {
			gold[l] = true
		}
		for _, l := range r.Answers[i].Given {
			given[l] = true
		}
		m.Add(gold, given)
	}
	return tally{labels: m.Labels(), multi: m}
}

// values are the measures that get an interval: accuracy, macro-F1, MCC, then F1 of each label.
func (t tally) values() []float64 {
	v := []float64{0, metrics.Macro(t.labels).F1, math.NaN()}
	if t.confusion != nil {
		v[0], v[2] = t.confusion.Accuracy(), t.confusion.MCC()
	} else {
		v[0] = t.multi.SubsetAccuracy()
	}
	for _, l := range t.labels {
		v = append(v, l.Scores().F1)
	}
	return v
}

// judge fills in what both tasks have.
func (r *Report) judge(s *labelled.Set, t tally) {
	average := func(s metrics.Scores) Average { return Average{Number(s.Precision), Number(s.Recall), Number(s.F1)} }
	r.Macro, r.Micro, r.Weighted = average(metrics.Macro(t.labels)), average(metrics.Micro(t.labels)), average(metrics.Weighted(t.labels))
	auroc, auprc := make([]float64, len(s.Labels)), make([]float64, len(s.Labels))
	has, scores := make([]bool, len(r.Answers)), make([]float64, len(r.Answers))
	for l, counts := range t.labels {
		for i, a := range r.Answers {
			has[i], scores[i] = slices.Contains(a.Gold, l), a.Probabilities[l]
		}
		auroc[l], auprc[l] = metrics.AUROC(has, scores), metrics.AveragePrecision(has, scores)
		sc := counts.Scores()
		r.Labels = append(r.Labels, LabelReport{Label: s.Labels[l], Support: counts.Support(), Predicted: counts.Predicted(), Precision: Number(sc.Precision),
			Recall: Number(sc.Recall), F1: Measure{Number(sc.F1), nan, nan}, AUROC: Number(auroc[l]), AUPRC: Number(auprc[l])})
	}
	r.AUROC, r.AUPRC = Number(metrics.MeanDefined(auroc)), Number(metrics.MeanDefined(auprc))
	v := t.values()
	r.Accuracy, r.MacroF1, r.MCC = Measure{Number(v[0]), nan, nan}, Measure{Number(v[1]), nan, nan}, Measure{Number(v[2]), nan, nan}
}

func (r *Report) judgeSingle(s *labelled.Set, bins int) {
	t := r.count(s, nil)
	for g := range s.Labels {
		row := make([]int64, len(s.Labels))
		for p := range row {
			row[p] = t.confusion.At(g, p)
		}
		r.Confusion = append(r.Confusion, row)
	}
	present := 0
	for _, l := range t.labels {
		if l.Support() > 0 {
			present++
		}
	}
	if present < 2 { // nothing to correlate with
		r.MCC = undefined()
	}
	var gold []int
	var p, confidence []float64
	var right []bool
	for _, a := range r.Answers {
		gold, p = append(gold, a.Gold[0]), append(p, a.Probabilities...)
		confidence, right = append(confidence, a.Probabilities[a.Given[0]]), append(right, a.Right())
	}
	r.LogLoss, r.Brier = Number(metrics.LogLoss(gold, p, len(s.Labels))), Number(metrics.Brier(gold, p, len(s.Labels)))
	calibration := metrics.Calibration(confidence, right, bins)
	r.ECE = Number(metrics.ECE(calibration))
	for _, b := range calibration {
		r.Bins = append(r.Bins, CalibrationBin{Number(b.Low), Number(b.High), b.Count, Number(b.Confidence), Number(b.Accuracy)})
	}
}

func (r *Report) judgeMulti(s *labelled.Set) {
	r.Hamming = Number(r.count(s, nil).multi.HammingLoss())
}

// intervals draws the bootstrap.
func (r *Report) intervals(s *labelled.Set, o EvalOptions) {
	if o.Rounds == 0 || len(r.Answers) == 0 {
		return
	}
	found := metrics.Bootstrap(len(r.Answers), o.Rounds, 0.95, o.Seed, func(sample []int) []float64 { return r.count(s, sample).values() })
	r.Accuracy.setInterval(found[0])
	r.MacroF1.setInterval(found[1])
	r.MCC.setInterval(found[2])
	for l := range r.Labels {
		r.Labels[l].F1.setInterval(found[3+l])
	}
}

// warn says what makes the numbers less than they seem.
func (r *Report) warn(s *labelled.Set) {
	for _, l := range r.Labels {
		switch {
		case l.Support == 0:
			r.say("no record of the set has the label %q: its recall and AUROC are undefined, and averages leave it out", l.Label)
		case l.Predicted == 0:
			r.say("class never predicted: %q, which %d records have", l.Label, l.Support)
		}
		if s.Task == labelled.Single && l.Support == int64(r.Records) {
			r.say("all records have the label %q: only accuracy tells anything here", l.Label)
		}
	}
	if r.warnOfRecords(); r.Repeated > 0 {
		var fresh []int
		for i, a := range r.Answers {
			if !a.Seen {
				fresh = append(fresh, i)
			}
		}
		if len(fresh) > 0 {
			f1 := Number(metrics.Macro(r.count(s, fresh).labels).F1)
			r.New = &f1
		}
	}
}

// warnOfRecords says what is wrong with the set whatever is learnt.
func (r *Report) warnOfRecords() {
	if r.Repeated > 0 {
		r.say("train and test overlap: the texts of %d of %d records stand in the training data too", r.Repeated, r.Records)
	}
	if r.Empty > 0 {
		r.say("in %d records the model knows no word; it answers them all alike", r.Empty)
	}
}

func (r *Report) say(format string, args ...any) {
	r.Warnings = append(r.Warnings, fmt.Sprintf(format, args...))
}
