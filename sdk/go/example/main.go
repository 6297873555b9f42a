// An example of a module: two tasks, one of which calls the other.
package main

import (
	"context"
	"math"

	wexec "github.com/wexec/wexec/sdk/go"
)

type Triangle struct {
	A float64 `json:"a"`
	B float64 `json:"b"`
}

var (
	square = wexec.Task("square", wexec.CPU, func(_ context.Context, x float64) (float64, error) {
		return x * x, nil
	})
	_ = wexec.Task("hypotenuse", wexec.IO, hypotenuse)
)

func hypotenuse(ctx context.Context, t Triangle) (float64, error) {
	a, b := square.Call(ctx, t.A), square.Call(ctx, t.B) // both at once
	aa, err := a.Wait()
	if err != nil {
		return 0, err
	}
	bb, err := b.Wait()
	if err != nil {
		return 0, err
	}
	return math.Sqrt(aa + bb), nil
}

func main() {}
