package main

import (
	"cmp"
	"context"
	"errors"
	"os"
	"runtime"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/wexec/wexec/cmd/wexec/internal/timeline"
	"github.com/wexec/wexec/host"
)

type demoOptions struct {
	streams
	work  time.Duration
	trace string
	json  bool
}

func newDemoCommand(s streams) *cobra.Command {
	o := &demoOptions{streams: s}
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "See eleven tasks run in sequence, and all at once",
		Long: `Run the script that wexec is about, twice. Its main calls eleven tasks: three
that compute (mode cpu), two that download (io), two that download the blocking
way (blocking) and four that wait (io). First it waits for each result before
the next call, then it makes all the calls and waits for all the results.

The downloads come from a server on this machine that takes 0.4 s for each. How
much is computed is found out first, so that it takes --work.

The ideal is the least that the times of the first run allow: the longest task,
or the best packing of the cpu tasks on the cores if that is longer.`,
		Args:              usage(cobra.NoArgs),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context()) },
	}
	f := cmd.Flags()
	f.DurationVar(&o.work, "work", 500*time.Millisecond, "the `TIME` that each computation should take")
	f.StringVar(&o.trace, "trace", "", "write a trace of both runs to `FILE`, for ui.perfetto.dev")
	f.BoolVar(&o.json, "json", false, "print the times as JSON")
	return cmd
}

func (o *demoOptions) run(ctx context.Context) error {
	if o.work <= 0 || o.work > maxWork {
		return usagef("--work %v: want a time up to %v", o.work, maxWork)
	}
	var trace *os.File
	if o.trace != "" {
		var err error
		if trace, err = os.Create(o.trace); err != nil {
			return &usageError{err}
		}
		defer trace.Close()
	}
	r, err := o.perform(ctx)
	if err != nil {
		return err
	}
	if trace != nil {
		if err := errors.Join(timeline.WriteTrace(trace, r.spans()), trace.Close()); err != nil {
			return err
		}
	}
	if o.json {
		return o.printJSON(r.summary())
	}
	return r.print(o.out)
}

func (o *demoOptions) perform(ctx context.Context) (r report, err error) {
	progress := progress{o.err}
	stage, err := newStage(ctx, o.err)
	if err != nil {
		return r, err
	}
	defer func() { err = cmp.Or(err, stage.close(ctx)) }()
	progress.say("measuring this machine")
	if err := stage.calibrate(ctx, o.work); err != nil {
		return r, err
	}
	r.cores = runtime.GOMAXPROCS(0)
	if r.sequence, err = stage.play(ctx, "sequence", "in sequence", progress); err != nil {
		return r, err
	}
	r.futures, err = stage.play(ctx, "futures", "with futures", progress)
	return r, err
}

// report is what the demo found out.
type report struct {
	cores             int
	sequence, futures performance
}

func (r report) spans() []host.Span { return slices.Concat(r.sequence.all(), r.futures.all()) }

func (r report) ideal() time.Duration { return ideal(r.sequence.tasks, r.cores) }

// summary is what demo --json prints.
type summary struct {
	SequentialMS float64       `json:"sequential_ms"`
	WexecMS      float64       `json:"wexec_ms"`
	IdealMS      float64       `json:"ideal_ms"`
	Tasks        []summaryTask `json:"tasks"`
}

// summaryTask is a task of the run with futures. Times are since that began,
// but for SequentialMS, which is how long the same call took in sequence.
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
