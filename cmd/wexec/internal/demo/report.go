package demo

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/wexec/wexec/cmd/wexec/internal/term"
	"github.com/wexec/wexec/cmd/wexec/internal/timeline"
	"github.com/wexec/wexec/host"
)

// report is the result of the demo.
type report struct {
	cores             int
	sequence, futures performance
}

func (r report) spans() []host.Span { return slices.Concat(r.sequence.all(), r.futures.all()) }

func (r report) ideal() time.Duration { return ideal(r.sequence.tasks, r.cores) }

// print shows the report to people.
func (r report) print(out io.Writer) error {
	p := term.NewPalette(out)
	columns := term.Width(out)
	sequence, futures, best := r.sequence.time(), r.futures.time(), r.ideal()

	var b strings.Builder
	fmt.Fprintf(&b, "%s  %s\n\n", p.Strong(fmt.Sprintf("%d tasks, %d cores", len(r.futures.tasks), r.cores)),
		p.Dim("3 compute, 2 download, 2 download the blocking way, 4 wait"))
	for _, line := range []struct {
		what string
		time time.Duration
	}{{"in sequence", sequence}, {"with futures", futures}, {"ideal", best}} {
		length := math.Round(ratio(line.time, sequence) * float64(columns-len("  with futures   0.00 s  ")))
		fmt.Fprintf(&b, "  %-12s %s  %s\n", line.what, p.Strong(fmt.Sprintf("%6.2f s", line.time.Seconds())),
			strings.Repeat("━", int(max(length, 1))))
	}
	fmt.Fprintf(&b, "\n  %s as fast, %s of the ideal %s\n\n",
		p.Strong(fmt.Sprintf("%.1f times", ratio(sequence, futures))), p.Strong(fmt.Sprintf("%.2f", ratio(futures, best))),
		p.Dim(fmt.Sprintf("(the longest task, or the cpu tasks packed on %d cores)", r.cores)))

	chart := timeline.Chart{Indent: 2, Width: columns, Paint: p.Mode, Dim: p.Dim}
	b.WriteString(chart.Draw(timeline.Lanes(r.futures.tasks), r.futures.main.Queued, r.futures.main.Ended))
	_, err := io.WriteString(out, b.String())
	return err
}

func ratio(a, b time.Duration) float64 { return float64(a) / float64(b) }

// summary is what demo --json prints.
type summary struct {
	SequentialMS float64       `json:"sequential_ms"`
	WexecMS      float64       `json:"wexec_ms"`
	IdealMS      float64       `json:"ideal_ms"`
	Tasks        []summaryTask `json:"tasks"`
}

// summaryTask is a task of the run with futures. StartMS and EndMS count from
// the start of that run. SequentialMS is how long the same call took in
// sequence.
type summaryTask struct {
	Task         string    `json:"task"`
	Mode         host.Mode `json:"mode"`
	Lane         string    `json:"lane"`
	StartMS      float64   `json:"start_ms"`
	EndMS        float64   `json:"end_ms"`
	SequentialMS float64   `json:"sequential_ms"`
}

func (r report) summary() summary {
	s := summary{
		SequentialMS: milliseconds(r.sequence.time()),
		WexecMS:      milliseconds(r.futures.time()),
		IdealMS:      milliseconds(r.ideal()),
	}
	zero := r.futures.main.Queued
	for i, t := range r.futures.tasks {
		s.Tasks = append(s.Tasks, summaryTask{
			Task: t.Task, Mode: t.Mode, Lane: t.Lane,
			StartMS: milliseconds(t.Started.Sub(zero)), EndMS: milliseconds(t.Ended.Sub(zero)),
			SequentialMS: milliseconds(runTime(r.sequence.tasks[i])),
		})
	}
	return s
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1e3 }
