// Package module loads the module that a command line names, and picks its task.
package module

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/wexec/wexec/cmd/wexec/internal/exit"
	"github.com/wexec/wexec/cmd/wexec/internal/trust"
	"github.com/wexec/wexec/host"
)

// Load loads the module in a file. Its errors say what the user can do.
func Load(ctx context.Context, h *host.Host, file string, options ...host.Options) (*host.Module, error) {
	m, err := h.LoadFile(ctx, file, options...)
	if invalid, ok := errors.AsType[*host.InvalidModuleError](err); ok {
		if words := trust.Words(invalid.Needs); len(words) > 0 {
			return nil, fmt.Errorf("%w; --trust %s says that this one is", err, strings.Join(words, ","))
		}
	}
	if _, ok := errors.AsType[*fs.PathError](err); !ok {
		return m, err
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, &exit.UsageError{Err: err}
	}
	beside, _ := filepath.Glob(filepath.Join(filepath.Dir(file), "*.wasm"))
	if len(beside) == 0 {
		return nil, exit.Usagef("there is no file %s", file)
	}
	const few = 8
	beside = beside[:min(len(beside), few)]
	return nil, exit.Usagef("there is no file %s; its folder has %s", file, strings.Join(beside, ", "))
}

// PickTask returns the task with a name. Without a name it is main, or the only
// task.
func PickTask(m *host.Module, name string) (host.Task, error) {
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
		return host.Task{Name: name}, nil // the call fails, with an error that has similar names
	}
	names := make([]string, len(tasks))
	for i, t := range tasks {
		names[i] = t.Name
	}
	return host.Task{}, exit.Usagef("module %q has no task main; say which of its tasks to run: %s",
		m.Name(), strings.Join(names, ", "))
}
