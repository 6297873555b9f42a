// The conformance program in Go. Every guest language has the same tasks, so that
// one suite can test them all. Inputs and outputs are raw bytes, with numbers as
// decimal text.
package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
	"time"
	"unsafe"

	wexec "github.com/wexec/wexec/sdk/go"
	"github.com/wexec/wexec/sdk/go/files"
	"github.com/wexec/wexec/sdk/go/kv"
)

func init() {
	// Bytes in, bytes out.
	wexec.Task("echo", wexec.IO, echo)
	wexec.Task("echo_blocking", wexec.Blocking, echo)
	wexec.Task("echo_cpu", wexec.CPU, echo)
	wexec.Task("noop", wexec.Blocking, noop)
	wexec.Task("noop_io", wexec.IO, noop)
	wexec.Task("noop_cpu", wexec.CPU, noop)
	wexec.Task("sum", wexec.CPU, sum)
	wexec.Task("big", wexec.Blocking, big)
	wexec.Task("count_out", wexec.Blocking, countOut)
	wexec.Task("count_out_io", wexec.IO, countOut)
	wexec.Task("count_out_cpu", wexec.CPU, countOut)
	wexec.Task("schema", wexec.Blocking, schema)
	wexec.Task("counter", wexec.Blocking, count)

	// Ways to end.
	wexec.Task("fail", wexec.Blocking, fail)
	wexec.Task("panic", wexec.IO, panics)
	wexec.Task("trap", wexec.Blocking, trap)
	wexec.Task("trap_io", wexec.IO, trap)
	wexec.Task("exit3", wexec.Blocking, exit3)
	wexec.Task("grow", wexec.Blocking, grow)
	wexec.Task("forever", wexec.Blocking, forever)
	wexec.Task("forever_cpu", wexec.CPU, forever)

	// Ops.
	wexec.Task("sleep", wexec.IO, sleep)
	wexec.Task("sleep_blocking", wexec.Blocking, sleep)
	wexec.Task("hang", wexec.IO, hang)
	wexec.Task("slow", wexec.Blocking, hang, wexec.Timeout(50*time.Millisecond))
	wexec.Task("await_cpu", wexec.CPU, hang)
	wexec.Task("leak_op", wexec.Blocking, leakOp)
	wexec.Task("nosuch", wexec.IO, noSuch)
	wexec.Task("fetch", wexec.IO, fetch)
	wexec.Task("stream", wexec.IO, stream)
	wexec.Task("kv", wexec.IO, keys)
	wexec.Task("files", wexec.IO, oneFile)
	wexec.Task("call", wexec.IO, call)
	wexec.Task("call_blocking", wexec.Blocking, call)
	wexec.Task("fan", wexec.IO, fan)
	wexec.Task("tree", wexec.Blocking, tree)

	// Output to the log and the standard streams.
	wexec.Task("log", wexec.Blocking, log)
	wexec.Task("print", wexec.Blocking, print)
}

func echo(_ context.Context, in []byte) ([]byte, error) { return in, nil }

func noop(context.Context, wexec.None) (wexec.None, error) { return wexec.None{}, nil }

func sum(_ context.Context, in []byte) ([]byte, error) {
	total := 0
	for _, b := range in {
		total += int(b)
	}
	return decimal(total), nil
}

func big(_ context.Context, in []byte) ([]byte, error) {
	n, err := strconv.Atoi(string(in))
	if err != nil {
		return nil, err
	}
	out := make([]byte, n)
	for i := range out {
		out[i] = byte(i % 251)
	}
	return out, nil
}

func countOut(ctx context.Context, in []byte) ([]byte, error) {
	n, err := strconv.Atoi(string(in))
	if err != nil {
		return nil, err
	}
	for i := range n {
		if i%100 == 0 {
			if err := wexec.Progress(ctx, i, n, `counting "out"`); err != nil {
				return nil, err
			}
		}
		if err := wexec.Emit(ctx, append(decimal(i), '\n')); err != nil {
			return nil, err
		}
	}
	return []byte("end"), nil
}

type schemaInput struct {
	N int `json:"n"`
}

func schema(_ context.Context, in schemaInput) (int, error) { return in.N, nil }

var counter int

func count(context.Context, wexec.None) ([]byte, error) {
	counter++
	return decimal(counter), nil
}

func fail(_ context.Context, in []byte) (wexec.None, error) {
	return wexec.None{}, wexec.Fail(7, "told to fail: "+string(in))
}

func panics(_ context.Context, in []byte) (wexec.None, error) { panic(string(in)) }

// trap reads 3 GiB past a byte, which is past the end of the memory. That is a
// trap, not a panic, so the SDK can't recover from it.
func trap(context.Context, wexec.None) ([]byte, error) {
	var b byte
	return []byte{*(*byte)(unsafe.Add(unsafe.Pointer(&b), 3<<30))}, nil
}

func exit3(context.Context, wexec.None) (none wexec.None, err error) {
	os.Exit(3)
	return
}

// grow allocates until memory runs out, which ends the instance.
func grow(context.Context, wexec.None) (wexec.None, error) {
	for kept := [][]byte{}; ; {
		kept = append(kept, make([]byte, 1<<20))
	}
}

func forever(context.Context, wexec.None) (wexec.None, error) {
	//lint:ignore SA5002 the task must never end
	for {
	}
}

func sleep(ctx context.Context, in []byte) ([]byte, error) {
	ms, err := strconv.Atoi(string(in))
	if err != nil {
		return nil, err
	}
	return []byte("slept"), wexec.Sleep(ctx, time.Duration(ms)*time.Millisecond)
}

func hang(ctx context.Context, _ wexec.None) (wexec.None, error) {
	return wexec.None{}, wexec.Sleep(ctx, time.Hour)
}

func leakOp(ctx context.Context, _ wexec.None) (wexec.None, error) {
	go wexec.Sleep(ctx, time.Hour)
	runtime.Gosched() // lets it start
	return wexec.None{}, nil
}

func noSuch(ctx context.Context, _ wexec.None) ([]byte, error) {
	return wexec.Op(ctx, "no.such", nil)
}

func fetch(ctx context.Context, url []byte) ([]byte, error) {
	response, err := wexec.Fetch(ctx, wexec.Request{URL: string(url)})
	if err != nil {
		return nil, err
	}
	return response.Body, nil
}

// stream sends a body in two pieces, and reads that of the response piece by piece.
func stream(ctx context.Context, url []byte) ([]byte, error) {
	body, err := wexec.Pipe(ctx)
	if err != nil {
		return nil, err
	}
	go func() {
		defer body.Close()
		for _, piece := range []string{"one ", "two"} {
			if _, err := io.WriteString(body, piece); err != nil {
				return
			}
		}
	}()
	response, err := wexec.Open(ctx, wexec.Request{Method: "POST", URL: string(url), Stream: body})
	if err != nil {
		return nil, err
	}
	defer response.Stream.Close()
	return io.ReadAll(response.Stream)
}

// keys writes the input to a key and a number to another, and deletes both.
func keys(ctx context.Context, in []byte) ([]byte, error) {
	first, err := kv.Swap(ctx, "k", in, 0, 0)
	if err != nil {
		return nil, err
	}
	again, err := kv.Swap(ctx, "k", []byte("x"), 0, 0)
	if err != nil {
		return nil, err
	}
	if _, err := kv.Add(ctx, "n", 42); err != nil {
		return nil, err
	}
	var text []byte
	for e, err := range kv.Scan(ctx, "", "") {
		if err != nil {
			return nil, err
		}
		text = fmt.Appendf(text, "%s=%s;", e.Key, e.Value)
	}
	deleted, err := kv.DeleteVersion(ctx, "k", first)
	if err != nil {
		return nil, err
	}
	_, err = kv.Delete(ctx, "n")
	bit := map[bool]int{true: 1}
	return fmt.Appendf(nil, "%d%d%d %s", bit[first != 0], bit[again != 0], bit[deleted], text), err
}

// oneFile writes the input to a file, reads it and removes it.
func oneFile(ctx context.Context, in []byte) ([]byte, error) {
	const path = "/data/f"
	if err := files.Write(ctx, path, in); err != nil {
		return nil, err
	}
	info, err := files.Stat(ctx, path)
	if err != nil {
		return nil, err
	}
	names := ""
	for e, err := range files.List(ctx, "/data") {
		if err != nil {
			return nil, err
		}
		names += e.Name
	}
	text, err := files.Read(ctx, path)
	if err != nil {
		return nil, err
	}
	return fmt.Appendf(nil, "%d %d %s=%s", info.Kind, info.Size, names, text), files.Remove(ctx, path)
}

func call(ctx context.Context, in []byte) ([]byte, error) {
	task, input, _ := bytes.Cut(in, []byte{'\n'})
	return wexec.Call[[]byte](ctx, string(task), input).Wait()
}

func fan(ctx context.Context, in []byte) ([]byte, error) {
	var n, ms int
	if _, err := fmt.Sscan(string(in), &n, &ms); err != nil {
		return nil, err
	}
	sleeps := make([]*wexec.Future[[]byte], n)
	for i := range sleeps {
		sleeps[i] = wexec.Call[[]byte](ctx, "sleep", decimal(ms))
	}
	for _, s := range sleeps {
		if _, err := s.Wait(); err != nil {
			return nil, err
		}
	}
	return decimal(n), nil
}

func tree(ctx context.Context, in []byte) ([]byte, error) {
	depth, err := strconv.Atoi(string(in))
	if err != nil {
		return nil, err
	}
	if depth == 0 {
		return decimal(1), nil
	}
	left := wexec.Call[int](ctx, "tree", depth-1)
	right := wexec.Call[int](ctx, "tree", depth-1)
	leaves := 0
	for _, half := range []*wexec.Future[int]{left, right} {
		n, err := half.Wait()
		if err != nil {
			return nil, err
		}
		leaves += n
	}
	return decimal(leaves), nil
}

func log(_ context.Context, in []byte) (wexec.None, error) {
	wexec.Log(wexec.LevelInfo, string(in))
	return wexec.None{}, nil
}

func print(_ context.Context, in []byte) (wexec.None, error) {
	fmt.Printf("%s\n", in)
	fmt.Fprintln(os.Stderr, "a line on stderr")
	return wexec.None{}, nil
}

func decimal(n int) []byte { return strconv.AppendInt(nil, int64(n), 10) }

func main() {}
