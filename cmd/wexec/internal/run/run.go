// Package run is the command run. run.go has its flags and what it writes,
// call.go calls the task. Package task has most of the flags.
package run

import (
	"cmp"
	"context"
	"errors"
	"os"

	"github.com/spf13/cobra"

	"github.com/wexec/wexec/cmd/wexec/internal/exit"
	"github.com/wexec/wexec/cmd/wexec/internal/module"
	"github.com/wexec/wexec/cmd/wexec/internal/task"
	"github.com/wexec/wexec/cmd/wexec/internal/term"
	"github.com/wexec/wexec/cmd/wexec/internal/timeline"
	"github.com/wexec/wexec/cmd/wexec/internal/trust"
)

// options are the flags and arguments of the command.
type options struct {
	task.Flags
	guest    term.Streams // as the task may write to them
	unsigned bool
	json     bool
	raw      bool
	trace    string
}

// Command returns the command.
func Command(s term.Streams) *cobra.Command {
	o := &options{}
	cmd := &cobra.Command{
		Use:   "run " + task.Arguments,
		Short: "Run a task of a module",
		Long: `Run a task of a module, in the mode that the module asks for, and write its
output as it is. MODULE is a file, or - for standard input. Without TASK, run the
task main, or the only one. "wexec MODULE" is short for "wexec run MODULE".

What a task gets depends on its module:
  with a manifest  an input: that of -i, or else what is piped to wexec. A task
                   whose schema asks for a string takes plain text, too.
  with _start      it is a WASI command: ARGS, and the standard input, output and
                   error of wexec
  with neither     it is an exported function: NUMBERS, or a JSON array as input

A pipe or a file as standard input is read to its end before the task starts,
within --timeout. Where a pipe may stay open, -i '' says that there is no input.

` + module.Help + ` Without TASK
it is run as a program, with ARGS and the standard streams.

A module gets nothing that a flag does not give it: no files, no environment,
no network. All modules of the command line get the same. A task may take no more
than --timeout, --fuel and --memory say, or than its manifest if that says less.
Fuel is what its code computes, in units of about an instruction: the same on
every machine, 4G to 20G in a second. Without --fuel only time limits it, or with
--timeout 0 a fuel of 1T.

--dir . lets it work in this folder. It finds a folder HOST by the path that HOST
has here, or as GUEST. With :ro it may only read.

` + trust.Help() + `

` + exit.Help,
		Example: `  wexec run primes.wasm -i 1000
  wexec run images.wasm resize -i @photo.jpg > small.jpg
  curl https://example.com/feed | wexec run feeds.wasm parse
  wexec run feeds.wasm fetch -i https://example.com/feed --allow-http example.com
  wexec run tool.wasm --dir . --env LANG -- --verbose file
  wexec run task.ts greet -i '"you"' --fetch
  wexec run model.wasm train -i @data --timeout 1h --memory 2GiB
  wexec run add.wasm add 40 2 --mode cpu --json
  wexec run shop.wasm order -i 5 --with stock.wasm --with pay=stripe.wasm`,
		Args:                  exit.UsageArgs(task.CheckArgs),
		DisableFlagsInUseLine: true,
		ValidArgsFunction:     module.CompleteFileAndTask,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Take(cmd, args)
			return run(cmd.Context(), o)
		},
	}
	o.Add(cmd, s)
	f := cmd.Flags()
	f.BoolVar(&o.unsigned, "unsigned", false,
		"print the whole numbers that a bare function returns as unsigned ones")
	f.BoolVar(&o.json, "json", false,
		"print the outcome as JSON: output, error, statistics such as fuel used and peak memory")
	f.BoolVar(&o.raw, "raw", false,
		"let all that the task writes to a terminal pass, not only text and its colours")
	f.StringVar(&o.trace, "trace", "", "write a trace of all calls to `FILE`, for ui.perfetto.dev")
	return cmd
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
		err = o.write(result) // a call that failed may have an output too
	}
	err = errors.Join(err, end())
	if trace != nil {
		err = errors.Join(err, timeline.WriteTrace(trace, spans.Spans()), trace.Close())
	}
	return cmp.Or(result.err, err)
}

// write writes the output. On a terminal a line that it leaves open is ended, so that
// the shell's prompt is on the next. Without --raw, guest.Out does that.
func (o *options) write(result outcome) error {
	output, inLine := result.output, result.inLine
	if len(output) > 0 {
		inLine = output[len(output)-1] != '\n'
	}
	if o.raw && inLine && term.IsTerminal(o.Out) {
		output = append(output, '\n')
	}
	_, err := o.guest.Out.Write(output)
	return err
}
