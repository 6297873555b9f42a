package executors

import (
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestQueueOrder(t *testing.T) {
	for name, tc := range map[string]struct{ push, pop []int }{
		"empty":       {nil, nil},
		"one":         {[]int{3}, []int{3}},
		"descending":  {[]int{1, 3, 2}, []int{3, 2, 1}},
		"whole range": {[]int{0, math.MinInt, math.MaxInt, -1}, []int{math.MaxInt, 0, -1, math.MinInt}},
	} {
		t.Run(name, func(t *testing.T) {
			var q queue
			for _, priority := range tc.push {
				q.push(&Ticket{Priority: priority})
			}
			var got []int
			for first := q.first(); first != nil; first = q.first() {
				got = append(got, first.Priority)
				q.remove(first)
			}
			if diff := cmp.Diff(tc.pop, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// The queue behaves like a simple model: a list in the order of arrival that
// is searched from the front.
func TestQueueModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var q queue
		var model []*Ticket
		first := func() *Ticket {
			var best *Ticket
			for _, ticket := range model {
				if best == nil || ticket.Priority > best.Priority {
					best = ticket
				}
			}
			return best
		}
		remove := func(ticket *Ticket) {
			q.remove(ticket)
			model = slices.DeleteFunc(model, func(t *Ticket) bool { return t == ticket })
		}
		t.Repeat(map[string]func(*rapid.T){
			"push": func(t *rapid.T) {
				ticket := &Ticket{Priority: rapid.IntRange(-2, 2).Draw(t, "priority")}
				q.push(ticket)
				model = append(model, ticket)
			},
			"pop": func(t *rapid.T) {
				if len(model) == 0 {
					t.Skip("empty")
				}
				remove(q.first())
			},
			"remove": func(t *rapid.T) {
				if len(model) == 0 {
					t.Skip("empty")
				}
				remove(rapid.SampledFrom(model).Draw(t, "ticket"))
			},
			"": func(t *rapid.T) {
				if q.len != len(model) || q.first() != first() {
					t.Fatalf("%d tickets, first %p; want %d, %p", q.len, q.first(), len(model), first())
				}
				for _, l := range q.lists {
					if l.head == nil {
						t.Fatal("an empty list")
					}
				}
			},
		})
	})
}
