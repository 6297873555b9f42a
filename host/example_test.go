package host_test

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/wexec/wexec/host"
)

// open makes a host and loads one of the prebuilt guests, as the example of the
// package does.
func open(config host.Config, file string) (*host.Host, *host.Module) {
	h, err := host.New(config)
	if err != nil {
		panic(err)
	}
	m, err := h.LoadFile(context.Background(), "../guests/"+file)
	if err != nil {
		panic(err)
	}
	return h, m
}

// A program makes one host, loads modules, and makes Go functions of their tasks.
// The manifest says that compute_some is a cpu task, which gets a core, and that
// wait_some is an io task, which shares a goroutine. The caller need not know.
func Example() {
	ctx := context.Background()
	h, err := host.New(host.Config{})
	if err != nil {
		panic(err)
	}
	defer h.Close(ctx)
	m, err := h.LoadFile(ctx, "../guests/c/demo.wasm")
	if err != nil {
		panic(err)
	}

	compute := host.Func[int, float64](m, "compute_some")
	wait := host.Func[int, int](m, "wait_some")
	sum, waited := compute(ctx, 1000), wait(ctx, 10) // both run now
	fmt.Println(sum.Wait(ctx))
	fmt.Println(waited.Wait(ctx))
	// Output:
	// 21065.833 <nil>
	// 10 <nil>
}

// Call needs no host: it uses the default one, which loads each file once.
func ExampleCall() {
	ctx := context.Background()
	sum := host.Call(ctx, "../guests/c/demo.wasm", "compute_some", []byte("1000"))

	out, err := sum.Wait(ctx)
	fmt.Printf("%s %v\n", out, err)
	// Output: 21065.833 <nil>
}

// New refuses a Config that is wrong. Its error names the field.
func ExampleNew() {
	_, err := host.New(host.Config{Grants: []string{"http.fetch"}})
	fmt.Println(err)
	_, err = host.New(host.Config{CPU: host.ExecutorLimits{Workers: -1}})
	fmt.Println(err)
	// Output:
	// host: Config.Grants: no capability "http.fetch"; it has clock.sleep, task.call
	// host: Config.CPU.Workers is -1: want a positive number
}

// Load takes bytes from anywhere, and refuses what it can't run.
func ExampleHost_Load() {
	ctx := context.Background()
	h, _ := open(host.Config{}, "c/demo.wasm")
	defer h.Close(ctx)

	_, err := h.Load(ctx, "mine", []byte("(module)"))
	var invalid *host.InvalidModuleError
	fmt.Println(errors.As(err, &invalid))
	fmt.Println(err)
	// Output:
	// true
	// module "mine": it is WebAssembly text: turn it into a binary with wat2wasm or wasm-tools parse
}

// LoadFS loads from any file system, such as an embed.FS or a zip file.
func ExampleHost_LoadFS() {
	ctx := context.Background()
	h, err := host.New(host.Config{})
	if err != nil {
		panic(err)
	}
	defer h.Close(ctx)

	m, err := h.LoadFS(ctx, os.DirFS("../guests"), "c/demo.wasm")
	if err != nil {
		panic(err)
	}
	fmt.Println(m.Name())
	// Output: demo
}

// Close takes no more calls and waits for those under way.
func ExampleHost_Close() {
	ctx := context.Background()
	h, m := open(host.Config{}, "c/conformance.wasm")
	early := m.Call(ctx, "sleep", []byte("20"))

	fmt.Println(h.Close(ctx))
	out, err := early.Wait(ctx)
	fmt.Printf("%s %v\n", out, err)
	_, err = m.Call(ctx, "sleep", []byte("20")).Wait(ctx)
	fmt.Println(errors.Is(err, host.ErrClosed))
	// Output:
	// <nil>
	// slept <nil>
	// true
}
