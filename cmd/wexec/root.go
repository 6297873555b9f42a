package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"

	"github.com/spf13/cobra"
)

// execute runs a command line and returns its exit code.
func execute(args []string, s streams) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	context.AfterFunc(ctx, stop) // so that a second ctrl-C ends the process

	root := newRootCommand(s)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err != nil && ctx.Err() != nil {
		err = errInterrupted
	}
	if _, spoken := errors.AsType[*programExit](err); err != nil && !spoken {
		fmt.Fprintln(s.err, "wexec: "+visible(err.Error()))
	}
	return exitCode(err)
}

func newRootCommand(s streams) *cobra.Command {
	root := &cobra.Command{
		Use:   "wexec",
		Short: "Run task functions that were compiled to WebAssembly",
		Long: `wexec runs task functions that were compiled to WebAssembly. The function says
how it is best run, you just call it.`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			return &usageError{err: unknownCommand(cmd, args[0])}
		},
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		SilenceErrors: true, // execute prints them
		SilenceUsage:  true,

		SuggestionsMinimumDistance: 2,
	}
	root.SetIn(s.in)
	root.SetOut(s.out)
	root.SetErr(s.err)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return &usageError{err: fmt.Errorf("%w (see %s --help)", err, cmd.CommandPath())}
	})
	root.AddCommand(newRunCommand(s), newInspectCommand(s), newDemoCommand(s), newCacheCommand(s), newVersionCommand(s))
	return root
}

func unknownCommand(root *cobra.Command, name string) error {
	if near := root.SuggestionsFor(name); len(near) > 0 {
		return fmt.Errorf("unknown command %q; did you mean %s?", name, strings.Join(near, " or "))
	}
	return fmt.Errorf("unknown command %q (see wexec --help; to run a module: wexec run MODULE)", name)
}

// usage makes an error of a cobra check a usage error.
func usage(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return &usageError{err: fmt.Errorf("%w (usage: %s)", err, cmd.UseLine())}
		}
		return nil
	}
}
