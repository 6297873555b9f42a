package executors_test

import (
	"context"
	"fmt"
	"time"

	"github.com/wexec/wexec/executors"
)

// nap is a job that only waits.
type nap struct {
	executors.Ticket
	executors.Promise[string]
	loop *executors.Loop[*nap, *nap]
	name string
	time time.Duration
}

func (n *nap) Abandon(err error) { n.Reject(err) }

func (n *nap) Stop(err error) {
	n.loop.Finish(n)
	n.Reject(err)
}

// bedroom is an actor: one goroutine holds all naps. The event that it gets
// for each is the nap that is over.
type bedroom struct{ loop *executors.Loop[*nap, *nap] }

func (b *bedroom) Turn(_ context.Context, begun, over []*nap) (again bool) {
	for _, n := range begun {
		b.loop.After(n.time, n)
	}
	for _, n := range over {
		b.loop.Finish(n)
		n.Resolve(n.name)
	}
	return false
}

func (b *bedroom) Rest() {}

// A loop gives one actor all its jobs, and tells it what happens to them.
func ExampleLoop() {
	ctx := context.Background()
	actor := &bedroom{}
	actor.loop = executors.NewLoop(executors.LoopConfig{
		Name:   "bedroom",
		Limits: executors.Limits{Queue: 100, InFlight: 1000},
		Batch:  10,
		Idle:   time.Second,
	}, actor)

	var naps []*executors.Future[string]
	for i, name := range []string{"long", "longer", "endless"} {
		n := &nap{loop: actor.loop, name: name, time: 10 * time.Millisecond * time.Duration(i+1)}
		if name == "endless" {
			n.time, n.RunTimeout = time.Hour, 200*time.Millisecond
		}
		if err := actor.loop.Submit(n); err != nil {
			fmt.Println(err)
		}
		naps = append(naps, n.Future())
	}
	for _, f := range executors.AsCompleted(ctx, naps...) {
		fmt.Println(f.Wait(ctx))
	}
	fmt.Println(actor.loop.Close(ctx, time.Second))
	// Output:
	// long <nil>
	// longer <nil>
	//  timed out: ran for more than 200ms
	// <nil>
}
