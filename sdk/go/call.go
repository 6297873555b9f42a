package wexec

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"
	"unsafe"
)

// call is one use of a task in this instance. It is also the context of its
// task: that costs no memory of its own until somebody derives a context from
// it or asks for Done.
type call struct {
	handle uint32
	size   uint32 // of the input
	task   *task
	ops    *op // those that are alive, a list

	ended     bool
	cancelled bool

	std *stdContext
}

// stdContext is what the package context makes of a call.
type stdContext struct {
	context.Context
	cancel context.CancelFunc
}

// ending is how a call ends: with an output if the code is 0.
type ending struct {
	output  []byte
	code    int32
	message string
}

func (e *ending) set(output []byte, err error) {
	if err != nil {
		e.code, e.message = failure(err)
		return
	}
	*e = ending{output: output}
}

// input reads the call's input. That also names the call to the host, which
// blames the one named last if the guest traps: an empty input is read too.
func (c *call) input() []byte {
	b := make([]byte, c.size)
	rawInput(c.handle, unsafe.Pointer(unsafe.SliceData(b)), c.size, 0)
	return b
}

// end ends the call, once. It is deferred, so that it does so whatever the
// task did: return, panic or leave by runtime.Goexit.
func (c *call) end(e *ending) {
	if p := recover(); p != nil {
		e.set(nil, panicked(p))
	}
	guest.mu.Lock()
	c.ended = true
	for c.ops != nil {
		c.ops.abandon()
	}
	c.cancel()
	guest.calls.remove(c.handle)
	if e.code == 0 {
		rawOutput(c.handle, unsafe.Pointer(unsafe.SliceData(e.output)), uint32(len(e.output)))
	} else {
		rawFail(c.handle, e.code, unsafe.Pointer(unsafe.StringData(e.message)), uint32(len(e.message)))
	}
	guest.mu.Unlock()
}

// panicked makes a failure of a panic, and shows the author the stack the way
// Go does.
func panicked(p any) error {
	message := fmt.Sprintf("panic: %v", p)
	stack := make([]byte, 8<<10)
	stack = stack[:runtime.Stack(stack, false)]
	fmt.Fprintf(os.Stderr, "%s\n\n%s\n", message, stack)
	if at := panicSite(); at != "" {
		message += " (" + at + ")"
	}
	return &Failure{errCode, message}
}

// panicSite returns the function and line that panicked: the first frame
// below the runtime's that are on top while a panic is being recovered.
func panicSite() string {
	pc := make([]uintptr, 32)
	frames := runtime.CallersFrames(pc[:runtime.Callers(0, pc)])
	for panicking := false; ; {
		f, more := frames.Next()
		inRuntime := strings.HasPrefix(f.Function, "runtime.")
		if panicking && !inRuntime && f.Function != "" {
			return fmt.Sprintf("%s, %s:%d", f.Function, f.File[strings.LastIndexByte(f.File, '/')+1:], f.Line)
		}
		panicking = panicking || f.Function == "runtime.gopanic"
		if !more {
			return ""
		}
	}
}

// callOf returns the call that a context descends from, or nil.
func callOf(ctx context.Context) *call {
	if c, ok := ctx.(*call); ok {
		return c
	}
	c, _ := ctx.Value(callKey{}).(*call)
	return c
}

type callKey struct{}

// derived returns the call as the package context knows it, and makes it
// where there is none yet. The package also asks for it while guest.mu is
// held (by op.drop, through context.AfterFunc's stop), so that it can't lock.
func (c *call) derived() *stdContext {
	if c.std != nil {
		return c.std
	}
	ctx, cancel := context.WithCancel(context.Background())
	std := &stdContext{ctx, cancel}
	if c.std == nil { // still, after allocations
		c.std = std
	}
	if c.cancelled {
		c.std.cancel()
	}
	return c.std
}

func (c *call) cancel() {
	c.cancelled = true
	if c.std != nil {
		c.std.cancel()
	}
}

// Deadline implements context.Context. The host keeps the deadlines of calls.
func (c *call) Deadline() (time.Time, bool) { return time.Time{}, false }

// Done implements context.Context.
func (c *call) Done() <-chan struct{} { return c.derived().Done() }

// Err implements context.Context.
func (c *call) Err() error {
	if c.cancelled {
		return context.Canceled
	}
	return nil
}

// Value implements context.Context. Keys that are not its own go to the
// derived context, because that is how the package context finds a parent
// that needs no goroutine to be watched.
func (c *call) Value(key any) any {
	if key == (callKey{}) {
		return c
	}
	return c.derived().Value(key)
}
