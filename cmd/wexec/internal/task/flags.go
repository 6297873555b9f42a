// Package task is what the commands that run a task have in common: the flags and
// arguments that say which task it is, what it may take and use, and its input.
//
// A command adds the Flags to its own, takes the arguments, opens a host, loads the
// task as a Call, and reads its input.
package task

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/cmd/wexec/internal/exit"
	"github.com/wexec/wexec/cmd/wexec/internal/grant"
	"github.com/wexec/wexec/cmd/wexec/internal/module"
	"github.com/wexec/wexec/cmd/wexec/internal/stdin"
	"github.com/wexec/wexec/cmd/wexec/internal/term"
	"github.com/wexec/wexec/cmd/wexec/internal/trust"
	"github.com/wexec/wexec/host"
)

// Arguments are the arguments of such a command, for its usage.
const Arguments = "MODULE [TASK] [NUMBERS...] [flags] [-- ARGS...]"

// Flags are the flags and arguments.
type Flags struct {
	term.Streams
	File string // the module, or - for standard input
	Name string // the task, or "" for main or the only one

	numbers []string // the arguments after the task
	args    []string // those after --

	input  inputFlags
	limits limits
	grant  grant.Flags
	mode   string
	trust  []string
	with   []string

	builder module.Builder
	trusted host.Options // by --trust, once Open has checked it
	wasi    *host.WASI   // what system calls see, by --env and --dir
}

// Add adds the flags to a command, which gets the streams.
func (f *Flags) Add(cmd *cobra.Command, s term.Streams) {
	f.Streams = s
	f.input.add(cmd)
	cmd.Flags().StringVar(&f.mode, "mode", "",
		"io, blocking or cpu: the `MODE` of a task of a module without a manifest")
	f.limits.add(cmd)
	f.builder.AddFlags(cmd)
	trust.AddFlag(cmd, &f.trust)
	f.grant.Add(cmd)
	cmd.Flags().StringArrayVar(&f.with, "with", nil,
		"another module that it may call, `FILE.wasm` or NAME=FILE; may be repeated")
	cmd.MarkFlagFilename("with", "wasm")
	modes := []string{"io", "blocking", "cpu"}
	cmd.RegisterFlagCompletionFunc("mode", cobra.FixedCompletions(modes, cobra.ShellCompDirectiveNoFileComp))
}

// CheckArgs checks the number of arguments.
func CheckArgs(cmd *cobra.Command, args []string) error {
	if len(args) == 0 || cmd.ArgsLenAtDash() == 0 {
		return errors.New("which module?")
	}
	return nil
}

// Take takes the arguments that a command was given.
func (f *Flags) Take(cmd *cobra.Command, args []string) {
	f.input.given = cmd.Flags().Changed("input")
	f.limits.hasFuel = cmd.Flags().Changed("fuel")
	if dash := cmd.ArgsLenAtDash(); dash >= 0 {
		args, f.args = args[:dash], args[dash:]
	}
	f.File = args[0]
	if len(args) > 1 {
		f.Name, f.numbers = args[1], args[2:]
	}
}

// Open checks the flags, and makes the host that they ask for. Its configuration can
// be changed before. end closes the host and all else that was opened.
func (f *Flags) Open(change func(*host.Config)) (h *host.Host, end func(context.Context) error, err error) {
	c := host.Config{Logger: term.NewLogger(f.Err), Engines: module.Engines()}
	if f.mode != "" {
		if _, err := abi.ParseMode(f.mode); err != nil {
			return nil, nil, exit.Usagef("--mode: %w", err)
		}
	}
	if f.File == stdin.Name && f.input.text == stdin.Name {
		return nil, nil, exit.Usagef("-i -: standard input is the module already; give the input as TEXT or @FILE")
	}
	if f.trusted, err = trust.Options(f.trust); err != nil {
		return nil, nil, err
	}
	if c.Limits, err = f.limits.host(f.trusted); err != nil {
		return nil, nil, err
	}
	if c.Compile, err = f.limits.compile(); err != nil {
		return nil, nil, err
	}
	given, err := f.grant.Open()
	if err != nil {
		return nil, nil, err
	}
	f.wasi = given.WASI
	given.Configure(&c)
	change(&c)
	if h, err = host.New(c); err != nil {
		return nil, nil, errors.Join(err, given.Close())
	}
	return h, func(ctx context.Context) error {
		h.Close(ctx)
		return given.Close()
	}, nil
}
