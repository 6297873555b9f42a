// Package wexec makes tasks of Go functions, for a module that a wexec host
// runs.
//
// # A task
//
// A task is a function with a name and a mode, which says how it is best run:
//
//	var primes = wexec.Task("primes", wexec.CPU, countPrimes)
//
//	func countPrimes(ctx context.Context, below int) (int, error) { … }
//
//	func main() {}
//
// Inputs and outputs are JSON, and the manifest of the module holds a schema
// of each, made from the Go type. A []byte is passed as it is, without JSON,
// and None is nothing. The module is built with
//
//	GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared -ldflags='-s -w' -o tasks.wasm .
//
// The function stays an ordinary one: the author's tests call it, outside a
// guest, with any context.
//
// # Waiting
//
// Whatever waits for the host is an op. Sleep and Fetch are two, and Op uses
// any other capability by its name:
//
//	err := wexec.Sleep(ctx, time.Second)
//	response, err := wexec.Fetch(ctx, wexec.Request{URL: "https://example.com"})
//	place, err := wexec.Op(ctx, "geo.lookup", []byte("Ulm"))
//
// The context is the one that the task was given, or one derived from it:
// deadlines and cancellation work as everywhere in Go. While a task waits,
// other calls run in the same instance, thousands of them.
//
// # Calling tasks
//
// A call starts at once and gives a future. Many may be in flight:
//
//	low := primes.Call(ctx, 1_000)
//	high := primes.Call(ctx, 1_000_000)
//	n, err := low.Wait()
//	m, err := high.Wait()
//
// A task may be called by its name, which a task that calls itself must do,
// and one of another module, in whatever language, is called by a Func:
//
//	n, err := wexec.Call[int](ctx, "primes", 1_000).Wait()
//
//	var lookup = wexec.Func[Query, Place]{Module: "geo", Task: "lookup"}
//	place, err := lookup.Call(ctx, Query{City: "Ulm"}).Wait()
//
// # Failing
//
// A task fails with the error that it returns. Fail gives one a code of its
// own. The failure of an op is an *Error, whose status says of what kind it
// is; a task that returns one, wrapped or not, fails with the same status, so
// that its caller can tell too:
//
//	if wexec.StatusOf(err) == wexec.StatusDenied { … }
//	if errors.Is(err, context.DeadlineExceeded) { … }
//
// A panic in a task fails its call, with the place where it happened; the
// stack goes to stderr. A panic in a goroutine that the task started can't be
// recovered by anybody else, and ends the instance with all its calls.
//
// # What to know
//
// The guest has one thread. A task that computes for long holds up the other
// calls of its instance, so it belongs in the mode CPU.
//
// Packages are initialised once, and every instance begins with what that left
// in memory: package variables are as they were then, in every task of mode
// blocking or cpu, and are shared by those of mode io that have one instance.
// What a package has drawn at random by then is the same for all of them, and
// so is the seed of the hash of maps that were made by then. Package math/rand,
// maps and package maphash draw new seeds before the first task; package
// crypto/rand always asks the host.
//
// A task of mode CPU runs in no goroutine of its own, so it must not leave by
// runtime.Goexit.
//
// Goroutines, channels, mutexes and wait groups work as usual. Goroutines
// should end before their task does: afterwards its context is cancelled, its
// ops are dropped, and new ones are refused.
//
// time.Sleep, time.After and tickers work coarsely: the guest must be entered
// for them to fire, so they are late by up to 20 ms and cost more than Sleep,
// which is exact. Deadlines of contexts are exact where an op waits for them.
package wexec
