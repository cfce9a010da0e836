package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// lineEvery is the pause between progress lines where there is no terminal: a log of an hour stays readable.
const lineEvery = 10 * time.Second

// progress shows how far a long verb is: a bar on a terminal, a plain line now and then elsewhere, nothing with
// --quiet. Safe for use by several goroutines. It goes to standard error; results go to standard output.
type progress struct {
	mu       sync.Mutex
	w        io.Writer
	name     string
	total    int64 // 0 when unknown
	bar      *progressbar.ProgressBar
	start    time.Time
	lastLine time.Time
	silent   bool
}

// newProgress starts the progress of one stage; total is in the stage's own unit, 0 when unknown.
func newProgress(w io.Writer, quiet bool, name string, total int64) *progress {
	p := &progress{w: w, name: name, total: total, start: time.Now(), lastLine: time.Now(), silent: quiet}
	if f, ok := w.(*os.File); ok && !quiet && term.IsTerminal(int(f.Fd())) {
		if total <= 0 {
			total = -1
		}
		p.bar = progressbar.NewOptions64(total,
			progressbar.OptionSetWriter(w), progressbar.OptionSetDescription(name), progressbar.OptionSetWidth(20),
			progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionSetPredictTime(false),
			progressbar.OptionSetElapsedTime(false), progressbar.OptionShowDescriptionAtLineEnd(),
			progressbar.OptionFullWidth(), progressbar.OptionClearOnFinish())
	}
	return p
}

// set moves to done of total; note is what else there is to say, "loss 4.21".
func (p *progress) set(done int64, note string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.silent {
		return
	}
	text := p.name
	if note != "" {
		text += "  " + note
	}
	if left := p.left(done); left != "" {
		text += "  " + left
	}
	if p.bar != nil {
		p.bar.Describe(text)
		_ = p.bar.Set64(done) // a terminal that went away is no reason to stop training
		return
	}
	if time.Since(p.lastLine) < lineEvery {
		return
	}
	p.lastLine = time.Now()
	if p.total > 0 {
		text = fmt.Sprintf("%3.0f %%  %s", 100*float64(done)/float64(p.total), text)
	}
	fmt.Fprintln(p.w, text)
}

// left estimates the time to go, "" while there is nothing to estimate from.
func (p *progress) left(done int64) string {
	elapsed := time.Since(p.start)
	if p.total <= 0 || done <= 0 || done >= p.total || elapsed < time.Second {
		return ""
	}
	rest := time.Duration(float64(elapsed) * float64(p.total-done) / float64(done))
	return shortDuration(rest) + " left"
}

// end closes the stage and, unless quiet, leaves a line with its time.
func (p *progress) end(note string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.silent {
		return
	}
	if p.bar != nil {
		_ = p.bar.Clear()
	}
	p.silent = true
	fmt.Fprintf(p.w, "%s: %s in %s\n", p.name, note, shortDuration(time.Since(p.start)))
}

// shortDuration rounds a time for reading: 45ms, 3.2s, 2m05s, 1h10m.
func shortDuration(d time.Duration) string {
	switch {
	case d < time.Second:
		return d.Round(time.Millisecond).String()
	case d < 10*time.Second:
		return d.Round(100 * time.Millisecond).String()
	case d < time.Hour:
		d = d.Round(time.Second)
		if d < time.Minute {
			return d.String()
		}
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	}
	d = d.Round(time.Minute)
	return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
}

// count writes a number with its thousands apart: 1,234,567.
func count[T ~int | ~int64 | ~int32 | ~uint64](n T) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// byteSize writes a number of bytes as a person reads it: 1.2 MB.
func byteSize(n int64) string {
	f := float64(n)
	for _, unit := range []string{"B", "kB", "MB", "GB"} {
		if f < 1000 {
			if unit == "B" {
				return fmt.Sprintf("%d B", n)
			}
			return fmt.Sprintf("%.1f %s", f, unit)
		}
		f /= 1000
	}
	return fmt.Sprintf("%.1f TB", f)
}
