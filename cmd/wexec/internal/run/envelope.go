package run

import (
	"encoding/json"
	"errors"
	"time"
	"unicode/utf8"

	"github.com/wexec/wexec/cmd/wexec/internal/setting"
	"github.com/wexec/wexec/host"
)

// envelope is what run --json prints.
type envelope struct {
	Task   string    `json:"task"`
	Mode   host.Mode `json:"mode"`
	Status string    `json:"status"` // ok, or the same word as Error.Kind
	// Output is the output as JSON if it is JSON, or else as a string. A call
	// that failed may have one, and it is absent if there is none. OutputBase64
	// replaces it if the output is not UTF-8.
	Output       any            `json:"output,omitempty"`
	OutputBase64 []byte         `json:"output_base64,omitempty"`
	Error        *envelopeError `json:"error,omitempty"`
	// Events are what the task emitted before its end: at most 1,000, with 1 MiB of
	// data. EventsLeft counts the others.
	Events     []envelopeEvent `json:"events,omitempty"`
	EventsLeft int             `json:"events_left,omitempty"`
	Stats      envelopeStats   `json:"stats"`
}

// envelopeEvent is a chunk of the output, or progress.
type envelopeEvent struct {
	AtNS        int64          `json:"at_ns"` // since the call was made
	Chunk       string         `json:"chunk,omitempty"`
	ChunkBase64 []byte         `json:"chunk_base64,omitempty"` // if it is not UTF-8
	Progress    *host.Progress `json:"progress,omitempty"`
}

type envelopeError struct {
	Kind string `json:"kind"`
	// Code is the task's own. It is absent if the task gave none.
	Code    int32  `json:"code,omitempty"`
	Message string `json:"message"`
}

func newEnvelopeError(kind string, err error) *envelopeError {
	e := &envelopeError{Kind: kind, Message: setting.AsFlags(err.Error())}
	// A negative code is not the task's own: it says which status an op had.
	if task, ok := errors.AsType[*host.TaskError](err); ok && task.Code > 0 {
		e.Code = task.Code
	}
	return e
}

type envelopeStats struct {
	QueueNS   int64  `json:"queue_ns"`
	RunNS     int64  `json:"run_ns"`
	HostCalls uint64 `json:"host_calls"`
	// Fuel is what the task's code used. MemoryBytes is the peak of its linear
	// memory, which never shrinks.
	Fuel        uint64 `json:"fuel"`
	MemoryBytes uint64 `json:"memory_bytes"`
}

func newEnvelope(o outcome) envelope {
	e := envelope{
		Task: o.task, Mode: o.mode, Status: host.Kind(o.err).String(),
		Events: o.events, EventsLeft: o.eventsLeft, Stats: statsOf(o.span),
	}
	if o.err != nil {
		e.Error = newEnvelopeError(e.Status, o.err)
	}
	switch {
	case o.err != nil && len(o.output) == 0:
	case !utf8.Valid(o.output):
		e.OutputBase64 = o.output
	case json.Valid(o.output):
		e.Output = json.RawMessage(o.output)
	default:
		e.Output = string(o.output)
	}
	return e
}

func statsOf(s host.Span) envelopeStats {
	stats := envelopeStats{HostCalls: s.HostCalls, Fuel: s.Fuel, MemoryBytes: s.MemoryBytes}
	if s.Started.IsZero() { // it never left the queue
		stats.QueueNS = nanoseconds(s.Queued, s.Ended)
	} else {
		stats.QueueNS, stats.RunNS = nanoseconds(s.Queued, s.Started), nanoseconds(s.Started, s.Ended)
	}
	return stats
}

func nanoseconds(from, to time.Time) int64 { return to.Sub(from).Nanoseconds() }
