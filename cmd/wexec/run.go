package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/wexec/wexec/cmd/wexec/internal/timeline"
	"github.com/wexec/wexec/host"
)

// runOptions are the flags and arguments of run. How the task is called is in
// run_call.go.
type runOptions struct {
	streams
	file, task string
	args       []string // of a WASI command
	input      string
	hasInput   bool
	mode       string
	timeout    time.Duration
	fuel       quantity
	hasFuel    bool
	memory     quantity
	trust      []string
	allowHTTP  []string
	env        []string
	dirs       []string
	json       bool
	trace      string

	wasi    host.WASI    // from env and dirs
	trusted host.Options // from trust
}

func newRunCommand(s streams) *cobra.Command {
	o := &runOptions{streams: s, fuel: quantity{1e12, fuelUnits}, memory: quantity{256 << 20, memoryUnits}}
	cmd := &cobra.Command{
		Use:   "run MODULE [TASK] [flags] [-- ARGS...]",
		Short: "Run a task of a module",
		Long: `Run a task of a module, in the mode that the module asks for, and write its
output as it is. Without TASK it is the task main, or the only one.

A module without a manifest that has a _start function is a WASI command: its
task main gets ARGS, and the standard input, output and error of wexec.

A module gets nothing that is not given to it: no files, no environment, no
network. It may take no more than --timeout, --fuel and --memory say, or its
manifest if that says less. Fuel is what its code computes, in units of about
an instruction: the same on every machine, 1G to 10G in a second.

` + trustHelp() + `

` + exitCodes,
		Example: `  wexec run primes.wasm -i 1000
  wexec run images.wasm resize -i @photo.jpg > small.jpg
  wexec run feeds.wasm fetch -i https://example.com/feed --allow-http example.com
  wexec run tool.wasm --dir .::/data:ro --env LANG=C -- --verbose /data/file
  wexec run model.wasm train -i @data --timeout 1h --fuel 0 --memory 2GiB
  wexec run add.wasm add -i '[1, 2]' --mode cpu --json`,
		Args:                  usage(moduleAndTask),
		DisableFlagsInUseLine: true,
		ValidArgsFunction:     completeModuleAndTask,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.hasInput = cmd.Flags().Changed("input")
			o.hasFuel = cmd.Flags().Changed("fuel")
			o.take(args, cmd.ArgsLenAtDash())
			return o.run(cmd.Context())
		},
	}
	f := cmd.Flags()
	f.StringVarP(&o.input, "input", "i", "", "the input: `TEXT`, @FILE, or - for standard input")
	f.StringVar(&o.mode, "mode", "", "io, blocking or cpu: the `MODE` of a task of a module without a manifest")
	f.DurationVar(&o.timeout, "timeout", time.Minute, "the longest `TIME` that the task may take, 0 for no limit")
	f.Var(&o.fuel, "fuel", "the most `UNITS` of fuel that it may use, such as 500M (k, M, G, T), 0 for no limit")
	f.Var(&o.memory, "memory", "the most memory that it may have, a `SIZE` such as 64MiB (KiB, MiB, GiB), 0 for no limit")
	addTrustFlag(cmd, &o.trust)
	f.StringArrayVar(&o.allowHTTP, "allow-http", nil, "a `HOST`, HOST:PORT or *.HOST that it may reach by HTTP; may be repeated")
	f.StringArrayVar(&o.env, "env", nil, "a variable `K=V` of its environment; may be repeated")
	f.StringArrayVar(&o.dirs, "dir", nil, "a folder to mount, `HOST::GUEST[:ro]`; may be repeated")
	f.BoolVar(&o.json, "json", false, "print the outcome as JSON: output, error, statistics such as fuel used and peak memory")
	f.StringVar(&o.trace, "trace", "", "write a trace of all calls to `FILE`, for ui.perfetto.dev")
	for _, number := range []string{"timeout", "fuel", "memory"} {
		cmd.RegisterFlagCompletionFunc(number, cobra.NoFileCompletions)
	}
	cmd.RegisterFlagCompletionFunc("mode", cobra.FixedCompletions([]string{"io", "blocking", "cpu"}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// moduleAndTask checks what comes before the --.
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
	return fmt.Errorf("%q is too much: arguments of a WASI command go after --, the input of a task after -i", args[2])
}

func (o *runOptions) take(args []string, dash int) {
	if dash >= 0 {
		args, o.args = args[:dash], args[dash:]
	}
	o.file = args[0]
	if len(args) > 1 {
		o.task = args[1]
	}
}

func (o *runOptions) run(ctx context.Context) error {
	// The file is made first: who can't write it wants to know before the task
	// has run.
	var trace *os.File
	if o.trace != "" {
		var err error
		if trace, err = os.Create(o.trace); err != nil {
			return &usageError{err}
		}
		defer trace.Close()
	}
	spans := &recorder{all: trace != nil}
	result := o.call(ctx, spans)
	var err error
	switch {
	case o.json:
		err = o.printJSON(newEnvelope(result))
	case result.err == nil:
		_, err = o.out.Write(result.output)
	}
	if trace != nil {
		err = errors.Join(err, timeline.WriteTrace(trace, spans.list()), trace.Close())
	}
	return cmp.Or(result.err, err)
}
