package timeline

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wexec/wexec/host"
)

var zero = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func at(ms int) time.Time { return zero.Add(time.Duration(ms) * time.Millisecond) }

// call returns a call that spent a millisecond in the queue.
func call(id uint64, task, lane string, mode host.Mode, from, to int) host.Span {
	return host.Span{
		ID: id, Module: "m", Task: task, Mode: mode, Lane: lane,
		Queued: at(from - 1), Started: at(from), Ended: at(to),
	}
}

var calls = []host.Span{
	call(7, "wait", "loop 0", host.IO, 500, 900),
	call(6, "wait", "loop 0", host.IO, 200, 700),
	call(5, "wait", "loop 0", host.IO, 100, 500),
	call(4, "download", "thread 10", host.Blocking, 0, 600),
	call(3, "download", "thread 9", host.Blocking, 0, 400),
	call(2, "compute_something", "core 0", host.CPU, 400, 600),
	call(1, "compute", "core 0", host.CPU, 0, 400),
	call(8, "blink", "core 0", host.CPU, 1000, 1000),
	{ID: 9, Task: "late", Mode: host.CPU, Queued: at(0), Ended: at(1000), Err: errors.New("queue")},
}

func TestLanes(t *testing.T) {
	var got []string
	for _, lane := range Lanes(calls) {
		text := lane.Name
		for _, row := range lane.Rows {
			text += " |"
			for _, s := range row {
				text += fmt.Sprint(" ", s.ID)
			}
		}
		got = append(got, text)
	}
	want := []string{
		"core 0 | 1 2 8",
		"not started | 9",
		"thread 9 | 3",
		"thread 10 | 4",
		"loop 0 | 5 7 | 6",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestChart(t *testing.T) {
	chart := Chart{
		Indent: 1, Width: 60,
		Paint: func(_ host.Mode, s string) string { return s },
		Dim:   func(s string) string { return s },
	}
	got := chart.Draw(Lanes(calls), at(0), at(1000))
	want := `
 core 0       ┣━ compute ━━━━━━┫┣compute…┫                 ┃
 not started  ┣━ late ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┫
 thread 9     ┣━ download ━━━━━┫
 thread 10    ┣━ download ━━━━━━━━━━━━━━━┫
 loop 0            ┣━ wait ━━━━━━━━━┫┣━ wait ━━━━━━━━━┫
                       ┣━ wait ━━━━━━━━━━━━━━┫
              ╵0 s     ╵0.2     ╵0.4      ╵0.6     ╵0.8
`
	if diff := cmp.Diff(want, "\n"+got); diff != "" {
		t.Error(diff)
		t.Log("\n" + got)
	}
	for line := range strings.Lines(got) {
		if n := len([]rune(line)) - 1; n > chart.Width {
			t.Errorf("%d columns, at most %d are allowed: %s", n, chart.Width, line)
		}
	}
}

func TestBar(t *testing.T) {
	want := []string{
		"┃", "┣┫", "┣━┫", "┣━━┫", "┣━━━┫", "┣dow…┫", "┣down…┫", "┣downl…┫", "┣downlo…┫",
		"┣download┫", "┣download━┫", "┣download━━┫", "┣download━━━┫", "┣━ download ━┫",
	}
	for i, want := range want {
		if got := bar("download", i+1); got != want {
			t.Errorf("in %d columns: %q, want %q", i+1, got, want)
		}
	}
}

func TestTrace(t *testing.T) {
	var b bytes.Buffer
	if err := WriteTrace(&b, calls); err != nil {
		t.Fatal(err)
	}
	var trace struct{ TraceEvents []event }
	if err := json.Unmarshal(b.Bytes(), &trace); err != nil {
		t.Fatal(err)
	}
	names := map[string]string{}
	var tasks []string
	ends := map[int]float64{} // of the last call of a thread
	for _, e := range trace.TraceEvents {
		key := fmt.Sprintf("%s %d %d", e.Name, e.Process, e.Thread)
		switch e.Phase {
		case "M":
			if name, ok := e.Args["name"].(string); ok {
				names[key] = name
			}
		case "X":
			thread := names[fmt.Sprintf("thread_name %d %d", e.Process, e.Thread)]
			tasks = append(tasks, fmt.Sprintf("%v on %s, %v to %v", e.Args["id"], thread, e.Start, e.Start+e.Duration))
			if e.Start < ends[e.Thread] {
				t.Errorf("%s overlaps the call before it", e.Name)
			}
			ends[e.Thread] = e.Start + e.Duration
		}
	}
	slices.Sort(tasks)
	want := []string{
		"1 on core 0, 1000 to 401000",
		"2 on core 0, 401000 to 601000",
		"3 on thread 9, 1000 to 401000",
		"4 on thread 10, 1000 to 601000",
		"5 on loop 0, 101000 to 501000",
		"6 on loop 0 (2), 201000 to 701000",
		"7 on loop 0, 501000 to 901000",
		"8 on core 0, 1.001e+06 to 1.001e+06",
		"9 on not started, 1000 to 1.001e+06",
	}
	if diff := cmp.Diff(want, tasks); diff != "" {
		t.Error(diff)
	}
	if names["process_name 3 0"] != "io" {
		t.Errorf("process 3 is called %q, want io", names["process_name 3 0"])
	}
}

func TestTraceOfNothing(t *testing.T) {
	var b bytes.Buffer
	if err := WriteTrace(&b, nil); err != nil {
		t.Fatal(err)
	}
	if want := `{"displayTimeUnit":"ms","traceEvents":[]}` + "\n"; b.String() != want {
		t.Errorf("got %s, want %s", &b, want)
	}
}

func TestRecorder(t *testing.T) {
	spans := []host.Span{{ID: 1}, {ID: 3, Parent: 2}, {ID: 2}, {ID: 4, Parent: 2}}
	for _, c := range []struct {
		all  bool
		want int
	}{{false, 2}, {true, 4}} {
		r := Recorder{All: c.all}
		for _, s := range spans {
			r.Observe(s)
		}
		if got := r.Len(); got != c.want || len(r.Spans()) != got {
			t.Errorf("with All %v it has %d spans, want %d", c.all, got, c.want)
		}
		if got := r.Root().ID; got != 2 {
			t.Errorf("with All %v the root is %d, want 2", c.all, got)
		}
	}
	if got := new(Recorder).Root(); !got.Queued.IsZero() {
		t.Errorf("the root of nothing is %v", got)
	}
}
