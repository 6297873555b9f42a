package demo

import (
	"context"
	"errors"
	"io"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/wexec/wexec/cmd/wexec/internal/module"
	"github.com/wexec/wexec/cmd/wexec/internal/term"
	"github.com/wexec/wexec/host"
	"github.com/wexec/wexec/host/build/engines"
)

func TestPack(t *testing.T) {
	for _, c := range []struct {
		jobs  []time.Duration
		cores int
		want  time.Duration
	}{
		{nil, 2, 0},
		{[]time.Duration{5}, 4, 5},
		{[]time.Duration{5, 5, 5}, 1, 15},
		{[]time.Duration{5, 5, 5}, 2, 10},
		{[]time.Duration{5, 5, 5}, 3, 5},
		{[]time.Duration{5, 5, 5}, 64, 5},
		{[]time.Duration{6, 3, 3}, 2, 6},
		// Longest first, each on the core with the most room, gives 7.
		{[]time.Duration{3, 3, 2, 2, 2}, 2, 6},
		{[]time.Duration{2, 3, 2, 2, 3}, 2, 6},
		{[]time.Duration{0, 0, 1}, 2, 1},
	} {
		jobs := slices.Clone(c.jobs)
		if got := pack(jobs, c.cores); got != c.want {
			t.Errorf("%v on %d cores: %d, want %d", c.jobs, c.cores, got, c.want)
		}
		if !slices.Equal(jobs, c.jobs) {
			t.Errorf("pack changed %v to %v", c.jobs, jobs)
		}
	}
}

func TestIdeal(t *testing.T) {
	zero := time.Now()
	call := func(mode host.Mode, ms int) host.Span {
		return host.Span{Mode: mode, Started: zero, Ended: zero.Add(time.Duration(ms) * time.Millisecond)}
	}
	cpu, download, wait := call(host.CPU, 500), call(host.Blocking, 400), call(host.IO, 1100)
	for _, c := range []struct {
		calls []host.Span
		cores int
		want  time.Duration
	}{
		{[]host.Span{cpu, cpu, cpu, download, wait, wait}, 2, 1100 * time.Millisecond}, // the longest
		{[]host.Span{cpu, cpu, cpu, download, wait, wait}, 1, 1500 * time.Millisecond}, // the cores
		{[]host.Span{download, download, download}, 1, 400 * time.Millisecond},
		{nil, 1, 0},
	} {
		if got := ideal(c.calls, c.cores); got != c.want {
			t.Errorf("%d calls on %d cores: %v, want %v", len(c.calls), c.cores, got, c.want)
		}
	}
}

// TestLanguages plays the script in each language.
func TestLanguages(t *testing.T) {
	for _, language := range languageNames() {
		t.Run(language, func(t *testing.T) {
			t.Parallel()
			stage := open(t, language)
			stage.count = 1000
			if _, err := stage.play(t.Context(), "futures", "", io.Discard); err != nil {
				t.Error(err)
			}
		})
	}
}

// open returns the stage for a language.
func open(t testing.TB, language string) *stage {
	guest, err := newGuest(t.Context(), term.Streams{Err: io.Discard}, language, &module.Builder{})
	if _, missing := errors.AsType[*engines.MissingError](err); missing {
		t.Skipf("SKIPPED: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	stage, err := newStage(t.Context(), guest, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stage.close(context.Background()) })
	return stage
}

// BenchmarkDemo runs the script in each language with futures. It reports the time as
// a multiple of the ideal, which it takes from one run in sequence.
func BenchmarkDemo(b *testing.B) {
	for _, language := range languageNames() {
		b.Run(language, func(b *testing.B) { benchmark(b, language) })
	}
}

func benchmark(b *testing.B, language string) {
	ctx := b.Context()
	stage := open(b, language)
	if err := stage.calibrate(ctx, 500*time.Millisecond); err != nil {
		b.Fatal(err)
	}
	sequence, err := stage.play(ctx, "sequence", "", io.Discard)
	if err != nil {
		b.Fatal(err)
	}
	best := ideal(sequence.tasks, runtime.GOMAXPROCS(0))
	var total time.Duration
	for b.Loop() {
		futures, err := stage.play(ctx, "futures", "", io.Discard)
		if err != nil {
			b.Fatal(err)
		}
		total += futures.time()
	}
	b.ReportMetric(ratio(total/time.Duration(b.N), best), "ratio")
}
