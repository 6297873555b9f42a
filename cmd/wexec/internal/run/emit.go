package run

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/wexec/wexec/cmd/wexec/internal/progress"
	"github.com/wexec/wexec/cmd/wexec/internal/term"
	"github.com/wexec/wexec/host"
)

// What --json prints is bounded. Of more events it prints how many there were.
const (
	maxOutput      = 64 << 20
	maxEvents      = 1000
	maxEventsBytes = 1 << 20
)

// listen makes the call, and takes what it emits until it has ended. An interrupt ends
// ctx, which cancels the call.
func (o *options) listen(ctx context.Context, m *host.Module, task string, input []byte, result *outcome) error {
	var events host.Events
	f := m.With(host.Options{Events: &events}).Call(ctx, task, input)
	l := &listener{options: o, result: result, began: time.Now(), bar: progress.NewTask(o.Err)}
	var failed error
	for e := range events.All(context.WithoutCancel(ctx)) {
		if failed == nil {
			if failed = l.take(e); failed != nil {
				f.Cancel()
			}
		}
	}
	l.bar.Clear()
	rest, err := f.Wait(context.WithoutCancel(ctx))
	if len(result.output) > 0 {
		rest = append(result.output, rest...)
	}
	result.output = rest
	return cmp.Or(failed, err)
}

// listener shows what a call emits before its end. Chunks go to standard output, or
// with --json to the output of the outcome. Progress is a bar on a terminal.
type listener struct {
	*options
	result *outcome
	began  time.Time
	listed int // bytes of the events in the result
	bar    *progress.Task
}

func (l *listener) take(e host.Event) error {
	if len(e.Data) == 0 {
		return nil
	}
	if l.json {
		l.list(e)
	}
	if e.Kind == host.EventProgress {
		if p, err := e.Progress(); err == nil && !l.result.inLine {
			l.bar.Show(p)
		}
		return nil
	}
	if l.json {
		l.result.output = append(l.result.output, e.Data...)
		if len(l.result.output) > maxOutput {
			return fmt.Errorf("the output has more than %d bytes: --json prints it as a whole", maxOutput)
		}
		return nil
	}
	if term.IsTerminal(l.Out) {
		l.bar.Clear()
		l.result.inLine = !bytes.HasSuffix(e.Data, []byte{'\n'})
	}
	_, err := l.guest.Out.Write(e.Data)
	return err
}

// list adds an event to those of the envelope.
func (l *listener) list(e host.Event) {
	listed := envelopeEvent{AtNS: time.Since(l.began).Nanoseconds()}
	switch {
	case e.Kind == host.EventProgress:
		p, err := e.Progress()
		if err != nil {
			return
		}
		listed.Progress = &p
	case utf8.Valid(e.Data):
		listed.Chunk = string(e.Data)
	default:
		listed.ChunkBase64 = e.Data
	}
	if len(l.result.events) == maxEvents || l.listed+len(e.Data) > maxEventsBytes {
		l.result.eventsLeft++
		return
	}
	l.listed += len(e.Data)
	l.result.events = append(l.result.events, listed)
}
