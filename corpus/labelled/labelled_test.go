package labelled

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
)

func read(t *testing.T, o Options, name, text string) *Set {
	t.Helper()
	s, err := o.Read(name, strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func refuse(t *testing.T, o Options, name, text string, words ...string) {
	t.Helper()
	_, err := o.Read(name, strings.NewReader(text))
	if err == nil {
		t.Fatalf("%q was read", text)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("the error lacks %q: %v", w, err)
		}
	}
}

func TestAnyTextIsALabelAndTheMapIsSorted(t *testing.T) {
	for cells, want := range map[string][]string{
		"1 -1 1":      {"-1", "1"},
		"10 2 3 1":    {"1", "2", "3", "10"},
		"ja nein ja":  {"ja", "nein"},
		"1.0 0.0":     {"0.0", "1.0"},
		"b 2 a":       {"2", "a", "b"},
		"NaN inf 0x1": {"0x1", "NaN", "inf"},
	} {
		var csv, jsonl strings.Builder
		csv.WriteString("text,label\n")
		for cell := range strings.FieldsSeq(cells) {
			fmt.Fprintf(&csv, "a calm day,%s\n", cell)
			fmt.Fprintf(&jsonl, `{"label": %q, "text": "a calm day"}`+"\n", cell)
		}
		for name, text := range map[string]string{"a.csv": csv.String(), "a.jsonl": jsonl.String()} {
			s := read(t, Options{}, name, text)
			if !slices.Equal(s.Labels, want) || s.Task != Single {
				t.Errorf("%s: %q, want %q", name, s.Labels, want)
			}
			if got := s.Labels[s.Records[0].Labels[0]]; got != strings.Fields(cells)[0] {
				t.Errorf("the first record is %q", got)
			}
		}
	}
}

func TestScoresDoNotBecomeClassesInSilence(t *testing.T) {
	const text = "text,label\na,0.2\nb,3.6\nc,5.0\n"
	refuse(t, Options{}, "a.csv", text, "--task regression", "--task single", "3 different numbers")
	s := read(t, Options{Task: Regression}, "a.csv", text)
	if s.Records[1].Value != 3.6 || s.Labels != nil {
		t.Errorf("%+v", s)
	}
	if s := read(t, Options{Task: Single}, "a.csv", text); len(s.Labels) != 3 {
		t.Errorf("%q", s.Labels)
	}
	refuse(t, Options{Task: Regression}, "a.csv", "text,label\na,high\n", "a.csv:2", `"high"`, "not a number")
}

func TestLabelsOfAModelAreHeldTo(t *testing.T) {
	o := Options{Known: []string{"no", "yes"}}
	if s := read(t, o, "a.csv", "text,label\na,yes\n"); !slices.Equal(s.Labels, o.Known) || s.Records[0].Labels[0] != 1 {
		t.Errorf("%+v", s)
	}
	refuse(t, o, "a.csv", "text,label\na,yes\nb,maybe\n", "a.csv:3", `"maybe"`, `"no", "yes"`)
	refuse(t, o, "a.csv", "text,labels\na,yes\n", `"label"`, `"labels"`)
	refuse(t, Options{}, "a.jsonl", `{"text":"a","Label":"x"}`, "a.jsonl:1", `"label"`)
	o.Rename = map[string]string{"1": "yes"}
	if s := read(t, o, "a.csv", "text,label\na,1\n"); s.Records[0].Labels[0] != 1 {
		t.Errorf("%+v", s)
	}
}

func TestRareLabelsAreKeptOrNamed(t *testing.T) {
	const text = "text,label\n,a\none,b\ntwo,b\nthree,c\nfour,c\nfive,d\nsix,d\nseven,e\neight,e\n"
	s := read(t, Options{MinCount: 1}, "a.csv", text)
	if len(s.Labels) != 5 || s.Empty != 1 || len(s.Records) != 9 {
		t.Errorf("%d labels, %d empty, %d records", len(s.Labels), s.Empty, len(s.Records))
	}
	s = read(t, Options{MinCount: 2}, "a.csv", text)
	if len(s.Labels) != 4 || len(s.Dropped) != 1 || s.Dropped[0].Label != "a" || s.Dropped[0].Sources[0].String() != "a.csv:2" {
		t.Errorf("%q, dropped %v", s.Labels, s.Dropped)
	}
}

func TestManyLabels(t *testing.T) {
	s := read(t, Options{LabelFields: []string{"rude", "loud"}}, "a.csv", "text,loud,rude\na,0,2.0\nb,0,0\nc,yes,1\n")
	if s.Task != Multi || !slices.Equal(s.Labels, []string{"loud", "rude"}) {
		t.Fatalf("%v %q", s.Task, s.Labels)
	}
	for i, want := range [][]int{{1}, nil, {0, 1}} {
		if !slices.Equal(s.Records[i].Labels, want) {
			t.Errorf("record %d: %v", i, s.Records[i].Labels)
		}
	}
	s = read(t, Options{Separator: "|"}, "a.csv", "text,label\na,x|y\nb,\nc,y\n")
	if !slices.Equal(s.Records[0].Labels, []int{0, 1}) || len(s.Records[1].Labels) != 0 || len(s.Records) != 3 {
		t.Errorf("%+v", s.Records)
	}
	s = read(t, Options{Task: Multi}, "a.jsonl", `{"text":"a","label":["y","x"]}`)
	if !slices.Equal(s.Labels, []string{"x", "y"}) || len(s.Records[0].Labels) != 2 {
		t.Errorf("%+v", s)
	}
	refuse(t, Options{LabelFields: []string{"rude", "loud"}}, "a.csv", "text,loud,rude\na,0,maybe\n", "a.csv:2", `"maybe"`)
}

func TestFastTextLinesAndPairs(t *testing.T) {
	s := read(t, Options{}, "a.txt", "__label__x a day\n__label__y b\n")
	if !slices.Equal(s.Labels, []string{"x", "y"}) || s.Records[0].Text != "a day" {
		t.Errorf("%+v", s)
	}
	s = read(t, Options{PairField: "other", Fields: []string{"when"}}, "a.tsv", "text\tother\tlabel\twhen\na\tb\tx\t2020\n")
	if s.Records[0].Pair != "b" || s.Records[0].Fields["when"] != "2020" {
		t.Errorf("%+v", s.Records[0])
	}
}

func TestConstantLabelsAreRefused(t *testing.T) {
	if err := read(t, Options{}, "a.csv", "text,label\na,x\nb,x\n").Trainable(); err == nil || !strings.Contains(err.Error(), "at least two labels") {
		t.Errorf("%v", err)
	}
	if err := read(t, Options{}, "a.csv", "text,label\na,x\nb,y\n").Trainable(); err != nil {
		t.Error(err)
	}
}

// sample has labels of 900, 90, 9 and 2 records, each text twice in the first.
func sample() *Set {
	s := &Set{Task: Single, Labels: []string{"a", "b", "c", "d"}}
	for label, n := range []int{900, 90, 9, 2} {
		for i := range n {
			text := fmt.Sprintf("text %d of %d", i, label)
			if label == 0 {
				text = fmt.Sprintf("Text %d  of %d", i/2, label)
			}
			s.Records = append(s.Records, Record{Text: text, Labels: []int{label}, Fields: map[string]string{"who": fmt.Sprint(i % 37), "when": fmt.Sprint(i)}})
		}
	}
	return s
}

func TestStratifiedSplitsKeepSharesAndTexts(t *testing.T) {
	s := sample()
	training, held, err := Split(s, SplitConfig{Kind: Stratified, Fraction: 0.2}, 1)
	if err != nil || len(training)+len(held) != len(s.Records) || len(held) < 199 || len(held) > 201 {
		t.Fatalf("%d and %d of %d, %v", len(training), len(held), len(s.Records), err)
	}
	for label, want := range []float64{180, 18, 1.8, 1} {
		if n := s.Subset(held).Count()[label]; math.Abs(float64(n)-want) > 2 || n == 0 {
			t.Errorf("label %d: %d held out, want about %v", label, n, want)
		}
	}
	in := map[uint64]bool{}
	for _, i := range training {
		in[hash(s.Records[i])] = true
	}
	for _, i := range held {
		if in[hash(s.Records[i])] {
			t.Fatal("a text stands on both sides")
		}
	}
	again, _, _ := Split(s, SplitConfig{Kind: Stratified, Fraction: 0.2}, 1)
	other, _, _ := Split(s, SplitConfig{Kind: Stratified, Fraction: 0.2}, 2)
	if !slices.Equal(training, again) || slices.Equal(training, other) {
		t.Error("the seed does not decide the split")
	}
}

func TestFoldsHoldEachRecordOnce(t *testing.T) {
	s := sample()
	folds, err := Folds(s, 5, DefaultSplit(), 3)
	if err != nil {
		t.Fatal(err)
	}
	var all []int
	for _, f := range folds {
		all = append(all, f...)
		if n := s.Subset(f).Count(); n[1] < 16 || n[1] > 20 || n[2] < 1 {
			t.Errorf("a fold has %v", n)
		}
	}
	slices.Sort(all)
	for i, at := range all {
		if i != at {
			t.Fatal("a record is not held out once")
		}
	}
}

func TestGroupAndTimeSplits(t *testing.T) {
	s := sample()
	training, held, err := Split(s, SplitConfig{Kind: Group, Fraction: 0.2, Field: "who"}, 1)
	if err != nil || len(held) < 150 || len(held) > 250 {
		t.Fatalf("%d held, %v", len(held), err)
	}
	in := map[string]bool{}
	for _, i := range training {
		in[s.Records[i].Fields["who"]] = true
	}
	for _, i := range held {
		if in[s.Records[i].Fields["who"]] {
			t.Fatal("a group is on both sides")
		}
	}
	training, held, err = Split(s, SplitConfig{Kind: Time, Fraction: 0.1, Field: "when"}, 1)
	if err != nil || len(held) != 100 {
		t.Fatalf("%d held, %v", len(held), err)
	}
	for _, i := range held {
		if x, _ := number(s.Records[i].Fields["when"]); x < 800 {
			t.Fatal("an early record is held out")
		}
	}
	_ = training
	if _, _, err := Split(s, SplitConfig{Kind: Group, Fraction: 0.2, Field: "where"}, 1); err == nil {
		t.Error("a field that is not there was split by")
	}
	if _, _, err := Split(s, SplitConfig{Kind: Group, Fraction: 0.2}, 1); err == nil || !strings.Contains(err.Error(), "split.field") {
		t.Error(err)
	}
}

func TestBalancedWeightsAreScikitLearns(t *testing.T) {
	w := BalancedWeights([]int{9, 1, 0})
	if math.Abs(w[0]-0.5556) > 5e-5 || w[1] != 5 || w[2] != 0 {
		t.Errorf("%v", w)
	}
}

func TestSampleWeightsDrawLabelsAlike(t *testing.T) {
	s := &Set{Task: Single, Labels: []string{"a", "b"}}
	for _, l := range []int{0, 0, 1, 0} {
		s.Records = append(s.Records, Record{Labels: []int{l}})
	}
	w, err := s.SampleWeights()
	if err != nil || w[0]+w[1]+w[3] != w[2] {
		t.Errorf("%v, %v", w, err)
	}
	s.Task = Multi
	if _, err := s.SampleWeights(); err == nil {
		t.Error("records of several labels are drawn by one")
	}
}

func hash(r Record) uint64 { h, _ := r.Hash(); return h }

func TestRepetitionsAreSeenThroughTheirSpelling(t *testing.T) {
	a := hash(Record{Text: "A calm day, at sea."})
	for _, same := range []string{"a  calm DAY at sea", "@someone: a calm day -- at sea!! http://x.example/1", "a calm day\nat sea"} {
		if hash(Record{Text: same}) != a {
			t.Errorf("%q is another", same)
		}
	}
	for _, other := range []string{"a calm day at seas", "acalm day at sea", "a calm day 1 at sea"} {
		if hash(Record{Text: other}) == a {
			t.Errorf("%q is the same", other)
		}
	}
	if hash(Record{Text: "a", Pair: "b"}) == hash(Record{Text: "a b"}) {
		t.Error("a pair is its words")
	}
	for _, none := range []string{"", " ", "@who http://x.example ..."} {
		if _, ok := (Record{Text: none}).Hash(); ok {
			t.Errorf("%q has a word", none)
		}
	}
}
