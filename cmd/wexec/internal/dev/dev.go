// Package dev is the command dev, which runs a source file again each time that it
// changes. watch.go says when that is.
package dev

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"time"

	"github.com/spf13/cobra"

	"github.com/wexec/wexec/cmd/wexec/internal/exit"
	"github.com/wexec/wexec/cmd/wexec/internal/module"
	"github.com/wexec/wexec/cmd/wexec/internal/term"
	"github.com/wexec/wexec/host/build"
)

type options struct {
	term.Streams
	builder module.Builder
	file    string
	run     []string // the arguments of wexec run
}

// Command returns the command.
func Command(s term.Streams) *cobra.Command {
	o := &options{Streams: s}
	cmd := &cobra.Command{
		Use:   "dev [flags] FILE [TASK] [flags of run]",
		Short: "Run a source file each time that it changes",
		Long: `Run a source file as wexec run does, and again each time that it or a file that
it imports changes. What still runs is stopped first. Ctrl-C ends it.

What stands behind FILE goes to wexec run as it is.`,
		Example: `  wexec dev task.ts
  wexec dev task.py greet -i '"you"' --allow-http example.com`,
		Args:                  exit.UsageArgs(cobra.MinimumNArgs(1)),
		DisableFlagsInUseLine: true,
		ValidArgsFunction:     module.CompleteSource,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.file = args[0]
			o.run = append(append([]string{"run"}, o.builder.Flags()...), args...)
			return run(cmd.Context(), o)
		},
	}
	cmd.Flags().SetInterspersed(false)
	o.builder.AddFlags(cmd)
	return cmd
}

func run(ctx context.Context, o *options) error {
	if build.LanguageOf(o.file) == nil {
		return exit.Usagef("%s is no source file: want one in Python, JavaScript or TypeScript", o.file)
	}
	w, err := newWatcher(o.file)
	if err != nil {
		return err
	}
	defer w.Close()
	for ctx.Err() == nil {
		o.clear()
		turn, stop := context.WithCancel(ctx)
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			o.turn(turn, w)
		}()
		err := w.wait(ctx)
		stop()
		<-ended
		if err != nil && ctx.Err() == nil {
			return err
		}
	}
	return nil
}

// clear clears a terminal, so that a run begins where the last one began.
func (o *options) clear() {
	if term.IsTerminal(o.Out) {
		io.WriteString(o.Out, "\x1b[H\x1b[2J")
	}
}

// turn builds the file and runs it. It says how that ended.
func (o *options) turn(ctx context.Context, w *watcher) {
	start := time.Now()
	built, err := o.builder.Build(ctx, o.Streams, o.file)
	if err == nil {
		err = w.follow(built.Inputs)
	}
	if err == nil {
		err = o.perform(ctx)
	}
	if ctx.Err() != nil {
		return // the file has changed, or ctrl-C was pressed
	}
	took := time.Since(start).Round(time.Millisecond)
	code := exit.Code(err)
	if e, ok := errors.AsType[*exec.ExitError](err); ok {
		code = e.ExitCode()
	} else if err != nil {
		o.Report(err)
	}
	said := fmt.Sprintf("done in %v", took)
	if err != nil {
		said = fmt.Sprintf("exit code %d after %v", code, took)
	}
	fmt.Fprintf(o.Err, "\n%s %s; waiting for changes of %s\n", term.Signature(o.Err), said, term.OneLine(o.file))
}

// grace is how long a run may take to end after it was interrupted.
const grace = 5 * time.Second

// perform runs wexec run as a process of its own: it is what the user will type, and it
// can be stopped whatever it does.
func (o *options) perform(ctx context.Context) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, self, o.run...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = o.In, o.Out, o.Err
	cmd.Cancel = func() error {
		if runtime.GOOS == "windows" { // which has no interrupt for one process
			return cmd.Process.Kill()
		}
		return cmd.Process.Signal(os.Interrupt)
	}
	cmd.WaitDelay = grace
	return cmd.Run()
}
