package executors_test

import (
	"context"
	"fmt"
	"time"

	"github.com/wexec/wexec/executors"
)

// greeting is a job: it embeds a Ticket, and a Promise for its result.
type greeting struct {
	executors.Ticket
	executors.Promise[string]
	name string
}

func (g *greeting) Run(*executors.Worker) {}
func (g *greeting) Ended()                { g.Resolve("hello, " + g.name) }
func (g *greeting) Abandon(err error)     { g.Reject(err) }
func (g *greeting) Stop(error)            {} // it is too short to be stopped

// Futures are made, chained and joined; only the end of it waits.
func Example() {
	ctx := context.Background()

	var temperature executors.Promise[float64]
	time.AfterFunc(time.Millisecond, func() { temperature.Resolve(20) }) // a sensor

	fahrenheit := executors.Then(temperature.Future(), func(_ context.Context, celsius float64) (string, error) {
		return fmt.Sprintf("%.0f °F", celsius*9/5+32), nil
	})
	report := executors.All(executors.Resolved("It is"), fahrenheit)

	lines, err := report.Wait(ctx)
	fmt.Println(lines, err)
	// Output: [It is 68 °F] <nil>
}
