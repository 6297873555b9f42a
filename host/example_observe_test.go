package host_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	"github.com/wexec/wexec/host"
)

// Observe gets a Span of every call that has ended, for metrics and traces. Here
// the task call calls echo_cpu.
func ExampleConfig_observe() {
	ctx := context.Background()
	h, m := open(host.Config{Observe: func(s host.Span) {
		fmt.Println(s.Tenant, s.Task, s.Mode, "called by a task:", s.Parent != 0, "error:", s.Err)
	}}, "c/conformance.wasm")
	defer h.Close(ctx)

	m.With(host.Options{Tenant: "acme"}).Call(ctx, "call", []byte("echo_cpu\nhello")).Wait(ctx)
	// Output:
	// acme echo_cpu cpu called by a task: true error: <nil>
	// acme call io called by a task: false error: <nil>
}

// Fuel in a Span is the same on every machine, so it can be billed.
func ExampleSpan() {
	ctx := context.Background()
	spans := make(chan host.Span, 2)
	h, m := open(host.Config{Observe: func(s host.Span) { spans <- s }}, "c/conformance.wasm")
	defer h.Close(ctx)

	for range 2 {
		m.Call(ctx, "sum", []byte("some bytes")).Wait(ctx)
	}
	first, second := <-spans, <-spans
	fmt.Println(first.Fuel > 0, first.Fuel == second.Fuel)
	// Output: true true
}

// Stats are a host's figures now.
func ExampleHost_Stats() {
	ctx := context.Background()
	h, m := open(host.Config{}, "c/conformance.wasm")
	defer h.Close(ctx)

	hanging := []*host.Future[[]byte]{m.Call(ctx, "hang", nil), m.Call(ctx, "hang", nil)}
	s := h.Stats()
	fmt.Println("modules:", s.Modules, "calls:", s.Calls)
	for _, f := range hanging {
		f.Cancel()
		f.Wait(ctx)
	}
	fmt.Println("calls:", h.Stats().Calls)
	// Output:
	// modules: 1 calls: 2
	// calls: 0
}

// Logger gets what guests log, with the names of module and task.
func ExampleConfig_logger() {
	ctx := context.Background()
	withoutTime := func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}
	logger := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: withoutTime}))
	h, m := open(host.Config{Logger: logger}, "c/conformance.wasm")
	defer h.Close(ctx)

	m.Call(ctx, "log", []byte("hello from inside")).Wait(ctx)
	// Output: level=INFO msg="hello from inside" module=conformance task=log
}
