package executors_test

import (
	"context"
	"fmt"
	"time"

	"github.com/wexec/wexec/executors"
)

// Work is started, its futures are combined, and only the last step waits.
func Example() {
	ctx := context.Background()

	var celsius executors.Promise[float64]
	time.AfterFunc(time.Millisecond, func() { celsius.Resolve(20) }) // a sensor

	fahrenheit := executors.Then(celsius.Future(), func(_ context.Context, c float64) (string, error) {
		return fmt.Sprintf("%.0f °F", c*9/5+32), nil
	})
	report := executors.All(executors.Resolved("It is"), fahrenheit)

	fmt.Println(report.Wait(ctx))
	// Output: [It is 68 °F] <nil>
}
