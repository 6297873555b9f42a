// Package timeline records when and where calls ran. It shows that to people as
// a chart, and to the viewers of Chrome and Perfetto as a trace.
package timeline

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wexec/wexec/host"
)

// Lane is a place where calls ran: a core, a thread or a loop. Calls on a loop
// overlap; then they are in different rows.
type Lane struct {
	Name string
	Mode host.Mode
	Rows [][]host.Span
}

// Lanes groups calls by where they ran.
func Lanes(spans []host.Span) []Lane {
	spans = slices.SortedFunc(slices.Values(spans), func(a, b host.Span) int {
		return cmp.Or(start(a).Compare(start(b)), cmp.Compare(a.ID, b.ID))
	})
	var lanes []Lane
	for _, s := range spans {
		name := cmp.Or(s.Lane, "not started")
		same := func(l Lane) bool { return l.Name == name && l.Mode == s.Mode }
		i := slices.IndexFunc(lanes, same)
		if i < 0 {
			i = len(lanes)
			lanes = append(lanes, Lane{Name: name, Mode: s.Mode})
		}
		lanes[i].add(s)
	}
	slices.SortFunc(lanes, compareLanes)
	return lanes
}

// add puts a call into the first row that is free when it starts.
func (l *Lane) add(s host.Span) {
	for i, row := range l.Rows {
		if !row[len(row)-1].Ended.After(start(s)) {
			l.Rows[i] = append(row, s)
			return
		}
	}
	l.Rows = append(l.Rows, []host.Span{s})
}

// start returns when a call started, or when it was queued if it never started.
func start(s host.Span) time.Time {
	if s.Started.IsZero() {
		return s.Queued
	}
	return s.Started
}

// compareLanes orders lanes by mode, then by name, and "core 10" after "core 9".
func compareLanes(a, b Lane) int {
	wordA, a1, _ := strings.Cut(a.Name, " ")
	wordB, b1, _ := strings.Cut(b.Name, " ")
	numberA, _ := strconv.Atoi(a1)
	numberB, _ := strconv.Atoi(b1)
	return cmp.Or(
		cmp.Compare(slices.Index(modes, a.Mode), slices.Index(modes, b.Mode)),
		strings.Compare(wordA, wordB),
		cmp.Compare(numberA, numberB),
	)
}

// modes has the modes in the order of their lanes.
var modes = []host.Mode{host.CPU, host.Blocking, host.IO}
