// Package bench is the command bench. It calls a task many times, and shows how long
// the calls take.
package bench

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/wexec/wexec/cmd/wexec/internal/exit"
	"github.com/wexec/wexec/cmd/wexec/internal/module"
	"github.com/wexec/wexec/cmd/wexec/internal/progress"
	"github.com/wexec/wexec/cmd/wexec/internal/task"
	"github.com/wexec/wexec/cmd/wexec/internal/term"
	"github.com/wexec/wexec/host"
)

const (
	maxCalls = 1_000_000_000
	// maxAtOnce is as many calls as a host queues.
	maxAtOnce = 16 << 10
)

type options struct {
	task.Flags
	calls, atOnce int
	json          bool
}

// Command returns the command.
func Command(s term.Streams) *cobra.Command {
	o := &options{}
	cmd := &cobra.Command{
		Use:   "bench " + task.Arguments,
		Short: "Measure how long calls of a task take",
		Long: `Call a task many times, and show how long its calls take: how many end in a
second, percentiles of their times, and a histogram. A time is that from the call
to its result, so with more calls at once than cores it includes the wait for one.

Every call gets the same input. A first call makes the first instance; its time
is shown apart. A WASI command gets its input as its standard input. Outputs and
logs are dropped. Calls that fail are counted by what went wrong.

"wexec run --help" says more about the arguments, and about the flags that bench
shares with run. The exit code is 1 if a call failed.`,
		Example: `  wexec bench primes.wasm -i 1000
  wexec bench feeds.wasm fetch -n 5000 -c 100 -i https://example.com --allow-http example.com
  wexec bench add.wasm add 40 2 -n 100000 --json`,
		Args:                  exit.UsageArgs(task.CheckArgs),
		DisableFlagsInUseLine: true,
		ValidArgsFunction:     module.CompleteFileAndTask,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Take(cmd, args)
			return run(cmd.Context(), o)
		},
	}
	f := cmd.Flags()
	f.IntVarP(&o.calls, "calls", "n", 1000, "make `N` calls")
	f.IntVarP(&o.atOnce, "at-once", "c", 1, "keep `N` calls outstanding")
	o.Add(cmd, s)
	f.BoolVar(&o.json, "json", false, "print the figures as JSON")
	for _, number := range []string{"calls", "at-once"} {
		cmd.RegisterFlagCompletionFunc(number, cobra.NoFileCompletions)
	}
	return cmd
}

func run(ctx context.Context, o *options) error {
	if o.calls < 1 || o.calls > maxCalls {
		return exit.Usagef("-n %d: want 1 to %d", o.calls, maxCalls)
	}
	if o.atOnce < 1 || o.atOnce > maxAtOnce {
		return exit.Usagef("-c %d: want 1 to %d", o.atOnce, maxAtOnce)
	}
	r, err := perform(ctx, o)
	if r == nil {
		return err
	}
	if o.json {
		err = errors.Join(err, o.PrintJSON(r))
	} else {
		_, printing := fmt.Fprint(o.Out, r.text(term.NewPalette(o.Out)))
		err = errors.Join(err, printing)
	}
	if ctx.Err() != nil {
		return exit.ErrInterrupted
	}
	if r.Failed > 0 {
		err = cmp.Or(err, fmt.Errorf("%d of %d calls failed", r.Failed, r.Calls))
	}
	return err
}

// perform makes the calls. There is no report if it does not get so far, or if the
// first call shows that the command line is wrong.
func perform(ctx context.Context, o *options) (r *report, failed error) {
	h, end, err := o.Open(func(config *host.Config) { config.Logger = slog.New(slog.DiscardHandler) })
	if err != nil {
		return nil, err
	}
	defer func() { failed = errors.Join(failed, end(ctx)) }()
	c, err := o.Load(ctx, h, host.Options{})
	if err == nil {
		err = c.ReadInput(ctx)
	}
	if err != nil {
		return nil, o.Advise(c, err)
	}
	b := newBench(c, o.calls)
	if b.first, err = b.call(ctx); exit.Code(err) == exit.WrongUsage {
		return nil, o.Advise(c, err)
	}
	stop := progress.Bar(o.Err, "calls", o.calls, b.ended)
	b.run(ctx, o.atOnce)
	stop()
	return b.report(o), nil
}
