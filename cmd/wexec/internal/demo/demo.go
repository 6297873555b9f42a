// Package demo is the command demo. It runs the script that wexec is about, once
// in sequence and once with futures, and compares both with the ideal.
package demo

import (
	"cmp"
	"context"
	"errors"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/wexec/wexec/cmd/wexec/internal/exit"
	"github.com/wexec/wexec/cmd/wexec/internal/module"
	"github.com/wexec/wexec/cmd/wexec/internal/progress"
	"github.com/wexec/wexec/cmd/wexec/internal/term"
	"github.com/wexec/wexec/cmd/wexec/internal/timeline"
)

const maxWork = 5 * time.Second

type options struct {
	term.Streams
	builder  module.Builder
	language string
	work     time.Duration
	trace    string
	json     bool
}

// Command returns the command.
func Command(s term.Streams) *cobra.Command {
	o := &options{Streams: s}
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "See eleven tasks run in sequence, and all at once",
		Long: `Run the script that wexec is about, twice. Its main calls eleven tasks: three
that compute (mode cpu), two that download (io), two that download the blocking
way (blocking) and four that wait (io). In the first run it waits for each
result before the next call. In the second it makes all the calls, and then
waits for all the results.

The downloads come from a server on this machine that takes 0.4 s for each. The
demo first measures this machine, so that each computation takes --work.

The script is there in C, Go, JavaScript and Python: --lang. In Go it is built by
the go command, from a checkout of wexec. Scripts need their engine: wexec engine
fetch LANGUAGE, or --fetch.

The ideal is the least that the times of the first run allow: the longest task,
or the best packing of the cpu tasks on the cores if that is longer.`,
		Args:              exit.UsageArgs(cobra.NoArgs),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              func(cmd *cobra.Command, _ []string) error { return run(cmd.Context(), o) },
	}
	names := languageNames()
	f := cmd.Flags()
	f.StringVar(&o.language, "lang", names[0], "the `LANGUAGE` of the script: "+strings.Join(names, ", "))
	f.BoolVar(&o.builder.Fetch, "fetch", false, "download the engine that the script lacks")
	f.DurationVar(&o.work, "work", 500*time.Millisecond, "the `TIME` that each computation should take")
	f.StringVar(&o.trace, "trace", "", "write a trace of both runs to `FILE`, for ui.perfetto.dev")
	f.BoolVar(&o.json, "json", false, "print the times as JSON")
	cmd.RegisterFlagCompletionFunc("lang", cobra.FixedCompletions(names, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func run(ctx context.Context, o *options) error {
	if o.work <= 0 || o.work > maxWork {
		return exit.Usagef("--work %v: want a time up to %v", o.work, maxWork)
	}
	var trace *os.File
	if o.trace != "" {
		var err error
		if trace, err = os.Create(o.trace); err != nil {
			return &exit.UsageError{Err: err}
		}
		defer trace.Close()
	}
	r, err := perform(ctx, o)
	if err != nil {
		return err
	}
	if trace != nil {
		if err := errors.Join(timeline.WriteTrace(trace, r.spans()), trace.Close()); err != nil {
			return err
		}
	}
	if o.json {
		return o.PrintJSON(r.summary())
	}
	return r.print(o.Out)
}

// perform runs the script both ways.
func perform(ctx context.Context, o *options) (r report, err error) {
	guest, err := newGuest(ctx, o.Streams, o.language, &o.builder)
	if err != nil {
		return r, err
	}
	stage, err := newStage(ctx, guest, o.Err)
	if err != nil {
		return r, err
	}
	defer func() { err = cmp.Or(err, stage.close(ctx)) }()
	progress.Say(o.Err, "measuring this machine")
	if err := stage.calibrate(ctx, o.work); err != nil {
		return r, err
	}
	r.cores = runtime.GOMAXPROCS(0)
	if r.sequence, err = stage.play(ctx, "sequence", "in sequence", o.Err); err != nil {
		return r, err
	}
	r.futures, err = stage.play(ctx, "futures", "with futures", o.Err)
	return r, err
}
