package host_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/wexec/wexec/host"
)

// Cancel stops the work, even a loop that never ends. A context's cause is kept.
func ExampleFuture_cancel() {
	ctx := context.Background()
	h, m := open(host.Config{}, "c/conformance.wasm")
	defer h.Close(ctx)

	endless := m.Call(ctx, "forever_cpu", nil)
	endless.Cancel()
	_, err := endless.Wait(ctx)
	fmt.Println(errors.Is(err, host.ErrCancelled))

	request, cancel := context.WithCancelCause(ctx)
	endless = m.Call(request, "forever_cpu", nil)
	cancel(errors.New("the user left"))
	_, err = endless.Wait(ctx)
	fmt.Println(err)
	// Output:
	// true
	// task "forever_cpu" (mode cpu): cancelled: context canceled: the user left
}

// Wait's context is that of the wait alone: when it ends, the work goes on.
func ExampleFuture_wait() {
	ctx := context.Background()
	h, m := open(host.Config{}, "c/conformance.wasm")
	defer h.Close(ctx)

	hanging := m.Call(ctx, "hang", nil)
	defer hanging.Cancel()
	impatient, cancel := context.WithTimeout(ctx, time.Millisecond)
	defer cancel()
	_, err := hanging.Wait(impatient)
	fmt.Println(err)
	fmt.Println("calls under way:", h.Stats().Calls)
	// Output:
	// context deadline exceeded
	// calls under way: 1
}

// Then goes on with a result as soon as there is one.
func ExampleThen() {
	ctx := context.Background()
	h, m := open(host.Config{}, "c/conformance.wasm")
	defer h.Close(ctx)

	sum := host.Then(m.Call(ctx, "sum", []byte("abc")), func(_ context.Context, out []byte) (int, error) {
		return strconv.Atoi(string(out))
	})
	fmt.Println(sum.Wait(ctx))
	// Output: 294 <nil>
}

// All waits for every result. The first error ends the wait and cancels the rest.
func ExampleAll() {
	ctx := context.Background()
	h, m := open(host.Config{}, "c/conformance.wasm")
	defer h.Close(ctx)

	both, err := host.All(m.Call(ctx, "echo", []byte("a")), m.Call(ctx, "echo_cpu", []byte("b"))).Wait(ctx)
	fmt.Printf("%s %v\n", both, err)

	hanging := m.Call(ctx, "hang", nil)
	_, err = host.All(hanging, m.Call(ctx, "fail", []byte("why"))).Wait(ctx)
	fmt.Println(err)
	_, err = hanging.Wait(ctx)
	fmt.Println(host.Kind(err))
	// Output:
	// [a b] <nil>
	// task "fail" (mode blocking): failed with code 7: told to fail: why
	// cancelled
}

// Race takes the first result and cancels the rest.
func ExampleRace() {
	ctx := context.Background()
	h, m := open(host.Config{}, "c/conformance.wasm")
	defer h.Close(ctx)

	out, err := host.Race(m.Call(ctx, "hang", nil), m.Call(ctx, "echo", []byte("first"))).Wait(ctx)
	fmt.Printf("%s %v\n", out, err)
	// Output: first <nil>
}

// Map makes a call for each item, here two at a time.
func ExampleMap() {
	ctx := context.Background()
	h, m := open(host.Config{}, "c/demo.wasm")
	defer h.Close(ctx)

	compute := host.Func[int, float64](m, "compute_some")
	sums, err := host.Map(ctx, 2, []int{10, 100, 1000}, compute).Wait(ctx)
	fmt.Println(sums, err)
	// Output: [19.306 661.463 21065.833] <nil>
}

// AsCompleted yields results in the order in which they come. Here the first one is
// enough.
func ExampleAsCompleted() {
	ctx := context.Background()
	h, m := open(host.Config{}, "c/conformance.wasm")
	defer h.Close(ctx)

	hanging, quick := m.Call(ctx, "hang", nil), m.Call(ctx, "echo", []byte("hello"))
	for i, f := range host.AsCompleted(ctx, hanging, quick) {
		out, err := f.Wait(ctx)
		fmt.Printf("%d: %q %v\n", i, out, host.Kind(err))
		hanging.Cancel()
	}
	// Output:
	// 1: "hello" ok
	// 0: "" cancelled
}

// A promise makes a future of anything, such as an answer that comes from
// elsewhere. It can then be combined with calls.
func ExamplePromise() {
	ctx := context.Background()
	h, m := open(host.Config{}, "c/conformance.wasm")
	defer h.Close(ctx)

	var answer host.Promise[[]byte]
	time.AfterFunc(time.Millisecond, func() { answer.Resolve([]byte("approved")) })
	both, err := host.All(answer.Future(), m.Call(ctx, "echo", []byte("done"))).Wait(ctx)
	fmt.Printf("%s %v\n", both, err)
	// Output: [approved done] <nil>
}

// Resolved and Rejected are futures that are done, for code that must return one.
func ExampleResolved() {
	ctx := context.Background()
	cache := map[string]string{"key": "cached"}
	get := func(key string) *host.Future[string] {
		if value, ok := cache[key]; ok {
			return host.Resolved(value)
		}
		return host.Rejected[string](errors.New("no such key"))
	}
	fmt.Println(get("key").Wait(ctx))
	fmt.Println(get("none").Wait(ctx))
	// Output:
	// cached <nil>
	//  no such key
}
