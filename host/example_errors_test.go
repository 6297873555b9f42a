package host_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/wexec/wexec/host"
)

// Kind sorts errors, for a program that has to decide what to do next.
func ExampleKind() {
	ctx := context.Background()
	h, m := open(host.Config{}, "c/conformance.wasm")
	defer h.Close(ctx)

	for _, task := range []string{"echo", "fail", "trap", "exit3", "slow", "await_cpu", "nosuch", "missing"} {
		_, err := m.Call(ctx, task, nil).Wait(ctx)
		switch kind := host.Kind(err); kind {
		case host.OK:
			fmt.Println(task, "did it")
		case host.Timeout, host.QueueFull, host.InstanceLost:
			fmt.Println(task, "may be tried again:", kind)
		default:
			fmt.Println(task, "would fail again:", kind)
		}
	}
	// Output:
	// echo did it
	// fail would fail again: failed
	// trap would fail again: trap
	// exit3 would fail again: exit
	// slow may be tried again: timeout
	// await_cpu would fail again: denied
	// nosuch would fail again: denied
	// missing would fail again: no_such_task
}

// A task fails with a code of its own, and a message.
func ExampleTaskError() {
	ctx := context.Background()
	h, m := open(host.Config{}, "c/conformance.wasm")
	defer h.Close(ctx)

	_, err := m.Call(ctx, "fail", []byte("no disk")).Wait(ctx)
	var failure *host.TaskError
	if errors.As(err, &failure) {
		fmt.Println(failure.Code, failure.Message)
	}
	// Output: 7 told to fail: no disk
}

// Every error of a call says which task failed. It wraps the reason.
func ExampleCallError() {
	ctx := context.Background()
	h, m := open(host.Config{}, "c/conformance.wasm")
	defer h.Close(ctx)

	_, err := m.Call(ctx, "await_cpu", nil).Wait(ctx)
	var call *host.CallError
	if errors.As(err, &call) {
		fmt.Println(call.Module, call.Task, call.Mode)
	}
	var await *host.AwaitError
	fmt.Println(errors.As(err, &await), await.Capability)
	fmt.Println(err)
	// Output:
	// conformance await_cpu cpu
	// true clock.sleep
	// task "await_cpu" (mode cpu) called clock.sleep: cpu tasks may not await; declare it io or blocking
}

// A trap ends the instance and the call, and nothing else. The error has the
// guest's stack.
func ExampleTrapError() {
	ctx := context.Background()
	h, m := open(host.Config{}, "c/conformance.wasm")
	defer h.Close(ctx)

	_, err := m.Call(ctx, "trap", nil).Wait(ctx)
	var trap *host.TrapError
	if errors.As(err, &trap) {
		fmt.Println(trap.Reason)
		fmt.Println(trap.Stack[0])
	}
	out, err := m.Call(ctx, "echo", []byte("the next call")).Wait(ctx)
	fmt.Printf("%s %v\n", out, err)
	// Output:
	// unreachable
	// conformance.wasm.trap(i32)
	// the next call <nil>
}

// Calls that share an instance are lost with it when one of them traps. They may
// be tried again.
func ExampleKind_instanceLost() {
	ctx := context.Background()
	h, m := open(host.Config{IO: host.ExecutorLimits{Workers: 1}}, "c/resumable.wasm")
	defer h.Close(ctx)

	beside := m.Call(ctx, "sleep", []byte("60000"))
	_, trap := m.Call(ctx, "trap", nil).Wait(ctx)
	_, lost := beside.Wait(ctx)
	fmt.Println(host.Kind(trap))
	fmt.Println(host.Kind(lost), errors.Is(lost, host.ErrInstanceLost))
	// Output:
	// trap
	// instance_lost true
}
