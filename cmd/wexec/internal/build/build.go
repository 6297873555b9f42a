// Package build is the command build, which turns a source file into a module.
package build

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/wexec/wexec/cmd/wexec/internal/exit"
	"github.com/wexec/wexec/cmd/wexec/internal/module"
	"github.com/wexec/wexec/cmd/wexec/internal/quantity"
	"github.com/wexec/wexec/cmd/wexec/internal/term"
	"github.com/wexec/wexec/host"
	"github.com/wexec/wexec/host/build"
)

type options struct {
	term.Streams
	builder module.Builder
	file    string
	out     string
}

// Command returns the command.
func Command(s term.Streams) *cobra.Command {
	o := &options{Streams: s}
	cmd := &cobra.Command{
		Use:   "build FILE",
		Short: "Build a module from a source file",
		Long: `Build a module from a source file in Python, JavaScript or TypeScript, and show
its tasks. It has the sources and the packages that they import, and the name of
the engine that interprets them, which whoever runs it must have too.

What a script in JavaScript or TypeScript imports is bundled, from the folder
node_modules too. What one in Python imports is taken from beside it, from
--with-path, and from the packages that its requirements.txt names, which must be
wheels that run anywhere.`,
		Example: `  wexec build task.ts
  wexec build task.py --with-path lib -o service.wasm`,
		Args:              exit.UsageArgs(cobra.ExactArgs(1)),
		ValidArgsFunction: module.CompleteSource,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.file = args[0]
			return run(cmd.Context(), o)
		},
	}
	cmd.Flags().StringVarP(&o.out, "output", "o", "", "the `FILE` to write (default the name of the source, with .wasm)")
	o.builder.AddFlags(cmd)
	return cmd
}

func run(ctx context.Context, o *options) error {
	if build.LanguageOf(o.file) == nil {
		return exit.Usagef("%s is no source file: want one in Python, JavaScript or TypeScript", o.file)
	}
	built, err := o.builder.Build(ctx, o.Streams, o.file)
	if err != nil {
		return err
	}
	h, err := host.New(host.Config{Logger: term.NewLogger(o.Err), Engines: module.Engines()})
	if err != nil {
		return err
	}
	defer h.Close(ctx)
	m, err := h.Load(ctx, built.Name, built.Bytes)
	if err != nil {
		return err
	}
	out := cmp.Or(o.out, built.Name+".wasm")
	if err := write(out, built.Bytes); err != nil {
		return &exit.UsageError{Err: err}
	}
	_, err = fmt.Fprintf(o.Out, "%s  %s\n%s", term.OneLine(out), quantity.Bytes(uint64(len(built.Bytes))),
		module.TasksText(term.NewPalette(o.Out), m.Tasks()))
	return err
}

// write writes a file completely, or leaves what was there.
func write(file string, b []byte) error {
	temp, err := os.CreateTemp(filepath.Dir(file), ".wexec-build-*")
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name()) // fails once it is renamed
	_, err = temp.Write(b)
	if err = cmp.Or(err, temp.Chmod(0o644), temp.Close()); err != nil {
		return err
	}
	return os.Rename(temp.Name(), file)
}
