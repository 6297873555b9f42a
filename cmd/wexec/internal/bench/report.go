package bench

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/cmd/wexec/internal/setting"
	"github.com/wexec/wexec/cmd/wexec/internal/term"
)

// report is what bench --json prints. Times are in nanoseconds.
type report struct {
	Task   string   `json:"task"`
	Mode   abi.Mode `json:"mode"`
	Calls  int64    `json:"calls"` // that have ended
	AtOnce int      `json:"at_once"`
	Failed int64    `json:"failed"`
	// First is the time of the first call, which is counted in no other figure.
	First   int64 `json:"first_ns"`
	Elapsed int64 `json:"elapsed_ns"`
	// Throughput and all below is of the calls that did not fail.
	Throughput float64   `json:"calls_per_second"`
	Latency    latency   `json:"latency_ns"`
	Histogram  []bucket  `json:"histogram"`
	Errors     []failure `json:"errors"`
}

// latency is zero if all calls failed.
type latency struct {
	Min  int64   `json:"min"`
	Mean float64 `json:"mean"`
	P50  int64   `json:"p50"`
	P90  int64   `json:"p90"`
	P99  int64   `json:"p99"`
	Max  int64   `json:"max"`
}

// bucket counts the calls that took as long as From, and less than To.
type bucket struct {
	From  int64 `json:"from_ns"`
	To    int64 `json:"to_ns"`
	Calls int64 `json:"calls"`
}

func (b *bench) report(o *options) *report {
	h := b.times
	r := &report{
		Task: b.task.Task.Name, Mode: b.task.Task.Mode,
		Calls: h.TotalCount() + b.failures(), AtOnce: o.atOnce, Failed: b.failures(),
		First: int64(b.first), Elapsed: int64(b.elapsed),
		Throughput: float64(h.TotalCount()) / b.elapsed.Seconds(),
		Histogram:  buckets(h), Errors: []failure{},
	}
	if h.TotalCount() > 0 {
		r.Latency = latency{
			Min: h.Min(), Mean: h.Mean(), P50: h.ValueAtQuantile(50), P90: h.ValueAtQuantile(90),
			P99: h.ValueAtQuantile(99), Max: h.Max(),
		}
	}
	for _, f := range b.failed {
		f.Message = setting.AsFlags(o.Advise(b.task, f.err).Error())
		r.Errors = append(r.Errors, f)
	}
	return r
}

// rows is how many rows a histogram has.
const rows = 12

// buckets divides the times into buckets, each wider than the one before by the same
// factor.
func buckets(h *hdrhistogram.Histogram) []bucket {
	if h.TotalCount() == 0 {
		return []bucket{}
	}
	low, high := float64(max(h.Min(), 1)), float64(h.Max()+1)
	list := make([]bucket, rows)
	edge := func(i int) int64 { return int64(low * math.Pow(high/low, float64(i)/rows)) }
	for i := range list {
		list[i] = bucket{From: edge(i), To: edge(i + 1)}
	}
	list[rows-1].To = h.Max() + 1
	i := 0
	for _, bar := range h.Distribution() {
		for bar.Count > 0 && bar.From >= list[i].To && i < rows-1 {
			i++
		}
		list[i].Calls += bar.Count
	}
	return list
}

// text writes the report for people.
func (r *report) text(p term.Palette) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %s\n", p.Strong(term.OneLine(r.Task)),
		p.Dim(fmt.Sprintf("mode %s · %d calls, %d at once · %v", r.Mode, r.Calls, r.AtOnce, rounded(r.Elapsed))))
	if r.Calls > r.Failed {
		l := r.Latency
		b.WriteString(term.Columns([][]string{
			{"throughput", strconv.FormatFloat(r.Throughput, 'f', precision(r.Throughput), 64) + " calls/s"},
			{"first call", rounded(r.First)},
			{"p50", rounded(l.P50)}, {"p90", rounded(l.P90)}, {"p99", rounded(l.P99)}, {"max", rounded(l.Max)},
		}))
		b.WriteString("\n" + r.chart())
	}
	if r.Failed > 0 {
		var table [][]string
		for _, f := range r.Errors {
			table = append(table, []string{f.Kind, strconv.FormatInt(f.Calls, 10), term.Visible(f.Message)})
		}
		fmt.Fprintf(&b, "\n%s\n%s", p.Strong(fmt.Sprintf("%d failed", r.Failed)), term.Columns(table))
	}
	return b.String()
}

// chart draws the histogram.
func (r *report) chart() string {
	const width = 40
	var most int64
	for _, k := range r.Histogram {
		most = max(most, k.Calls)
	}
	table := make([][]string, len(r.Histogram))
	for i, k := range r.Histogram {
		bar := strings.Repeat("━", int((k.Calls*width+most-1)/most)) // no bucket with calls looks empty
		table[i] = []string{rounded(k.From), strconv.FormatInt(k.Calls, 10), bar}
	}
	return term.Columns(table)
}

// rounded writes a time with three digits.
func rounded(ns int64) string {
	d, unit := time.Duration(ns), time.Duration(1)
	for d/unit >= 1000 {
		unit *= 10
	}
	return d.Round(unit).String()
}

// precision is how many digits after the point a figure needs.
func precision(f float64) int {
	if f < 100 {
		return 1
	}
	return 0
}
