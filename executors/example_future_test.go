package executors_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/wexec/wexec/executors"
)

// delayed returns a future that is done after some milliseconds.
func delayed[T any](ms int, value T, err error) *executors.Future[T] {
	p := &executors.Promise[T]{}
	timer := time.AfterFunc(time.Duration(ms)*time.Millisecond, func() { p.Settle(value, err) })
	p.OnCancel(func() {
		timer.Stop()
		p.Reject(executors.ErrCancelled)
	})
	return p.Future()
}

func ExamplePromise() {
	var p executors.Promise[string]
	go p.Resolve("done elsewhere")

	fmt.Println(p.Future().Wait(context.Background()))
	fmt.Println(p.Resolve("too late"))
	// Output:
	// done elsewhere <nil>
	// false
}

// A failure may have a value, too.
func ExamplePromise_Settle() {
	var p executors.Promise[string]
	p.Settle("what was printed until then", errors.New("exit status 1"))

	output, err := p.Future().Wait(context.Background())
	fmt.Printf("%v: %s\n", err, output)
	// Output: exit status 1: what was printed until then
}

// OnCancel says how work is cancelled.
func ExamplePromise_OnCancel() {
	var p executors.Promise[int]
	timer := time.AfterFunc(time.Hour, func() { p.Resolve(1) })
	p.OnCancel(func() {
		fmt.Println("the timer was stopped in time:", timer.Stop())
		p.Reject(executors.ErrCancelled)
	})

	p.Future().Cancel()
	_, err := p.Future().Wait(context.Background())
	fmt.Println(err)
	// Output:
	// the timer was stopped in time: true
	// cancelled: context canceled
}

// Wait returns early if its context ends. The work goes on.
func ExampleFuture_Wait() {
	var p executors.Promise[string]
	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()

	_, err := p.Future().Wait(ctx)
	fmt.Println(err)
	p.Resolve("late, but here")
	fmt.Println(p.Future().Wait(ctx)) // a result that is there needs no waiting
	// Output:
	// context deadline exceeded
	// late, but here <nil>
}

// Notify is for what takes no time, such as passing a result on.
func ExampleFuture_Notify() {
	var p executors.Promise[int]
	p.Future().Notify(func() { fmt.Println("settled") })

	fmt.Println("not yet")
	p.Resolve(1)
	// Output:
	// not yet
	// settled
}

func ExampleThen() {
	ctx := context.Background()
	parse := func(_ context.Context, s string) (int, error) { return strconv.Atoi(s) }

	fmt.Println(executors.Then(executors.Resolved("42"), parse).Wait(ctx))
	fmt.Println(executors.Then(executors.Resolved("many"), parse).Wait(ctx))
	fmt.Println(executors.Then(executors.Rejected[string](errors.New("no input")), parse).Wait(ctx))
	// Output:
	// 42 <nil>
	// 0 strconv.Atoi: parsing "many": invalid syntax
	// 0 no input
}

// A function that panics fails its future, and nothing else.
func ExamplePanicError() {
	broken := executors.Then(executors.Resolved(1), func(_ context.Context, i int) (string, error) {
		return []string{"only one"}[i], nil
	})
	_, err := broken.Wait(context.Background())
	fmt.Println(err)

	var failure *executors.PanicError
	if errors.As(err, &failure) {
		fmt.Println("the stack names the function:", strings.Contains(string(failure.Stack), "ExamplePanicError"))
	}
	// Output:
	// panic: runtime error: index out of range [1] with length 1
	// the stack names the function: true
}

// All has all values, or the first error. It then cancels the other futures.
func ExampleAll() {
	ctx := context.Background()
	fmt.Println(executors.All(delayed(2, "a", nil), delayed(1, "b", nil)).Wait(ctx))

	slow := delayed(1000, "c", nil)
	_, err := executors.All(slow, executors.Rejected[string](errors.New("failed"))).Wait(ctx)
	fmt.Println(err)
	_, err = slow.Wait(ctx)
	fmt.Println(err)
	// Output:
	// [a b] <nil>
	// failed
	// cancelled: context canceled
}

// Race has the first result, and cancels the other futures.
func ExampleRace() {
	ctx := context.Background()
	mirrors := executors.Race(delayed(1000, "far", nil), delayed(1, "near", nil))

	fmt.Println(mirrors.Wait(ctx))
	// Output: near <nil>
}

// Map calls a function for each item, here for two at a time.
func ExampleMap() {
	ctx := context.Background()
	length := func(_ context.Context, word string) *executors.Future[int] {
		if word == "" {
			return executors.Rejected[int](errors.New("no word"))
		}
		return delayed(len(word), len(word), nil)
	}

	fmt.Println(executors.Map(ctx, 2, []string{"one", "three", "seventeen"}, length).Wait(ctx))
	fmt.Println(executors.Map(ctx, 2, []string{"one", "", "seventeen"}, length).Wait(ctx))
	// Output:
	// [3 5 9] <nil>
	// [] item 1: no word
}

// AsCompleted yields each future when it is done.
func ExampleAsCompleted() {
	ctx := context.Background()
	var first, second executors.Promise[string]
	second.Resolve("done before")

	for i, f := range executors.AsCompleted(ctx, first.Future(), second.Future()) {
		word, err := f.Wait(ctx)
		fmt.Println(i, word, err)
		first.Resolve("done in the loop")
	}
	// Output:
	// 1 done before <nil>
	// 0 done in the loop <nil>
}

// Drain stops anything that can say when it is done.
func ExampleDrain() {
	done := make(chan struct{})
	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()

	stopped := executors.Drain(ctx, time.Minute, done, func() {
		fmt.Println("out of patience")
		close(done)
	})
	fmt.Println("stopped:", stopped)
	// Output:
	// out of patience
	// stopped: true
}
