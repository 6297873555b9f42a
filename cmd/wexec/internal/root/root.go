// Package root puts the commands together.
//
// A command is a package beside this one, which exports the function Command. It
// has an options struct with the streams, flags and arguments, and a function run
// that does the work. Commands do not import each other; what they share has a
// package of its own. To add a command, write its package, add it to the table
// here, test it with a script in testdata/script, and describe it in the README.
package root

import (
	"context"
	"os"
	"os/signal"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wexec/wexec/cmd/wexec/internal/bench"
	"github.com/wexec/wexec/cmd/wexec/internal/build"
	"github.com/wexec/wexec/cmd/wexec/internal/cache"
	"github.com/wexec/wexec/cmd/wexec/internal/demo"
	"github.com/wexec/wexec/cmd/wexec/internal/dev"
	"github.com/wexec/wexec/cmd/wexec/internal/doctor"
	"github.com/wexec/wexec/cmd/wexec/internal/engine"
	"github.com/wexec/wexec/cmd/wexec/internal/exit"
	"github.com/wexec/wexec/cmd/wexec/internal/inspect"
	"github.com/wexec/wexec/cmd/wexec/internal/run"
	"github.com/wexec/wexec/cmd/wexec/internal/scaffold"
	"github.com/wexec/wexec/cmd/wexec/internal/term"
	"github.com/wexec/wexec/cmd/wexec/internal/version"
)

// commands has every command.
var commands = []func(term.Streams) *cobra.Command{
	bench.Command,
	build.Command,
	cache.Command,
	demo.Command,
	dev.Command,
	doctor.Command,
	engine.Command,
	inspect.Command,
	run.Command,
	scaffold.Command,
	version.Command,
}

// Execute runs a command line and returns the exit code.
func Execute(args []string, s term.Streams) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	context.AfterFunc(ctx, stop) // a second ctrl-C then ends the process

	cmd := newCommand(s)
	cmd.SetArgs(spelled(cmd, args))
	err := cmd.ExecuteContext(ctx)
	if err != nil && ctx.Err() != nil {
		err = exit.ErrInterrupted
	}
	if err != nil && !exit.Explained(err) {
		s.Report(err)
	}
	return exit.Code(err)
}

func newCommand(s term.Streams) *cobra.Command {
	root := &cobra.Command{
		Use:   "wexec",
		Short: "Run task functions that were compiled to WebAssembly",
		Long: `wexec runs task functions that were compiled to WebAssembly. The function says
how it is best run, you just call it. "wexec MODULE" is short for "wexec run MODULE".`,
		Version: version.Text(),
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			return unknownCommand(cmd, args[0])
		},
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		SilenceErrors: true, // Execute prints them
		SilenceUsage:  true,

		SuggestionsMinimumDistance: 2,
	}
	root.SetIn(s.In)
	root.SetOut(s.Out)
	root.SetErr(s.Err)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return exit.Usagef("%w (see %s --help)", err, cmd.CommandPath())
	})
	root.SetVersionTemplate("{{.Version}}")
	for _, command := range commands {
		root.AddCommand(command(s))
	}
	// Cobra would add them later, and then a file could take their names: see spelled.
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	return root
}

func unknownCommand(root *cobra.Command, name string) error {
	if near := root.SuggestionsFor(name); len(near) > 0 {
		return exit.Usagef("unknown command %q; did you mean %s?", name, strings.Join(near, " or "))
	}
	return exit.Usagef("unknown command %q (see wexec --help; to run a module: wexec run MODULE)", name)
}
