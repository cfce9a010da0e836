package main

import "testing"

func TestSizesOnTheCommandLine(t *testing.T) {
	for text, want := range map[string]int64{"1073741824": 1 << 30, "1GiB": 1 << 30, "512MB": 512e6, "1.5 GiB": 3 << 29, "64KiB": 1 << 16, "10kB": 10_000, "7B": 7, "0": 0} {
		var s sizeFlag
		if err := s.Set(text); err != nil || int64(s) != want {
			t.Errorf("%s is %d, want %d (%v)", text, int64(s), want, err)
		}
	}
	for _, text := range []string{"", "x", "-1", "1QB", "1e30", "NaN", "GiB"} {
		var s sizeFlag
		if s.Set(text) == nil {
			t.Errorf("%q was taken as %d", text, int64(s))
		}
	}
	for n, want := range map[sizeFlag]string{1 << 30: "1GiB", 3 << 29: "1536MiB", 1000: "1000", 0: "0"} {
		if got := n.String(); got != want {
			t.Errorf("%d is written %s", int64(n), got)
		}
	}
}
