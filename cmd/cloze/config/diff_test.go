package config

import (
	"slices"
	"testing"
)

func TestChangesNamesKeysWithBothValues(t *testing.T) {
	type section struct {
		Steps int      `json:"steps"`
		Rate  *float64 `json:"rate"`
	}
	type wide struct {
		Name  string  `json:"name"`
		Train section `json:"train"`
		More  []int   `json:"more"`
	}
	type narrow struct {
		Name  string  `json:"name"`
		Train section `json:"train"`
		Less  bool    `json:"less"`
	}
	rate := 0.5
	from, to := wide{"a", section{1, nil}, []int{1, 2}}, narrow{"b", section{1, &rate}, true}
	want := []Change{{"name", "a", "b"}, {"more", "[1, 2]", ""}, {"train.rate", "", "0.5"}, {"less", "", "true"}}
	if got := Changes(&from, &to); !slices.Equal(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
	if got := Changes(&from, &from); len(got) > 0 {
		t.Errorf("a configuration differs from itself in %+v", got)
	}
}
