package run

import (
	"context"
	"errors"

	"github.com/wexec/wexec/cmd/wexec/internal/exit"
	"github.com/wexec/wexec/cmd/wexec/internal/task"
	"github.com/wexec/wexec/cmd/wexec/internal/timeline"
	"github.com/wexec/wexec/host"
)

// outcome is the result of a call, as far as it got.
type outcome struct {
	task   string
	mode   host.Mode
	output []byte
	err    error
	inLine bool      // what was written to a terminal before the output has not ended its line
	span   host.Span // zero if the call was never made

	events     []envelopeEvent // with --json
	eventsLeft int             // that are not listed
}

// call runs the task. The error of the outcome says what the user can do.
func call(ctx context.Context, o *options, spans *timeline.Recorder) outcome {
	result := outcome{task: o.Name}
	c, err := perform(ctx, o, spans, &result)
	if c != nil {
		result.task, result.mode = c.Task.Name, c.Task.Mode
	}
	if err != nil && ctx.Err() != nil {
		err = exit.ErrInterrupted
	}
	result.span = spans.Root()
	result.err = o.Advise(c, err)
	return result
}

// perform returns the call that it makes, if it gets so far.
func perform(
	ctx context.Context, o *options, spans *timeline.Recorder, result *outcome,
) (c *task.Call, failed error) {
	h, end, err := o.Open(func(config *host.Config) { config.Observe = spans.Observe })
	if err != nil {
		return nil, err
	}
	defer func() { failed = errors.Join(failed, end(ctx)) }()
	if c, err = o.Load(ctx, h, host.Options{Unsigned: o.unsigned}); err != nil {
		return c, err
	}
	if o.unsigned && c.Module.Info().Style != host.Bare {
		return c, exit.Usagef("--unsigned is for the results of bare functions; %s has none", o.File)
	}
	m := c.Module
	if c.WASI != nil {
		m = m.With(host.Options{WASI: o.withStreams(c)})
	}
	if c.WASI == nil || !c.ReadsStdin() {
		if err := c.ReadInput(ctx); err != nil {
			return c, err
		}
	}
	err = o.listen(ctx, m, c.Task.Name, c.Input, result)
	if e, ok := errors.AsType[*host.ExitError](err); ok && c.WASI != nil {
		return c, &exit.ProgramError{Err: err, Exit: e}
	}
	return c, err
}

// withStreams returns what a WASI command sees, with the streams of this process,
// unless its output is wanted as JSON or its input comes from elsewhere.
func (o *options) withStreams(c *task.Call) *host.WASI {
	w := *c.WASI
	if c.ReadsStdin() {
		w.Stdin = o.In
	}
	if !o.json {
		w.Stdout, w.Stderr = o.guest.Out, o.guest.Err
	}
	return &w
}
