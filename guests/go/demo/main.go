// The demo. Each of four functions declares how it should run. A main calls them
// like ordinary functions and waits for the futures.
//
//	wexec run demo.wasm main -i "sequence 1000000 https://example.com" --allow-http example.com
//	wexec run demo.wasm main -i "futures 1000000 https://example.com" --allow-http example.com
package main

import (
	"context"
	"fmt"
	"math"
	"time"

	wexec "github.com/wexec/wexec/sdk/go"
)

var (
	computeSome = wexec.Task("compute_some", wexec.CPU, compute,
		wexec.Doc("Sums the square roots of as many numbers as the input says."))
	downloadSome = wexec.Task("download_some", wexec.IO, download,
		wexec.Doc("Fetches the URL that is the input. The output is the length of what came."))
	downloadSomeMore = wexec.Task("download_some_more", wexec.Blocking, download,
		wexec.Doc("Does the same on a thread."))
	waitSome = wexec.Task("wait_some", wexec.IO, wait,
		wexec.Doc("Sleeps a millisecond as many times as the input says, one after the other."))
	_ = wexec.Task("main", wexec.IO, run,
		wexec.Doc("Runs eleven tasks.\nThe input is: sequence <count> <url>, or: futures <count> <url>."))
)

func compute(_ context.Context, count int) (float64, error) {
	sum := 0.0
	for i := range count {
		sum += math.Sqrt(float64(i))
	}
	return sum, nil
}

func download(ctx context.Context, url []byte) (int, error) {
	response, err := wexec.Fetch(ctx, wexec.Request{URL: string(url)})
	if err != nil {
		return 0, err
	}
	return len(response.Body), nil
}

func wait(ctx context.Context, count int) (int, error) {
	for range count {
		if err := wexec.Sleep(ctx, time.Millisecond); err != nil {
			return 0, err
		}
	}
	return count, nil
}

func run(ctx context.Context, in []byte) (int, error) {
	var how, url string
	var count int
	if _, err := fmt.Sscan(string(in), &how, &count, &url); err != nil || how != "sequence" && how != "futures" {
		return 0, fmt.Errorf("the input is %q; want: sequence <count> <url>, or: futures <count> <url>", in)
	}

	type future interface{ Err() error }
	var futures []future
	call := func(f future) {
		if how == "sequence" {
			f.Err()
		}
		futures = append(futures, f)
	}
	for range 3 {
		call(computeSome.Call(ctx, count))
	}
	for range 2 {
		call(downloadSome.Call(ctx, []byte(url)))
		call(downloadSomeMore.Call(ctx, []byte(url)))
	}
	for range 4 {
		call(waitSome.Call(ctx, 1000))
	}

	for _, f := range futures {
		if err := f.Err(); err != nil {
			return 0, err
		}
	}
	return len(futures), nil
}

func main() {}
