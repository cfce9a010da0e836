package train

import (
	"os"
	"regexp"
	"runtime"
	"strconv"
	"syscall"
	"testing"
	"time"
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
				least := time.Duration(1 << 62)
				for b.Loop() {
					before := processorTime(b)
					step()
					least = min(least, processorTime(b)-before)
				}
				b.ReportMetric(least.Seconds()*1000, "cpu-ms/step")
				b.ReportMetric(peakMiB(b), "peak-MiB")
			})
		}
	}
}

func processorTime(b *testing.B) time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		b.Fatal(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
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
