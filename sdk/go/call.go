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

// call is one call to a task in this instance. It is also the context that the
// task gets: the context takes no memory of its own until a context is derived
// from it or Done is called.
type call struct {
	handle uint32
	size   uint32 // of the input
	task   *task
	ops    *op // the list of ops that are alive

	ended     bool
	cancelled bool

	std      *stdContext
	emitters *emitters // nil unless some had to wait
}

// stdContext is a call as a context of the standard library.
type stdContext struct {
	context.Context
	cancel context.CancelFunc
}

// outcome is how a call ends: with an output if the code is 0, otherwise with a
// failure.
type outcome struct {
	output  []byte
	code    int32
	message string
}

func (e *outcome) set(output []byte, err error) {
	if err != nil {
		e.code, e.message = failure(err)
		return
	}
	*e = outcome{output: output}
}

// input reads the call's input. It reads an empty input too, because reading
// names the call to the host: if the guest traps, the host blames the call that
// was named last.
func (c *call) input() []byte {
	b := make([]byte, c.size)
	rawInput(c.handle, unsafe.Pointer(unsafe.SliceData(b)), c.size, 0)
	return b
}

// end ends the call. It is deferred, so that it runs once whether the task
// returns, panics or calls runtime.Goexit.
func (c *call) end(e *outcome) {
	if p := recover(); p != nil {
		e.set(nil, panicked(p))
	}
	guest.mu.Lock()
	c.ended = true
	for c.ops != nil {
		c.ops.abandon()
	}
	c.wakeEmitters()
	c.cancel()
	guest.calls.remove(c.handle)
	if e.code == 0 {
		rawOutput(c.handle, unsafe.Pointer(unsafe.SliceData(e.output)), uint32(len(e.output)))
	} else {
		rawFail(c.handle, e.code, unsafe.Pointer(unsafe.StringData(e.message)), uint32(len(e.message)))
	}
	guest.mu.Unlock()
}

// panicked turns a panic into a failure. It prints the stack to stderr, as Go
// does.
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

// panicSite returns the function and line that panicked. While a panic is
// being recovered, that is the first frame below those of the runtime.
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

// derived returns the call's stdContext, and makes it if there is none yet. It
// must not lock guest.mu, because package context may call it while op.drop
// holds that lock, through the stop function of context.AfterFunc.
func (c *call) derived() *stdContext {
	if c.std != nil {
		return c.std
	}
	ctx, cancel := context.WithCancel(context.Background())
	std := &stdContext{ctx, cancel}
	if c.std == nil { // an allocation above may have let another goroutine set it
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

// Value implements context.Context. It passes unknown keys to the derived
// context: that is how package context finds a parent that it can watch without
// a goroutine.
func (c *call) Value(key any) any {
	if key == (callKey{}) {
		return c
	}
	return c.derived().Value(key)
}
