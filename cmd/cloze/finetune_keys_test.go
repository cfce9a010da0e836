package main

import (
	"math"
	"strings"
	"testing"
)

// Of four blocks and a decay of 0.5 the head (layer 5) has the whole rate, the top block half of it, the embeddings a 32nd.
func TestRatesFallLayerByLayer(t *testing.T) {
	c := defaultEncoder()
	c.LayerDecay = 0.5
	for layer := range 6 {
		if got, want := c.rate(layer, 4, 0, 1, 10), math.Pow(0.5, float64(5-layer)); got != want {
			t.Errorf("layer %d: %v, want %v", layer, got, want)
		}
	}
}

func TestLayersThawFromTheTop(t *testing.T) {
	c := defaultEncoder()
	c.UnfreezeEpochs = 2 // of ten steps
	for _, x := range []struct{ step, lowest int }{{1, 5}, {20, 5}, {21, 4}, {40, 4}, {41, 3}, {81, 1}, {101, 1}, {1001, 1}} {
		for layer := range 6 { // the embeddings are frozen for good
			want := 0.0
			if layer >= x.lowest {
				want = 1
			}
			if got := c.rate(layer, 4, 1, x.step, 10); got != want {
				t.Errorf("step %d, layer %d: %v, want %v", x.step, layer, got, want)
			}
		}
	}
}

func TestFreezeNamesLayers(t *testing.T) {
	c := defaultEncoder()
	for freeze, want := range map[string]int{"none": 0, "embeddings": 1, "1": 2, "4": 5, "all": 5} {
		c.Freeze = freeze
		if got, err := c.firstTrained(4); err != nil || got != want {
			t.Errorf("%s: %d, %v", freeze, got, err)
		}
	}
	for freeze, want := range map[string]string{"": "none, embeddings", "-1": "a number of layers", "0": "none", "5": "the model has 4", "top": "none"} {
		c.Freeze = freeze
		if _, err := c.firstTrained(4); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", freeze, err)
		}
	}
}
