package linear

import "testing"

// way is a way to put memories back.
type way struct {
	name string
	// enter makes it the way until the test ends, or returns false.
	enter func(t testing.TB) bool
}

func waysHere() []way {
	with := func(scans, works bool) func(testing.TB) bool {
		return func(t testing.TB) bool {
			if !tellsWritten() || scans && !pagemap.scans {
				return false
			}
			before := [2]bool{pagemap.scans, pagemap.works}
			t.Cleanup(func() { pagemap.scans, pagemap.works = before[0], before[1] })
			pagemap.scans, pagemap.works = scans, works
			return true
		}
	}
	return []way{{"scan", with(true, true)}, {"read", with(false, true)}, {"copy", with(false, false)}}
}
