package metrics_test

import (
	"fmt"

	"github.com/go-cloze/cloze/objectives/metrics"
)

func ExampleMean() {
	var loss metrics.Mean
	loss.Add(2*1.0, 2) // two tokens at 1 nat
	loss.Add(8*3.0, 8) // eight at 3
	fmt.Printf("%.1f nats, perplexity %.2f, %.2f bits a byte\n",
		loss.Value(), metrics.Perplexity(loss.Value()), metrics.BitsPerByte(loss.Sum, 40))
	// Output: 2.6 nats, perplexity 13.46, 0.94 bits a byte
}
