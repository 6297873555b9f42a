// Package module loads the module that a command line names, and picks its task.
package module

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/wexec/wexec/cmd/wexec/internal/exit"
	"github.com/wexec/wexec/cmd/wexec/internal/stdin"
	"github.com/wexec/wexec/cmd/wexec/internal/term"
	"github.com/wexec/wexec/cmd/wexec/internal/trust"
	"github.com/wexec/wexec/host"
	"github.com/wexec/wexec/host/build"
)

// maxModule is the most bytes that are read of a module. The host takes less.
const maxModule = 256 << 20

// patience is how long loading takes until the user is told about it.
const patience = 300 * time.Millisecond

// Source is where a module comes from.
type Source struct {
	// Name is the module's name. Default: that of the file without .wasm.
	Name string
	// File is the file, or - for standard input.
	File string
	// Limit is the longest to wait for the end of standard input; 0 is no limit.
	Limit time.Duration
	// Builder builds the module if the file is a source file. Default: the zero Builder.
	Builder *Builder
}

// ModuleName returns the name that the module gets.
func (s Source) ModuleName() string {
	if s.File == stdin.Name {
		return cmp.Or(s.Name, "stdin")
	}
	base := filepath.Base(s.File)
	if build.LanguageOf(base) != nil {
		return cmp.Or(s.Name, strings.TrimSuffix(base, filepath.Ext(base)))
	}
	return cmp.Or(s.Name, strings.TrimSuffix(base, ".wasm"))
}

// Load loads a module. Its errors say what the user can do.
func Load(
	ctx context.Context, h *host.Host, s term.Streams, from Source, options ...host.Options,
) (*host.Module, error) {
	bytes, err := from.read(ctx, s)
	if err != nil {
		return nil, err
	}
	done := s.Notice(patience, fmt.Sprintf("compiling %s…", term.OneLine(from.ModuleName())))
	defer done()
	m, err := h.Load(ctx, from.ModuleName(), bytes, options...)
	if invalid, ok := errors.AsType[*host.InvalidModuleError](err); ok {
		if words := trust.Words(invalid.Needs); len(words) > 0 {
			return nil, fmt.Errorf("%w; --trust %s says that this one is", err, strings.Join(words, ","))
		}
	}
	return m, err
}

func (s Source) read(ctx context.Context, streams term.Streams) ([]byte, error) {
	if s.File == stdin.Name {
		return stdin.Reader{Streams: streams, What: "the module", Most: maxModule, Limit: s.Limit}.Read(ctx)
	}
	if build.LanguageOf(s.File) != nil {
		built, err := cmp.Or(s.Builder, &Builder{}).Build(ctx, streams, s.File)
		if err != nil {
			return nil, err
		}
		return built.Bytes, nil
	}
	bytes, err := os.ReadFile(s.File)
	if err == nil {
		return bytes, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, &exit.UsageError{Err: err}
	}
	return nil, noSuchFile(s.File)
}

// noSuchFile says which modules, or sources of the language, there are in the folder of a
// missing file.
func noSuchFile(file string) error {
	extension := ".wasm"
	if build.LanguageOf(file) != nil {
		extension = filepath.Ext(file)
	}
	beside, _ := filepath.Glob(filepath.Join(filepath.Dir(file), "*"+extension))
	if len(beside) == 0 {
		return exit.Usagef("there is no file %s", file)
	}
	const few = 8
	beside = beside[:min(len(beside), few)]
	return exit.Usagef("there is no file %s; its folder has %s", file, strings.Join(beside, ", "))
}

// PickTask returns the task with a name. Without a name it is the program, main, or
// the only task.
func PickTask(m *host.Module, name string) (host.Task, error) {
	tasks := m.Tasks()
	if name == "" && len(tasks) == 1 {
		return tasks[0], nil
	}
	wanted := name
	if name == "" {
		wanted = "main"
		if i := slices.IndexFunc(tasks, func(t host.Task) bool { return t.Program }); i >= 0 {
			wanted = tasks[i].Name
		}
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
