package run

import (
	"context"
	"errors"

	"github.com/wexec/wexec/cmd/wexec/internal/exit"
	"github.com/wexec/wexec/cmd/wexec/internal/module"
	"github.com/wexec/wexec/cmd/wexec/internal/term"
	"github.com/wexec/wexec/cmd/wexec/internal/timeline"
	"github.com/wexec/wexec/host"
)

// outcome is the result of a call, as far as it got.
type outcome struct {
	task    string
	mode    host.Mode
	command bool // the module is a WASI command
	output  []byte
	err     error
	span    host.Span // zero if the call was never made
}

// call runs the task. The error of the outcome says what the user can do.
func call(ctx context.Context, o *options, spans *timeline.Recorder) outcome {
	result := outcome{task: o.task}
	given, err := o.check()
	if err == nil {
		err = perform(ctx, o, given, spans, &result)
	}
	if err != nil && ctx.Err() != nil {
		err = exit.ErrInterrupted
	}
	result.span = spans.Root()
	result.err = advise(o, result.command, err)
	return result
}

func perform(ctx context.Context, o *options, g given, spans *timeline.Recorder, result *outcome) (failed error) {
	access, err := o.grant.Open()
	if err != nil {
		return err
	}
	defer func() { failed = errors.Join(failed, access.Close()) }()
	config := o.config(spans)
	access.Configure(&config)
	h, err := host.New(config)
	if err != nil {
		return err
	}
	defer h.Close(ctx)
	loading := host.Options{Mode: host.Mode(o.mode), Unsigned: o.unsigned, Validate: true, WASI: &g.wasi}
	m, err := module.Load(ctx, h, o.file, g.trust, loading)
	if err != nil {
		return err
	}
	style := m.Info().Style
	if o.unsigned && style != host.Bare {
		return exit.Usagef("--unsigned is for the results of bare functions; %s has none", o.file)
	}
	result.command = style == host.Command
	task, err := module.PickTask(m, o.task)
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
		m = m.With(host.Options{WASI: o.withStreams(g.wasi)})
	}
	// An interrupt ends ctx, which cancels the call. Wait goes on until the task
	// has ended.
	result.output, err = m.Call(ctx, task.Name, input).Wait(context.WithoutCancel(ctx))
	if e, ok := errors.AsType[*host.ExitError](err); ok && result.command {
		return &exit.ProgramError{Err: err, Exit: e}
	}
	return err
}

func (o *options) config(spans *timeline.Recorder) host.Config {
	return host.Config{
		Limits:  o.limits(),
		Logger:  term.NewLogger(o.Err),
		Observe: spans.Observe,
	}
}

func (o *options) limits() host.Limits {
	l := host.Limits{Input: maxInput, RunTimeout: o.timeout, Fuel: o.mostFuel(), Memory: o.memory.Limit()}
	if o.timeout == 0 {
		l.RunTimeout = host.NoLimit
	}
	return l
}

// mostFuel is how much fuel the task may use. A task that no time limits, and of
// which --fuel says nothing, must end too.
func (o *options) mostFuel() uint64 {
	const withoutTimeout = 1e12
	if o.timeout == 0 && !o.hasFuel {
		return withoutTimeout
	}
	return o.fuel.Limit()
}

// withStreams adds what only a WASI command gets: its arguments and, unless its
// output is wanted as JSON, the streams of this process.
func (o *options) withStreams(w host.WASI) *host.WASI {
	w.Args = o.args
	if !o.json {
		w.Stdout, w.Stderr = o.guest.Out, o.guest.Err
		if o.streamsInput() {
			w.Stdin = o.In
		}
	}
	return &w
}
