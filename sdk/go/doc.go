// Package wexec turns Go functions into tasks of a module that a wexec host
// runs.
//
// # A task
//
// A task is a function with a name and a mode. The mode says how it should run:
//
//	var primes = wexec.Task("primes", wexec.CPU, countPrimes)
//
//	func countPrimes(ctx context.Context, below int) (int, error) { … }
//
//	func main() {}
//
// Inputs and outputs are JSON. The manifest of the module has a schema for each
// of them, derived from the Go type. A []byte is passed as it is, without JSON,
// and None is empty. Build the module with
//
//	GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared -ldflags='-s -w' -o tasks.wasm .
//
// The function is still an ordinary function: a unit test can call it, outside
// a guest, with any context.
//
// # Waiting
//
// A task waits for the host in an op. Sleep and Fetch are ops; Op runs any other
// capability by its name:
//
//	err := wexec.Sleep(ctx, time.Second)
//	response, err := wexec.Fetch(ctx, wexec.Request{URL: "https://example.com"})
//	place, err := wexec.Op(ctx, "geo.lookup", []byte("Ulm"))
//
// What comes in pieces is a Stream, which is an io.ReadWriteCloser. Open is Fetch with
// such a body:
//
//	response, err := wexec.Open(ctx, wexec.Request{URL: "https://example.com/large"})
//	defer response.Stream.Close()
//	lines := bufio.NewScanner(response.Stream)
//
// The context is the one that the task was given, or one derived from it.
// Deadlines and cancellation work as usual in Go. While a task waits, thousands
// of other calls may run in the same instance.
//
// # Output before the end
//
// A task may output chunks before its end, and tell how far it has got. Its output
// is all its chunks, and then what it returns:
//
//	for i, row := range rows {
//		if err := wexec.Emit(ctx, row); err != nil {
//			return nil, err
//		}
//		wexec.Progress(ctx, i+1, len(rows), "rows")
//	}
//
// # Calling tasks
//
// Call starts a call at once and returns a future. Many may be in flight:
//
//	low := primes.Call(ctx, 1_000)
//	high := primes.Call(ctx, 1_000_000)
//	n, err := low.Wait()
//	m, err := high.Wait()
//
// A task can also be called by its name, which is how a task calls itself. To
// call a task of another module, in any language, declare a Func:
//
//	n, err := wexec.Call[int](ctx, "primes", 1_000).Wait()
//
//	var lookup = wexec.Func[Query, Place]{Module: "geo", Task: "lookup"}
//	place, err := lookup.Call(ctx, Query{City: "Ulm"}).Wait()
//
// # Failing
//
// A task fails with the error that it returns. Fail returns an error with a code
// of the task's own. The failure of an op is an *Error, whose status says what
// kind of failure it is. A task that returns an *Error, wrapped or not, fails
// with the same status, so its caller sees the kind as well:
//
//	if wexec.StatusOf(err) == wexec.StatusDenied { … }
//	if errors.Is(err, context.DeadlineExceeded) { … }
//
// A panic in a task fails its call with a message that says where it happened;
// the stack goes to stderr. The SDK can't recover a panic in a goroutine that
// the task started: it ends the instance with all its calls.
//
// # What to know
//
// The guest has one thread. A task that computes for long delays the other calls
// of its instance, so give it the mode CPU.
//
// Packages are initialised once. Every instance starts from a snapshot of the
// memory after initialisation. A task of mode blocking or cpu finds the package
// variables as they were then; tasks of mode io in one instance share them.
// Random numbers that a package draws during initialisation are the same in all
// instances, and so are the hash seeds of maps that it makes then. Before the
// first task, math/rand, maps and hash/maphash get new seeds; crypto/rand always
// asks the host.
//
// A task of mode CPU does not run in a goroutine of its own, so it must not call
// runtime.Goexit.
//
// Goroutines, channels, mutexes and wait groups work as usual. Goroutines should
// end before their task does. When the task ends, its context is cancelled, its
// ops are dropped, and new ones are refused.
//
// time.Sleep, time.After and tickers are coarse. They fire only while the host
// has entered the guest, so they are up to 20 ms late and cost more than Sleep,
// which is exact. A context's deadline is exact while an op waits for it.
package wexec
