package main

import (
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"github.com/wexec/wexec/cmd/wexec/internal/timeline"
)

// print shows people what the demo found out.
func (r report) print(out io.Writer) error {
	p := newPalette(out)
	columns := width(out)
	sequence, futures, best := r.sequence.time(), r.futures.time(), r.ideal()

	var b strings.Builder
	fmt.Fprintf(&b, "%s  %s\n\n", p.strong(fmt.Sprintf("%d tasks, %d cores", len(r.futures.tasks), r.cores)),
		p.dim("3 compute, 2 download, 2 download the blocking way, 4 wait"))
	for _, line := range []struct {
		what string
		time time.Duration
	}{{"in sequence", sequence}, {"with futures", futures}, {"ideal", best}} {
		length := math.Round(ratio(line.time, sequence) * float64(columns-len("  with futures   0.00 s  ")))
		fmt.Fprintf(&b, "  %-12s %s  %s\n", line.what, p.strong(fmt.Sprintf("%6.2f s", line.time.Seconds())), strings.Repeat("━", int(max(length, 1))))
	}
	fmt.Fprintf(&b, "\n  %s as fast, %s of the ideal %s\n\n",
		p.strong(fmt.Sprintf("%.1f times", ratio(sequence, futures))), p.strong(fmt.Sprintf("%.2f", ratio(futures, best))),
		p.dim(fmt.Sprintf("(the longest task, or the cpu tasks packed on %d cores)", r.cores)))

	chart := timeline.Chart{Indent: 2, Width: columns, Paint: p.mode, Dim: p.dim}
	b.WriteString(chart.Draw(timeline.Lanes(r.futures.tasks), r.futures.main.Queued, r.futures.main.Ended))
	_, err := io.WriteString(out, b.String())
	return err
}

func ratio(a, b time.Duration) float64 { return float64(a) / float64(b) }
