package embeddings

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestSimilaritiesEqualGensims(t *testing.T) {
	v := realVectors(t)
	var peer struct {
		Odd []struct {
			Words  []string
			Odd    string
			Ranked []scoredWord
		}
		Sets []struct {
			A, B       []string
			Similarity float64
		}
		Pairs [][]any
	}
	golden(t, "queries", &peer)
	if len(peer.Odd) < 6 || len(peer.Sets) < 4 || len(peer.Pairs) < 4 {
		t.Fatalf("%d %d %d cases", len(peer.Odd), len(peer.Sets), len(peer.Pairs))
	}
	for _, c := range peer.Odd {
		odd, err := v.DoesNotMatch(c.Words, Skip)
		if err != nil || odd != c.Odd && len(c.Words) > 2 { // of two words both are as far from the mean
			t.Errorf("%v: %q %v, want %q", c.Words, odd, err, c.Odd)
		}
		ranked, err := v.Centrality(c.Words, Skip)
		if err != nil {
			t.Fatal(err)
		}
		answers(t, strings.Join(c.Words, " "), ranked.Neighbors, c.Ranked)
	}
	for _, c := range peer.Sets {
		got, _, err := v.SetSimilarity(c.A, c.B, Skip)
		if err != nil {
			t.Fatal(err)
		}
		near(t, strings.Join(c.A, " "), got, c.Similarity, 1e-6)
	}
	for _, c := range peer.Pairs {
		got, err := v.Similarity(c[0].(string), c[1].(string))
		if err != nil {
			t.Fatal(err)
		}
		near(t, c[0].(string), got, c[2].(float64), 1e-6)
	}
}

func TestSimilarityTellsUnknownWords(t *testing.T) {
	v := royal(t)
	var unknown *UnknownWordError
	if _, err := v.Similarity("king", "kingg"); !errors.As(err, &unknown) {
		t.Error(err)
	}
	s, skipped, err := v.SetSimilarity([]string{"x", "king"}, []string{"king", "y"}, Skip)
	if err != nil || !slices.Equal(skipped, []UnknownWord{{"x", 0, Skip}, {"y", 3, Skip}}) {
		t.Errorf("%v %v", skipped, err)
	}
	near(t, "king with itself", s, 1, 1e-15)
	if _, _, err := v.SetSimilarity([]string{"x"}, []string{"king"}, Skip); err == nil {
		t.Error("a set of which nothing is left has a similarity")
	}
	if _, _, err := v.SetSimilarity(nil, []string{"king"}, Skip); err == nil {
		t.Error("an empty set has a similarity")
	}
	if s, err := v.Similarity("zero", "king"); err != nil || s != 0 {
		t.Errorf("with a zero vector: %v %v", s, err)
	}
	if _, err := v.DoesNotMatch(nil, Skip); err == nil {
		t.Error("no words have an odd one")
	}
}
