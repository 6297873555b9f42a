package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/wexec/wexec/host"
)

// load loads the module in a file.
func load(ctx context.Context, h *host.Host, file string, options ...host.Options) (*host.Module, error) {
	m, err := h.LoadFile(ctx, file, options...)
	if invalid, ok := errors.AsType[*host.InvalidModuleError](err); ok && invalid.Needs != nil {
		var words []string
		for _, field := range invalid.Needs {
			words = append(words, trustWord(field))
		}
		return nil, fmt.Errorf("%w; --trust %s says that this one is", err, strings.Join(words, ","))
	}
	if _, ok := errors.AsType[*fs.PathError](err); !ok {
		return m, err
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, &usageError{err}
	}
	beside, _ := filepath.Glob(filepath.Join(filepath.Dir(file), "*.wasm"))
	if len(beside) == 0 {
		return nil, usagef("there is no file %s", file)
	}
	const few = 8
	return nil, usagef("there is no file %s; its folder has %s", file, strings.Join(beside[:min(len(beside), few)], ", "))
}

// pickTask returns the task of that name: without one, main or the only one.
func pickTask(m *host.Module, name string) (host.Task, error) {
	tasks := m.Tasks()
	if name == "" && len(tasks) == 1 {
		return tasks[0], nil
	}
	wanted := name
	if name == "" {
		wanted = "main"
	}
	if i := slices.IndexFunc(tasks, func(t host.Task) bool { return t.Name == wanted }); i >= 0 {
		return tasks[i], nil
	}
	if name != "" {
		return host.Task{Name: name}, nil // calling it fails, with the names that are near
	}
	names := make([]string, len(tasks))
	for i, t := range tasks {
		names[i] = t.Name
	}
	return host.Task{}, usagef("module %q has no task main; say which of its tasks to run: %s", m.Name(), strings.Join(names, ", "))
}

// completeModuleAndTask completes the arguments of a command: a module, and
// one of its tasks.
func completeModuleAndTask(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	switch len(args) {
	case 0:
		return []string{"wasm"}, cobra.ShellCompDirectiveFilterFileExt
	case 1:
		return taskNames(cmd.Context(), args[0]), cobra.ShellCompDirectiveNoFileComp
	}
	return nil, cobra.ShellCompDirectiveNoFileComp
}

// taskNames returns the tasks of a module for completion: what it can find out
// while somebody waits for the tab key.
func taskNames(ctx context.Context, file string) []string {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
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
		names = append(names, cobra.CompletionWithDesc(oneLine(t.Name), oneLine(summary)))
	}
	return names
}
