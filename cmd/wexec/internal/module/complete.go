package module

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/wexec/wexec/cmd/wexec/internal/term"
	"github.com/wexec/wexec/host"
)

// completion is how long it may take: the user waits for it.
const completion = 2 * time.Second

// CompleteFile completes the argument of a command that takes a module.
func CompleteFile(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return []string{"wasm"}, cobra.ShellCompDirectiveFilterFileExt
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
	h, err := host.New(host.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil
	}
	defer h.Close(ctx)
	m, err := h.LoadFile(ctx, file)
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
