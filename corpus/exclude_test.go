package corpus

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// one makes a file of a test.
func one(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// textsOf reads all documents.
func textsOf(t *testing.T, s *Source) (all []string) {
	t.Helper()
	defer s.Close()
	for d, err := range s.All() {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, string(d.Text))
	}
	return all
}

const excludedLine = "The kettle sings in the kitchen of the small house by the lake"

func TestExcludedTextsAreLeftOutAndCounted(t *testing.T) {
	train := one(t, "train.txt", "first text\n@anna the kettle sings in the KITCHEN of the small house by the lake! http://a.b/c\n"+
		"The kettle sings in the kitchen of the small house by the sea\nThe kettle is cold\n…\nlast text\n")
	for _, list := range []string{
		one(t, "test.txt", excludedLine+"\n…\n"), one(t, "a.csv", "id,words\n1,"+excludedLine+"\n2,…\n") + "#words",
		one(t, "a.jsonl", `{"words":"`+excludedLine+`"}`+"\n"+`{"words":"…"}`+"\n") + "#words",
		one(t, "a.tsv", "text\tid\n"+excludedLine+"\t1\n…\t2\n"), one(t, "a#b.txt", excludedLine+"\n…\n"),
	} {
		s, err := Options{Exclude: []string{list}}.Open(train)
		if err != nil {
			t.Fatal(err)
		}
		got := strings.Join(textsOf(t, s), "|")
		if want := "first text|The kettle is cold|…|last text"; got != want {
			t.Errorf("%s: read %q, want %q", filepath.Base(list), got, want)
		}
		r := s.Report()
		if r.Excluded != 2 || r.Count(RepeatsExcluded) != 1 || r.Count(NearExcluded) != 1 || r.Documents != 4 || r.Records != 6 || r.PerFile[0].Documents != 4 {
			t.Errorf("%s: report %+v", filepath.Base(list), r)
		}
		for _, line := range []string{"texts to exclude", "equal to an excluded text", "near duplicates of an excluded text", "1 texts to exclude have no letter"} {
			if !strings.Contains(r.String(), line) {
				t.Errorf("the report lacks %q:\n%s", line, r)
			}
		}
	}
}

func TestExclusionKeepsToItsThreshold(t *testing.T) {
	near := excludedLine + " and the new stove\n"
	for threshold, want := range map[float64]int{0: 1, 0.5: 0, 0.7: 0, 1: 1} {
		s, err := Options{Exclude: []string{one(t, "test.txt", excludedLine)}, ExcludeThreshold: threshold}.Read("train.txt", strings.NewReader(near))
		if err != nil {
			t.Fatal(err)
		}
		if got := textsOf(t, s); len(got) != want {
			t.Errorf("threshold %g: %d documents, want %d", threshold, len(got), want)
		}
	}
}

func TestExclusionFaultsAreSaid(t *testing.T) {
	train := one(t, "train.txt", "a text\n")
	for list, want := range map[string]string{
		"nowhere.txt": "nowhere.txt", "-": "standard input", train + ".csv#text": "train.txt.csv",
	} {
		if _, err := (Options{Exclude: []string{list}}).Open(train); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "exclude") {
			t.Errorf("%s: %v", list, err)
		}
	}
	for list, want := range map[string]string{
		one(t, "a.csv", "id,words\n1,x\n"): `no column "text"`, one(t, "b.txt", "\n\n"): "no document",
	} {
		s, err := Options{Exclude: []string{list}}.Open(train)
		if err != nil {
			t.Fatal(err)
		}
		if _, err = s.Next(); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "exclude") {
			t.Errorf("%v, want %q", err, want)
		}
		if _, again := s.Next(); again != err {
			t.Errorf("the error is not final: %v", again)
		}
	}
	if err := (Options{ExcludeThreshold: 2}).Validate(); err == nil || !strings.Contains(err.Error(), "exclude_threshold") {
		t.Errorf("a threshold of 2: %v", err)
	}
}

// OLID's test tweets and those of tweeteval's offensive set are the same 860, spelled in two ways.
func TestExclusionSeesThroughTheSpellingsOfSets(t *testing.T) {
	data := os.Getenv("CLOZE_DATA")
	if data == "" {
		t.Skip("CLOZE_DATA does not name the real data")
	}
	olid, offensive := filepath.Join(data, "hate/olid/testset-levela.tsv"), filepath.Join(data, "hate/tweeteval/offensive/test_text.txt")
	for _, o := range []struct{ from, list, field string }{{olid, offensive, "tweet"}, {offensive, olid + "#tweet", ""}} {
		s, err := Options{Exclude: []string{o.list}, TextField: o.field}.Open(o.from)
		if err != nil {
			t.Fatal(err)
		}
		if left := textsOf(t, s); len(left) != 0 || s.Report().Count(RepeatsExcluded)+s.Report().Count(NearExcluded) != 860 {
			t.Errorf("%d of 860 tweets are not found again", len(left))
		}
	}
}
