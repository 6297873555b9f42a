// This is the guest of guest_test.go. Its tasks use the SDK in ordinary and in
// unusual ways.
package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"

	wexec "github.com/wexec/wexec/sdk/go"
)

type none = wexec.None

func init() {
	wexec.Task("double", wexec.IO, double)
	wexec.Task("nap", wexec.IO, nap)
	wexec.Task("hang", wexec.IO, hang)
	wexec.Task("until_done", wexec.IO, untilDone)
	wexec.Task("fail", wexec.IO, fail)
	wexec.Task("panic", wexec.IO, func(context.Context, []byte) (none, error) { panic("ouch") })
	wexec.Task("index", wexec.IO, func(_ context.Context, in []byte) (int, error) { return int(in[9]), nil })
	wexec.Task("bad_error", wexec.IO, func(context.Context, none) (none, error) { return none{}, badError{} })
	wexec.Task("goexit", wexec.IO, func(context.Context, none) (none, error) { runtime.Goexit(); return none{}, nil })
	wexec.Task("wrapped", wexec.IO, wrapped)

	wexec.Task("runtime_sleep", wexec.IO, runtimeSleep)
	wexec.Task("runtime_sleep_cpu", wexec.CPU, runtimeSleep)
	wexec.Task("ticker", wexec.IO, ticker)
	wexec.Task("deadline", wexec.IO, deadline)
	wexec.Task("deadline_select", wexec.IO, deadlineSelect)
	wexec.Task("after_func", wexec.IO, afterFunc)
	wexec.Task("value", wexec.IO, value)

	wexec.Task("group", wexec.IO, group)
	wexec.Task("pipeline", wexec.IO, pipeline)
	wexec.Task("spin", wexec.IO, spin)
	wexec.Task("outlive", wexec.IO, outlive)

	wexec.Task("emit", wexec.IO, emit)
	wexec.Task("emit_cpu", wexec.CPU, emit)
	wexec.Task("emit_together", wexec.IO, emitTogether)
	wexec.Task("emit_deadline", wexec.IO, emitDeadline)
	wexec.Task("emit_late", wexec.IO, emitLate)

	wexec.Task("many", wexec.IO, many)
	wexec.Task("ask_twice", wexec.IO, askTwice)
	wexec.Task("cancel_child", wexec.IO, cancelChild)
}

func double(_ context.Context, n int) (int, error) { return 2 * n, nil }

func nap(ctx context.Context, ms int) (none, error) {
	return none{}, wexec.Sleep(ctx, time.Duration(ms)*time.Millisecond)
}

func hang(ctx context.Context, _ none) (none, error) {
	return none{}, wexec.Sleep(ctx, time.Hour)
}

func untilDone(ctx context.Context, _ none) (none, error) {
	<-ctx.Done()
	return none{}, ctx.Err()
}

func fail(_ context.Context, in []byte) (none, error) { return none{}, wexec.Fail(7, string(in)) }

type badError struct{}

func (badError) Error() string { panic("in Error") }

// wrapped fails with the failure of the task that its input names.
func wrapped(ctx context.Context, task []byte) (none, error) {
	if err := wexec.Call[none](ctx, string(task), nil).Err(); err != nil {
		return none{}, fmt.Errorf("%s: %w", task, err)
	}
	return none{}, nil
}

func runtimeSleep(_ context.Context, ms int) (none, error) {
	time.Sleep(time.Duration(ms) * time.Millisecond)
	return none{}, nil
}

func ticker(_ context.Context, ms int) (none, error) {
	t := time.NewTicker(time.Duration(ms) * time.Millisecond)
	defer t.Stop()
	for range 10 {
		<-t.C
	}
	return none{}, nil
}

func deadline(ctx context.Context, ms int) (none, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Duration(ms)*time.Millisecond)
	defer cancel()
	err := wexec.Sleep(ctx, time.Hour)
	if !errors.Is(err, context.DeadlineExceeded) {
		return none{}, wexec.Fail(2, fmt.Sprintf("got %v", err))
	}
	return none{}, err
}

func deadlineSelect(ctx context.Context, ms int) (none, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Duration(ms)*time.Millisecond)
	defer cancel()
	select {
	case <-ctx.Done():
	case <-make(chan int):
	}
	return none{}, ctx.Err()
}

func afterFunc(ctx context.Context, ms int) (none, error) {
	ctx, cancel := context.WithCancel(ctx)
	time.AfterFunc(time.Duration(ms)*time.Millisecond, cancel)
	return none{}, wexec.Sleep(ctx, time.Hour)
}

// value starts ops with contexts that are derived from its own.
func value(ctx context.Context, n int) (int, error) {
	type key struct{}
	ctx = context.WithValue(ctx, key{}, n)
	if err := wexec.Sleep(ctx, time.Millisecond); err != nil {
		return 0, err
	}
	inner, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	if err := wexec.Sleep(inner, time.Millisecond); err != nil {
		return 0, err
	}
	cancel()
	if err := wexec.Sleep(inner, time.Millisecond); wexec.StatusOf(err) != wexec.StatusCancelled {
		return 0, fmt.Errorf("a cancelled context does not stop an op: %v", err)
	}
	return inner.Value(key{}).(int), ctx.Err()
}

// group starts goroutines, and uses a WaitGroup and a Mutex.
func group(ctx context.Context, n int) (int, error) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	sum := 0
	for i := range n {
		wg.Go(func() {
			mu.Lock()
			defer mu.Unlock()
			if wexec.Sleep(ctx, time.Millisecond) == nil {
				sum += i
			}
		})
	}
	wg.Wait()
	return sum, nil
}

// pipeline never starts an op.
func pipeline(_ context.Context, n int) (int, error) {
	numbers, doubled := make(chan int), make(chan int)
	go func() {
		defer close(numbers)
		for i := range n {
			numbers <- i
			runtime.Gosched()
		}
	}()
	go func() {
		defer close(doubled)
		for i := range numbers {
			doubled <- 2 * i
		}
	}()
	sum := 0
	for i := range doubled {
		sum += i
	}
	return sum, nil
}

func spin(_ context.Context, n int) (none, error) {
	for range n {
		runtime.Gosched()
	}
	return none{}, nil
}

// outlive ends while its goroutines still wait for ops, and with a future that
// it does not wait for. The goroutines log what their ops return.
func outlive(ctx context.Context, _ none) (none, error) {
	report := func(what string, err error) {
		wexec.Log(wexec.LevelInfo, fmt.Sprintf("%s: %v", what, wexec.StatusOf(err)))
	}
	future := wexec.Call[none](ctx, "hang", nil)
	go func() { report("future", future.Err()) }()
	go func() {
		report("waiting", wexec.Sleep(ctx, time.Hour))
		report("again", wexec.Sleep(ctx, time.Hour))
		_, err := wexec.Op(context.WithoutCancel(ctx), "clock.sleep", nil)
		report("without cancel", err)
	}()
	go func() {
		<-ctx.Done()
		report("done", ctx.Err())
	}()
	runtime.Gosched()
	wexec.Call[none](ctx, "hang", nil)
	return none{}, nil
}

// emit emits n chunks, and progress after each.
func emit(ctx context.Context, n int) ([]byte, error) {
	for i := range n {
		if err := wexec.Emit(ctx, fmt.Append(nil, i, ";")); err != nil {
			return nil, err
		}
		if err := wexec.Progress(ctx, i+1, n, "so far"); err != nil {
			return nil, err
		}
	}
	return []byte("end"), nil
}

// emitTogether emits from n goroutines, of which some have contexts of their own. One
// chunk is too large to be emitted at once.
func emitTogether(ctx context.Context, n int) (int, error) {
	var wg sync.WaitGroup
	failures := make([]error, n)
	for i := range n {
		ctx, cancel := ctx, func() {}
		if i%2 == 0 {
			ctx, cancel = context.WithCancel(ctx)
		}
		wg.Go(func() {
			defer cancel()
			for range 10 {
				failures[i] = errors.Join(failures[i], wexec.Emit(ctx, []byte("x")))
			}
		})
	}
	wg.Wait()
	return 10 * n, errors.Join(append(failures, wexec.Emit(ctx, make([]byte, 150_000)))...)
}

// emitDeadline emits until its context ends.
func emitDeadline(ctx context.Context, ms int) (none, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Duration(ms)*time.Millisecond)
	defer cancel()
	for {
		if err := wexec.Emit(ctx, []byte("x")); err != nil {
			return none{}, err
		}
	}
}

// emitLate ends while its goroutine waits in Emit.
func emitLate(ctx context.Context, _ none) (none, error) {
	go func() {
		for {
			if err := wexec.Emit(ctx, []byte("x")); err != nil {
				wexec.Log(wexec.LevelInfo, fmt.Sprintf("late: %v", wexec.StatusOf(err)))
				return
			}
		}
	}()
	return none{}, wexec.Sleep(ctx, time.Millisecond)
}

func many(ctx context.Context, n int) (int, error) {
	futures := make([]*wexec.Future[int], n)
	for i := range futures {
		futures[i] = wexec.Call[int](ctx, "double", i)
	}
	sum := 0
	for _, f := range futures {
		v, err := f.Wait()
		if err != nil {
			return 0, err
		}
		sum += v
	}
	return sum, nil
}

func askTwice(ctx context.Context, n int) (int, error) {
	f := wexec.Call[int](ctx, "double", n)
	answers := make(chan int)
	for range 2 {
		go func() {
			v, _ := f.Wait()
			answers <- v
		}()
	}
	return <-answers + <-answers, nil
}

func cancelChild(ctx context.Context, _ none) (none, error) {
	f := wexec.Call[none](ctx, "hang", nil)
	go func() {
		wexec.Sleep(ctx, time.Millisecond)
		f.Cancel()
	}()
	err := f.Err()
	if !errors.Is(err, context.Canceled) {
		return none{}, wexec.Fail(2, fmt.Sprintf("got %v", err))
	}
	return none{}, err
}

func main() {}
