package bench

import (
	"testing"

	"github.com/HdrHistogram/hdrhistogram-go"
	"pgregory.net/rapid"
)

// TestBuckets records times, and looks for every one of them in the buckets.
func TestBuckets(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := hdrhistogram.New(1, int64(longest), 3)
		times := rapid.SliceOf(rapid.Int64Range(0, int64(longest))).Draw(t, "times")
		for _, ns := range times {
			if err := h.RecordValue(ns); err != nil {
				t.Fatal(err)
			}
		}
		var calls int64
		list := buckets(h)
		for i, b := range list {
			calls += b.Calls
			if b.From > b.To || i > 0 && b.From != list[i-1].To {
				t.Fatalf("bucket %d of %v", i, list)
			}
		}
		if calls != int64(len(times)) {
			t.Fatalf("%d of %d times are in %v", calls, len(times), list)
		}
		if len(times) > 0 && (list[0].From > max(h.Min(), 1) || list[len(list)-1].To <= h.Max()) {
			t.Fatalf("%v does not span %d to %d", list, h.Min(), h.Max())
		}
	})
}

func TestRounded(t *testing.T) {
	for ns, want := range map[int64]string{
		0: "0s", 7: "7ns", 999: "999ns", 1234: "1.23µs", 99999: "100µs", 123456789: "123ms", 61234567890: "1m1.2s",
	} {
		if got := rounded(ns); got != want {
			t.Errorf("%d ns: %s, want %s", ns, got, want)
		}
	}
}

func TestChart(t *testing.T) {
	r := report{Histogram: []bucket{{1000, 2000, 1}, {2000, 4000, 0}, {4000, 8000, 1000}}}
	want := `  1µs  1     ━
  2µs  0
  4µs  1000  ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━
`
	if got := r.chart(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
