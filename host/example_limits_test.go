package host_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/wexec/wexec/host"
)

// Fuel bounds how much a call computes. Unlike time, it does not depend on the
// machine or on what else runs.
func ExampleOptions_fuel() {
	ctx := context.Background()
	h, m := open(host.Config{}, "c/conformance.wasm")
	defer h.Close(ctx)

	_, err := m.With(host.Options{Fuel: 1_000_000}).Call(ctx, "forever", nil).Wait(ctx)
	var out *host.OutOfFuelError
	if errors.As(err, &out) {
		fmt.Println("it used more than", out.Limit)
	}
	// Output: it used more than 1000000
}

// Memory bounds the linear memory of an instance. A guest that asks for more is
// told that there is none, as by any operating system. Here the task grow counts
// how many pieces of 1 MiB it can allocate.
func ExampleOptions_memory() {
	ctx := context.Background()
	h, m := open(host.Config{Limits: host.Limits{Memory: 8 << 20}}, "c/conformance.wasm")
	defer h.Close(ctx)

	out, err := m.Call(ctx, "grow", nil).Wait(ctx)
	fmt.Printf("%s %v\n", out, err)
	out, err = m.With(host.Options{Memory: 3 << 20}).Call(ctx, "grow", nil).Wait(ctx)
	fmt.Printf("%s %v\n", out, err)
	// Output:
	// 7 <nil>
	// 2 <nil>
}

// A call has a time to be started in, and a time to run. The error says which of
// them has passed.
func ExampleTimeoutError() {
	ctx := context.Background()
	h, m := open(host.Config{CPU: host.ExecutorLimits{Workers: 1}}, "c/conformance.wasm")
	defer h.Close(ctx)

	endless := m.Call(ctx, "forever_cpu", nil) // keeps the only worker
	waitUntilBusy(h)
	_, err := m.With(host.Options{QueueTimeout: 10 * time.Millisecond}).Call(ctx, "echo_cpu", nil).Wait(ctx)
	var timeout *host.TimeoutError
	fmt.Println(errors.As(err, &timeout), timeout.Phase, timeout.Limit)

	endless.Cancel()
	_, err = m.With(host.Options{RunTimeout: 20 * time.Millisecond}).Call(ctx, "forever_cpu", nil).Wait(ctx)
	fmt.Println(errors.As(err, &timeout), timeout.Phase, timeout.Limit)
	// Output:
	// true queue 10ms
	// true run 20ms
}

// waitUntilBusy returns when a cpu task runs.
func waitUntilBusy(h *host.Host) {
	for h.Stats().CPU.Running == 0 {
		time.Sleep(time.Millisecond)
	}
}

// A call past a bound fails at once. It does not wait, so that callers can slow
// down, try again later, or ask another machine.
func ExampleExecutorLimits() {
	ctx := context.Background()
	h, m := open(host.Config{CPU: host.ExecutorLimits{Workers: 1, Queue: 1}}, "c/conformance.wasm")
	defer h.Close(ctx)

	running := m.Call(ctx, "forever_cpu", nil)
	defer running.Cancel()
	waitUntilBusy(h)
	queued := m.Call(ctx, "echo_cpu", nil)
	defer queued.Cancel()
	_, err := m.Call(ctx, "echo_cpu", nil).Wait(ctx)
	fmt.Println(errors.Is(err, host.ErrQueueFull))
	fmt.Println(err)
	// Output:
	// true
	// task "echo_cpu" (mode cpu): queue full: cpu has 1 jobs queued
}

// Of the calls that wait, those of the highest priority are started first.
func ExampleOptions_priority() {
	ctx := context.Background()
	h, m := open(host.Config{CPU: host.ExecutorLimits{Workers: 1}}, "c/conformance.wasm")
	defer h.Close(ctx)

	running := m.Call(ctx, "forever_cpu", nil)
	waitUntilBusy(h)
	usual := m.Call(ctx, "echo_cpu", []byte("usual"))
	urgent := m.With(host.Options{Priority: 1}).Call(ctx, "echo_cpu", []byte("urgent"))
	running.Cancel()
	for _, f := range host.AsCompleted(ctx, usual, urgent) {
		out, err := f.Wait(ctx)
		fmt.Printf("%s %v\n", out, err)
	}
	// Output:
	// urgent <nil>
	// usual <nil>
}
