// Package run is the command run. run.go has its flags and what it writes,
// call.go calls the task.
package run

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/wexec/wexec/cmd/wexec/internal/exit"
	"github.com/wexec/wexec/cmd/wexec/internal/grant"
	"github.com/wexec/wexec/cmd/wexec/internal/module"
	"github.com/wexec/wexec/cmd/wexec/internal/quantity"
	"github.com/wexec/wexec/cmd/wexec/internal/term"
	"github.com/wexec/wexec/cmd/wexec/internal/timeline"
	"github.com/wexec/wexec/cmd/wexec/internal/trust"
)

// options are the flags and arguments of the command.
type options struct {
	term.Streams
	guest      term.Streams // as the task may write to them
	file, task string
	args       []string // of a WASI command
	input      string
	hasInput   bool
	unsigned   bool
	mode       string
	timeout    time.Duration
	fuel       quantity.Value
	hasFuel    bool
	memory     quantity.Value
	trust      []string
	grant      grant.Flags
	env        []string
	dirs       []string
	json       bool
	raw        bool
	trace      string
}

// Command returns the command.
func Command(s term.Streams) *cobra.Command {
	o := &options{
		Streams: s,
		fuel:    quantity.Value{Units: quantity.Fuel},
		memory:  quantity.Value{N: 256 << 20, Units: quantity.Memory},
	}
	cmd := &cobra.Command{
		Use:   "run MODULE [TASK] [flags] [-- ARGS...]",
		Short: "Run a task of a module",
		Long: `Run a task of a module, in the mode that the module asks for, and write its
output as it is. Without TASK, run the task main, or the only one.

A module without a manifest that has a _start function is a WASI command: its
task main gets ARGS, and the standard input, output and error of wexec.

A module gets nothing that a flag does not give it: no files, no environment,
no network. It may take no more than --timeout, --fuel and --memory say, or
than its manifest if that says less. Fuel is what its code computes, in units
of about an instruction: the same on every machine, 1G to 10G in a second.
Without --fuel only time limits it, or with --timeout 0 a fuel of 1T.

` + trust.Help() + `

` + exit.Help,
		Example: `  wexec run primes.wasm -i 1000
  wexec run images.wasm resize -i @photo.jpg > small.jpg
  wexec run feeds.wasm fetch -i https://example.com/feed --allow-http example.com
  wexec run tool.wasm --dir .::/data:ro --env LANG=C -- --verbose /data/file
  wexec run model.wasm train -i @data --timeout 1h --memory 2GiB
  wexec run add.wasm add -i '[1, 2]' --mode cpu --json`,
		Args:                  exit.UsageArgs(moduleAndTask),
		DisableFlagsInUseLine: true,
		ValidArgsFunction:     module.CompleteFileAndTask,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.hasInput = cmd.Flags().Changed("input")
			o.hasFuel = cmd.Flags().Changed("fuel")
			o.take(args, cmd.ArgsLenAtDash())
			return run(cmd.Context(), o)
		},
	}
	o.addFlags(cmd)
	return cmd
}

func (o *options) addFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVarP(&o.input, "input", "i", "", "the input: `TEXT`, @FILE, or - for standard input")
	f.StringVar(&o.mode, "mode", "", "io, blocking or cpu: the `MODE` of a task of a module without a manifest")
	f.BoolVar(&o.unsigned, "unsigned", false,
		"print the whole numbers that a bare function returns as unsigned ones")
	f.DurationVar(&o.timeout, "timeout", time.Minute, "the longest `TIME` that the task may take, 0 for no limit")
	f.Var(&o.fuel, "fuel",
		"the most `UNITS` of fuel that it may use, such as 500M (k, M, G, T), 0 for no limit (default no limit)")
	f.Var(&o.memory, "memory",
		"the most memory that it may have, a `SIZE` such as 64MiB (KiB, MiB, GiB), 0 for no limit")
	trust.AddFlag(cmd, &o.trust)
	o.grant.Add(cmd)
	f.StringArrayVar(&o.env, "env", nil, "a variable `K=V` of its environment; may be repeated")
	f.StringArrayVar(&o.dirs, "dir", nil, "a folder to mount, `HOST::GUEST[:ro]`; may be repeated")
	f.BoolVar(&o.json, "json", false,
		"print the outcome as JSON: output, error, statistics such as fuel used and peak memory")
	f.BoolVar(&o.raw, "raw", false,
		"let all that the task writes to a terminal pass, not only text and its colours")
	f.StringVar(&o.trace, "trace", "", "write a trace of all calls to `FILE`, for ui.perfetto.dev")
	for _, number := range []string{"timeout", "fuel", "memory"} {
		cmd.RegisterFlagCompletionFunc(number, cobra.NoFileCompletions)
	}
	modes := []string{"io", "blocking", "cpu"}
	cmd.RegisterFlagCompletionFunc("mode", cobra.FixedCompletions(modes, cobra.ShellCompDirectiveNoFileComp))
}

// moduleAndTask checks the arguments before the --.
func moduleAndTask(cmd *cobra.Command, args []string) error {
	if dash := cmd.ArgsLenAtDash(); dash >= 0 {
		args = args[:dash]
	}
	switch len(args) {
	case 0:
		return errors.New("which module?")
	case 1, 2:
		return nil
	}
	return fmt.Errorf("unexpected argument %q: arguments of a WASI command go after --, the input of a task after -i",
		args[2])
}

// take takes the arguments, of which dash are before the -- if that is not -1.
func (o *options) take(args []string, dash int) {
	if dash >= 0 {
		args, o.args = args[:dash], args[dash:]
	}
	o.file = args[0]
	if len(args) > 1 {
		o.task = args[1]
	}
}

func run(ctx context.Context, o *options) error {
	// The file is created first, so that a mistake in its name shows before the
	// task has run.
	var trace *os.File
	if o.trace != "" {
		var err error
		if trace, err = os.Create(o.trace); err != nil {
			return &exit.UsageError{Err: err}
		}
		defer trace.Close()
	}
	end := func() error { return nil }
	if o.guest = o.Streams; !o.raw {
		o.guest, end = o.Guest()
	}
	spans := &timeline.Recorder{All: trace != nil}
	result := call(ctx, o, spans)
	var err error
	if o.json {
		err = o.PrintJSON(newEnvelope(result))
	} else {
		_, err = o.guest.Out.Write(result.output) // a call that failed may have an output too
	}
	err = errors.Join(err, end())
	if trace != nil {
		err = errors.Join(err, timeline.WriteTrace(trace, spans.Spans()), trace.Close())
	}
	return cmp.Or(result.err, err)
}
