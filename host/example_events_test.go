package host_test

import (
	"context"
	"fmt"

	"github.com/wexec/wexec/host"
)

// Events give what a task emits before its end: chunks of output, and progress. The
// result of the call is the rest of the output.
func ExampleEvents() {
	ctx := context.Background()
	h, m := open(host.Config{}, "c/conformance.wasm")
	defer h.Close(ctx)

	var events host.Events
	count := m.With(host.Options{Events: &events}).Call(ctx, "count_out", []byte("3"))
	for e := range events.All(ctx) {
		if e.Kind == host.EventChunk {
			fmt.Printf("%s: %s", e.Task, e.Data)
		} else if p, err := e.Progress(); err == nil {
			fmt.Printf("%s: %v of %v\n", e.Task, p.Done, p.Total)
		}
	}
	out, err := count.Wait(ctx)
	fmt.Printf("%s %v\n", out, err)

	// Without Events, the result has all of the output.
	out, err = m.Call(ctx, "count_out", []byte("3")).Wait(ctx)
	fmt.Printf("%q %v\n", out, err)
	// Output:
	// count_out: 0 of 3
	// count_out: 0
	// count_out: 1
	// count_out: 2
	// end <nil>
	// "0\n1\n2\nend" <nil>
}
