package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host"
)

// outcome is what became of a call, as far as it came.
type outcome struct {
	task    string
	mode    host.Mode
	command bool // the module is a WASI command
	output  []byte
	err     error
	span    host.Span // zero if the call was never made
}

// call runs the task, from the check of the flags to the advice on what went
// wrong.
func (o *runOptions) call(ctx context.Context, spans *recorder) outcome {
	result := outcome{task: o.task}
	if result.err = o.check(); result.err == nil {
		result.err = o.perform(ctx, spans, &result)
	}
	result.span = spans.root()
	if result.err != nil && ctx.Err() != nil {
		result.err = errInterrupted
	}
	result.err = o.advise(result)
	return result
}

func (o *runOptions) perform(ctx context.Context, spans *recorder, result *outcome) error {
	h, err := host.New(o.config(spans))
	if err != nil {
		return usagef("--allow-http: %w", cmp.Or(errors.Unwrap(err), err)) // all that can be wrong
	}
	defer h.Close(ctx)
	m, err := load(ctx, h, o.file, o.trusted, host.Options{Mode: host.Mode(o.mode), Validate: true, WASI: &o.wasi})
	if err != nil {
		return err
	}
	result.command = m.Info().Style == host.Command
	task, err := pickTask(m, o.task)
	if err != nil {
		return err
	}
	result.task, result.mode = task.Name, task.Mode
	if o.mode != "" {
		result.mode = host.Mode(o.mode)
	}
	input, err := o.readInput(result.command)
	if err != nil {
		return err
	}
	if result.command {
		m = m.With(host.Options{WASI: o.commandWASI()})
	}
	// When ctx ends, by an interrupt, the call is cancelled. The end of that is
	// waited for.
	result.output, err = m.Call(ctx, task.Name, input).Wait(context.WithoutCancel(ctx))
	if exit, ok := errors.AsType[*host.ExitError](err); ok && result.command {
		return &programExit{exit}
	}
	return err
}

// check looks at the flags that no other place does.
func (o *runOptions) check() error {
	if o.timeout < 0 {
		return usagef("--timeout %v: want a time, or 0 for no limit", o.timeout)
	}
	if o.mode != "" {
		if _, err := abi.ParseMode(o.mode); err != nil {
			return usagef("--mode: %w", err)
		}
	}
	for _, kv := range o.env {
		if key, _, ok := strings.Cut(kv, "="); !ok || key == "" {
			return usagef("--env %s: want K=V", kv)
		}
	}
	var err error
	if o.trusted, err = trustOptions(o.trust); err != nil {
		return err
	}
	if o.hasFuel && o.trusted.Safepoints == host.Off {
		return usagef("--fuel %v: with --trust no-safepoints no fuel is counted", &o.fuel)
	}
	o.wasi.Env = o.env
	for _, dir := range o.dirs {
		mount, err := parseMount(dir)
		if err != nil {
			return err
		}
		o.wasi.Mounts = append(o.wasi.Mounts, mount)
	}
	return nil
}

func (o *runOptions) config(spans *recorder) host.Config {
	limits := host.Limits{Input: maxInput, RunTimeout: o.timeout, Fuel: o.fuel.limit(), Memory: o.memory.limit()}
	if o.timeout == 0 {
		limits.RunTimeout = host.NoLimit
	}
	return host.Config{
		AllowHTTP: o.allowHTTP,
		Limits:    limits,
		Logger:    slog.New(newLogHandler(o.err)),
		Observe:   spans.observe,
	}
}

// commandWASI returns what a WASI command sees: unless its output is wanted as
// JSON, the streams of this process.
func (o *runOptions) commandWASI() *host.WASI {
	w := o.wasi
	w.Args = o.args
	if !o.json {
		w.Stdout, w.Stderr = o.out, o.err
		if o.streamsInput() {
			w.Stdin = o.in
		}
	}
	return &w
}

// advise adds to an error what the user can do, where host can't know it.
func (o *runOptions) advise(result outcome) error {
	err := result.err
	if timeout, ok := errors.AsType[*host.TimeoutError](err); ok && timeout.Limit == o.timeout {
		return fmt.Errorf("%w; --timeout gives it more time", err)
	}
	if fuel, ok := errors.AsType[*host.OutOfFuelError](err); ok && fuel.Limit == o.fuel.n {
		return fmt.Errorf("%w; --fuel gives it more", err)
	}
	// Of this refusal there is only a text, which is wazero's.
	if invalid, ok := errors.AsType[*host.InvalidModuleError](err); ok && invalid.Err != nil && strings.HasPrefix(invalid.Err.Error(), "section memory: min ") {
		return fmt.Errorf("%w; --memory gives it more", err)
	}
	if _, ok := errors.AsType[*host.NoSuchTaskError](err); ok && result.command {
		return fmt.Errorf("%w; arguments of a WASI command go after --", err)
	}
	if _, ok := errors.AsType[*host.InvalidInputError](err); ok && !o.hasInput && o.mode == "" && !result.command {
		return fmt.Errorf("%w; -i gives the task an input", err)
	}
	return err
}
