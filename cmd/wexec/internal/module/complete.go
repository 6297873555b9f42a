package module

import (
	"context"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/wexec/wexec/cmd/wexec/internal/term"
	"github.com/wexec/wexec/host"
	"github.com/wexec/wexec/host/build"
)

// completion is how long it may take: the user waits for it.
const completion = 2 * time.Second

// CompleteFile completes the argument of a command that takes a module.
func CompleteFile(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return append([]string{"wasm"}, sourceExtensions()...), cobra.ShellCompDirectiveFilterFileExt
}

// CompleteSource completes the argument of a command that takes a source file.
func CompleteSource(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return sourceExtensions(), cobra.ShellCompDirectiveFilterFileExt
}

func sourceExtensions() (all []string) {
	for _, l := range build.Languages() {
		for _, extension := range l.Extensions {
			all = append(all, extension[1:])
		}
	}
	return all
}

// CompleteFileAndTask completes the arguments of a command that takes a module
// and one of its tasks.
func CompleteFileAndTask(cmd *cobra.Command, args []string, prefix string) ([]string, cobra.ShellCompDirective) {
	if len(args) == 1 {
		return taskNames(cmd.Context(), args[0]), cobra.ShellCompDirectiveNoFileComp
	}
	return CompleteFile(cmd, args, prefix)
}

// taskNames returns the tasks of a module with their summaries, or nothing if
// the module can't be loaded in time.
func taskNames(ctx context.Context, file string) []string {
	ctx, cancel := context.WithTimeout(ctx, completion)
	defer cancel()
	h, err := host.New(host.Config{Logger: slog.New(slog.DiscardHandler), Engines: Engines()})
	if err != nil {
		return nil
	}
	defer h.Close(ctx)
	m, err := Load(ctx, h, term.Streams{Out: io.Discard, Err: io.Discard}, Source{File: file})
	if err != nil {
		return nil
	}
	var names []string
	for _, t := range m.Tasks() {
		summary, _, _ := strings.Cut(t.Doc, "\n")
		names = append(names, cobra.CompletionWithDesc(term.OneLine(t.Name), term.OneLine(summary)))
	}
	return names
}
