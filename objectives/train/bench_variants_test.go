package train

import (
	"math"
	"os"
	"regexp"
	"runtime"
	"strconv"
	"testing"
)

// variants are the settings that change what a step costs.
var variants = []struct {
	name   string
	change func(*Config)
}{
	{"float32", func(*Config) {}},
	{"bfloat16", func(c *Config) { c.DType = "bfloat16" }},
	{"float16", func(c *Config) { c.DType = "float16" }},
	{"float32+checkpointing", func(c *Config) { c.GradientCheckpointing = true }},
	{"bfloat16+checkpointing", func(c *Config) { c.GradientCheckpointing, c.DType = true, "bfloat16" }},
}

// BenchmarkStepVariants is a step's least processor time and the most memory that the process ever had (VmHWM): name one variant of one shape,
// so that the process is its own.
func BenchmarkStepVariants(b *testing.B) {
	for _, s := range shapes {
		for _, v := range variants {
			b.Run(s.String()+"/"+v.name, func(b *testing.B) {
				step, stop := s.stepper(b, v.change)
				defer stop()
				runtime.GC() // the fresh weights' copies in Go's memory
				step()
				least := math.Inf(1)
				for b.Loop() {
					before := processorMillis(b)
					step()
					least = min(least, processorMillis(b)-before)
				}
				b.ReportMetric(least, "cpu-ms/step")
				b.ReportMetric(peakMiB(b), "peak-MiB")
			})
		}
	}
}

func peakMiB(b *testing.B) float64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		b.Skip("no /proc/self/status")
	}
	kib, err := strconv.ParseFloat(string(regexp.MustCompile(`VmHWM:\s+(\d+)`).FindSubmatch(status)[1]), 64)
	if err != nil {
		b.Fatal(err)
	}
	return kib / 1024
}
