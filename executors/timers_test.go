package executors

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestLater(t *testing.T) {
	for _, tc := range []struct{ now, d, want time.Duration }{
		{0, 0, 0},
		{1, 2, 3},
		{5, -2, 3},
		{1, never, never},
		{never, 1, never},
		{0, never, never},
	} {
		if got := later(tc.now, tc.d); got != tc.want {
			t.Errorf("later(%d, %d) = %d, want %d", tc.now, tc.d, got, tc.want)
		}
	}
}

func TestTimersModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var ts timers
		var expired []int
		deadlines := make([]deadline, 20)
		for i := range deadlines {
			deadlines[i].owner = expiry(func() { expired = append(expired, i) })
		}
		model := map[int]time.Duration{}
		which := rapid.IntRange(0, len(deadlines)-1)
		when := rapid.Custom(func(t *rapid.T) time.Duration {
			return time.Duration(rapid.IntRange(0, 30).Draw(t, "time"))
		})
		t.Repeat(map[string]func(*rapid.T){
			"set": func(t *rapid.T) {
				i, at := which.Draw(t, "deadline"), when.Draw(t, "at")
				ts.set(&deadlines[i], at)
				model[i] = at
			},
			"clear": func(t *rapid.T) {
				i := which.Draw(t, "deadline")
				_, want := model[i]
				if got := ts.clear(&deadlines[i]); got != want {
					t.Fatalf("clear reports %v", got)
				}
				delete(model, i)
			},
			"expire": func(t *rapid.T) {
				now := when.Draw(t, "now")
				expired = nil
				ts.expire(now)
				if !slices.IsSortedFunc(expired, func(a, b int) int { return int(deadlines[a].at - deadlines[b].at) }) {
					t.Fatalf("out of order: %v", expired)
				}
				var due []int
				for i, at := range model {
					if at <= now {
						due = append(due, i)
						delete(model, i)
					}
				}
				slices.Sort(due)
				slices.Sort(expired)
				if diff := cmp.Diff(due, expired); diff != "" {
					t.Fatal(diff)
				}
			},
			"": func(t *rapid.T) {
				next := never
				for _, at := range model {
					next = min(next, at)
				}
				if got := ts.next(); got != next {
					t.Fatalf("next is %d, want %d", got, next)
				}
			},
		})
	})
}

// A deadline may set another one, or itself again, when it expires.
func TestTimersSetWhileExpiring(t *testing.T) {
	var ts timers
	var d deadline
	var rounds int
	d.owner = expiry(func() {
		rounds++
		ts.set(&d, d.at+2)
	})
	ts.set(&d, 1)
	ts.expire(6)
	want(t, "rounds", rounds, 3)
	want(t, "next", ts.next(), 7)
}
