package timeline

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/wexec/wexec/cmd/wexec/internal/setting"
	"github.com/wexec/wexec/host"
)

// event is one of Chrome's trace events: "X" is an event with a duration, "M"
// names a process or a thread. Times are in microseconds.
type event struct {
	Name     string         `json:"name"`
	Category string         `json:"cat,omitempty"`
	Phase    string         `json:"ph"`
	Process  int            `json:"pid"`
	Thread   int            `json:"tid"`
	Start    float64        `json:"ts"`
	Duration float64        `json:"dur,omitempty"`
	Args     map[string]any `json:"args,omitempty"`
}

// WriteTrace writes calls in Chrome's trace format, which ui.perfetto.dev and
// chrome://tracing open. A mode is a process, and a lane is a thread. A lane with
// calls that overlap is several threads, since the events of one must nest.
func WriteTrace(w io.Writer, spans []host.Span) error {
	var zero time.Time
	for _, s := range spans {
		if zero.IsZero() || s.Queued.Before(zero) {
			zero = s.Queued
		}
	}
	events := []event{}
	named := map[host.Mode]bool{}
	thread := 0
	for _, lane := range Lanes(spans) {
		process := 1 + slices.Index(modes, lane.Mode)
		if !named[lane.Mode] {
			named[lane.Mode] = true
			events = append(events, name("process", process, 0, string(lane.Mode))...)
		}
		for i, row := range lane.Rows {
			thread++
			label := lane.Name
			if i > 0 {
				label = fmt.Sprintf("%s (%d)", lane.Name, i+1)
			}
			events = append(events, name("thread", process, thread, label)...)
			for _, s := range row {
				e := complete(s, zero)
				e.Process, e.Thread = process, thread
				events = append(events, e)
			}
		}
	}
	return json.NewEncoder(w).Encode(map[string]any{"displayTimeUnit": "ms", "traceEvents": events})
}

// name returns the events that set the name and the place of a process or a
// thread.
func name(what string, process, thread int, name string) []event {
	e := event{Phase: "M", Process: process, Thread: thread}
	label, place := e, e
	label.Name, label.Args = what+"_name", map[string]any{"name": name}
	place.Name, place.Args = what+"_sort_index", map[string]any{"sort_index": process + thread}
	return []event{label, place}
}

func complete(s host.Span, zero time.Time) event {
	args := map[string]any{
		"id": s.ID, "module": s.Module, "queue_us": microseconds(start(s).Sub(s.Queued)),
		"status": host.Kind(s.Err).String(), "host_calls": s.HostCalls, "fuel": s.Fuel, "memory_bytes": s.MemoryBytes,
	}
	if s.Parent != 0 {
		args["parent"] = s.Parent
	}
	if s.Err != nil {
		args["error"] = setting.AsFlags(s.Err.Error())
	}
	return event{
		Name: s.Task, Category: string(s.Mode), Phase: "X", Args: args,
		Start: microseconds(start(s).Sub(zero)), Duration: microseconds(s.Ended.Sub(start(s))),
	}
}

func microseconds(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e3 }
