package build_test

import (
	"context"
	"fmt"
	"log"

	"github.com/wexec/wexec/host"
	"github.com/wexec/wexec/host/build"
	"github.com/wexec/wexec/host/build/engines"
)

// A Go program calls a function of a script as it calls any task.
func Example() {
	ctx := context.Background()
	m, err := build.Build(ctx, "resize.ts", build.Options{})
	if err != nil {
		log.Fatal(err) // it says which line of the source is wrong, or how to get the engine
	}
	store, err := engines.DefaultStore()
	if err != nil {
		log.Fatal(err)
	}
	h, err := host.New(host.Config{Engines: store.FS()})
	if err != nil {
		log.Fatal(err)
	}
	defer h.Close(ctx)
	module, err := h.Load(ctx, m.Name, m.Bytes)
	if err != nil {
		log.Fatal(err)
	}
	half := host.Func[[]float64, []float64](module, "half")
	fmt.Println(half(ctx, []float64{640, 480}).Wait(ctx))
}
