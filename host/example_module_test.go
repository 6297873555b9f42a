package host_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/wexec/wexec/host"
)

// Call never blocks and never returns an error: what can't be called is a future
// that has failed.
func ExampleModule_Call() {
	ctx := context.Background()
	h, m := open(host.Config{}, "c/conformance.wasm")
	defer h.Close(ctx)

	out, err := m.Call(ctx, "echo", []byte("hello")).Wait(ctx)
	fmt.Printf("%s %v\n", out, err)
	_, err = m.Call(ctx, "eco", nil).Wait(ctx)
	fmt.Println(err)
	// Output:
	// hello <nil>
	// module "conformance" has no task "eco"; it has echo
}

// The context is that of the work: when it ends, the call is cancelled.
func ExampleModule_Call_deadline() {
	ctx := context.Background()
	h, m := open(host.Config{}, "c/conformance.wasm")
	defer h.Close(ctx)

	soon, cancel := context.WithTimeout(ctx, 10*time.Millisecond)
	defer cancel()
	_, err := m.Call(soon, "hang", nil).Wait(ctx)
	fmt.Println(err)
	fmt.Println(host.Kind(err), errors.Is(err, context.DeadlineExceeded))
	// Output:
	// task "hang" (mode io): timed out: the caller's deadline passed
	// timeout true
}

// Tasks call tasks with the capability task.call, which every host has. Here the
// guest's task call, of mode io, calls sum, of mode cpu, and outputs its result.
func ExampleModule_Call_taskCall() {
	ctx := context.Background()
	h, m := open(host.Config{}, "c/conformance.wasm")
	defer h.Close(ctx)

	out, err := m.Call(ctx, "call", []byte("sum\nabc")).Wait(ctx)
	fmt.Printf("%s %v\n", out, err)
	// Output: 294 <nil>
}

// Func speaks JSON in both directions, and bytes as they are. It checks inputs and
// outputs against the schemas in the manifest.
func ExampleFunc() {
	ctx := context.Background()
	h, m := open(host.Config{}, "c/conformance.wasm")
	defer h.Close(ctx)

	type request struct {
		N any `json:"n"`
	}
	number := host.Func[request, int](m, "schema")
	fmt.Println(number(ctx, request{42}).Wait(ctx))
	fmt.Println(number(ctx, request{"many"}).Wait(ctx))

	echo := host.Func[[]byte, []byte](m, "echo")
	raw, err := echo(ctx, []byte("raw bytes")).Wait(ctx)
	fmt.Printf("%s %v\n", raw, err)
	// Output:
	// 42 <nil>
	// 0 task "schema" (mode blocking): invalid input: n: got string, want integer
	// raw bytes <nil>
}

// With returns another view of the module. Limits only narrow, whatever the order.
func ExampleModule_With() {
	ctx := context.Background()
	h, m := open(host.Config{}, "c/conformance.wasm")
	defer h.Close(ctx)

	hasty := m.With(host.Options{RunTimeout: 10 * time.Millisecond})
	wider := hasty.With(host.Options{RunTimeout: time.Hour})
	_, err := wider.Call(ctx, "hang", nil).Wait(ctx)
	fmt.Println(err)
	// Output: task "hang" (mode io): timed out: ran for more than 10ms
}

// The manifest says what the tasks do and how they run best.
func ExampleModule_Tasks() {
	ctx := context.Background()
	h, m := open(host.Config{}, "c/demo.wasm")
	defer h.Close(ctx)

	for _, task := range m.Tasks() {
		summary, _, _ := strings.Cut(task.Doc, "\n")
		fmt.Printf("%-18s %-8s %s\n", task.Name, task.Mode, summary)
	}
	// Output:
	// compute_some       cpu      Sums the square roots of the numbers below a count.
	// download_some      io       Downloads a page without holding a thread.
	// download_some_more blocking Downloads a page on a thread.
	// wait_some          io       Sleeps 1 ms again and again.
	// main               io       Calls the other tasks, eleven times in all.
}

// Info says what there is to know of a module without calling it.
func ExampleModule_Info() {
	ctx := context.Background()
	h, m := open(host.Config{}, "c/command.wasm")
	defer h.Close(ctx)

	info := m.Info()
	fmt.Println("style:", info.Style)
	fmt.Println("exports:", info.Exports)
	fmt.Println("a new instance for every task, because", info.Irreversible)
	// Output:
	// style: WASI command
	// exports: [_start () -> ()]
	// a new instance for every task, because it is a program, which runs once
}

// Any module runs, not only one that knows of wexec. A function that takes and
// returns numbers is a task: its input is a JSON array. Since such a module has no
// manifest, the caller says the mode, which is blocking otherwise.
func ExampleOptions_mode() {
	ctx := context.Background()
	h, m := open(host.Config{}, "wat/hazards.wasm")
	defer h.Close(ctx)

	m = m.With(host.Options{Mode: host.CPU})
	out, err := m.Call(ctx, "add", []byte("[40, 2]")).Wait(ctx)
	fmt.Printf("%s %v\n", out, err)

	swap := host.Func[[2]int, [2]int](m, "swap")
	fmt.Println(swap(ctx, [2]int{1, 2}).Wait(ctx))
	// Output:
	// 42 <nil>
	// [2 1] <nil>
}

// Validate checks what a plain Call leaves to the task: its input and output
// against the schemas in the manifest.
func ExampleOptions_validate() {
	ctx := context.Background()
	h, m := open(host.Config{}, "c/conformance.wasm")
	defer h.Close(ctx)

	checked := m.With(host.Options{Validate: true})
	_, err := checked.Call(ctx, "schema", []byte("{}")).Wait(ctx)
	fmt.Println(err)
	_, err = checked.Call(ctx, "schema", []byte(`{"n": 13}`)).Wait(ctx)
	fmt.Println(err)
	// Output:
	// task "schema" (mode blocking): invalid input: missing property 'n'
	// task "schema" (mode blocking): invalid output: it does not match its schema: got string, want integer
}
