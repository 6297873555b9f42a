package task

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/cmd/wexec/internal/exit"
	"github.com/wexec/wexec/cmd/wexec/internal/module"
	"github.com/wexec/wexec/cmd/wexec/internal/stdin"
	"github.com/wexec/wexec/host"
)

// Call is a call that can be made.
type Call struct {
	Module *host.Module
	// Task is what the module says of the task, in the mode that it runs in.
	Task host.Task
	// WASI is what the system calls of a WASI command see. It is nil for a task that
	// is none.
	WASI *host.WASI
	// Input is there when ReadInput has read it.
	Input []byte

	flags *Flags
	info  host.Info
}

// Load loads the module, and those that it may call, with more options for the first.
func (f *Flags) Load(ctx context.Context, h *host.Host, more host.Options) (*Call, error) {
	builder := f.builder
	builder.Program = f.Name == ""
	from := module.Source{File: f.File, Builder: &builder}
	m, err := f.load(ctx, h, from, host.Options{Mode: host.Mode(f.mode)}, more)
	if err != nil {
		return nil, err
	}
	if err := f.loadOthers(ctx, h, m.Name()); err != nil {
		return nil, err
	}
	c := &Call{Module: m, flags: f, info: m.Info()}
	if c.Task, err = f.pick(m, c.info); err != nil {
		return nil, err
	}
	if f.mode != "" {
		c.Task.Mode = host.Mode(f.mode)
	}
	if c.Task.Program || c.info.Style == host.Command {
		program := *f.wasi
		program.Args = f.args
		c.WASI = &program
	}
	return c, c.checkArguments()
}

// load loads a module. Every module of a command line has its trust and its grants.
func (f *Flags) load(
	ctx context.Context, h *host.Host, from module.Source, more ...host.Options,
) (*host.Module, error) {
	from.Limit = time.Duration(f.limits.timeout)
	more = append(more, f.trusted, host.Options{Validate: true, WASI: f.wasi})
	return module.Load(ctx, h, f.Streams, from, more...)
}

// loadOthers loads the modules that the task may call by their names: no one owns
// them, so each may call each. first is the name of the task's own module.
func (f *Flags) loadOthers(ctx context.Context, h *host.Host, first string) error {
	names := []string{first}
	for _, with := range f.with {
		from := parseWith(with)
		from.Builder = &f.builder
		name := from.ModuleName()
		switch {
		case from.File == stdin.Name:
			return exit.Usagef("--with %s: it must be a file", with)
		case slices.Contains(names, name):
			return exit.Usagef("--with %s: there is a module %q already; --with NAME=%s gives this one another name",
				with, name, from.File)
		}
		names = append(names, name)
		if _, err := f.load(ctx, h, from); err != nil {
			return err
		}
	}
	return nil
}

// parseWith reads FILE or NAME=FILE. A file with a = in its own name can be given as
// ./FILE.
func parseWith(s string) module.Source {
	if name, file, ok := strings.Cut(s, "="); ok && name != "" && !strings.ContainsAny(name, `/\`) {
		return module.Source{Name: name, File: file}
	}
	return module.Source{File: s}
}

// pick finds the task. The only function of a module needs no name before its
// numbers.
func (f *Flags) pick(m *host.Module, info host.Info) (host.Task, error) {
	known := slices.ContainsFunc(info.Tasks, func(t host.Task) bool { return t.Name == f.Name })
	if info.Style == host.Bare && !known && isNumber(f.Name) {
		f.Name, f.numbers = "", slices.Insert(f.numbers, 0, f.Name)
	}
	return module.PickTask(m, f.Name)
}

// checkArguments refuses arguments that the task can't take.
func (c *Call) checkArguments() error {
	f := c.flags
	bare := c.info.Style == host.Bare
	switch {
	case bare && len(f.numbers)+len(f.args) > 0 && f.input.given:
		return exit.Usagef("the function gets its numbers from the arguments, or from -i, not from both")
	case !bare && len(f.numbers) > 0:
		return exit.Usagef("unexpected argument %q: arguments of a WASI command go after --, the input of a task after -i",
			f.numbers[0])
	case !bare && c.WASI == nil && len(f.args) > 0:
		return exit.Usagef("%s is no WASI command, so it takes no arguments after --; give a task its input with -i", f.File)
	}
	return nil
}

// takesInput reports whether the task can take an input.
func (c *Call) takesInput() bool {
	switch c.info.Style {
	case host.Bare:
		plain := func(export string) bool { return strings.HasPrefix(export, c.Task.Name+" () ") }
		return !slices.ContainsFunc(c.info.Exports, plain)
	case host.Direct, host.Resumable:
		return slices.Contains(c.info.Imports, abi.ImportModule+".input")
	}
	return true
}

// takesText reports whether the manifest says that the input is a string.
func (c *Call) takesText() bool {
	var schema struct{ Type any }
	return json.Unmarshal(c.Task.Input, &schema) == nil && schema.Type == "string"
}
