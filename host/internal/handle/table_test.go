package handle

import (
	"testing"

	"pgregory.net/rapid"
)

// TestTable compares a table with a map: a live handle leads to its value, a
// dead one to nothing, and none is 0.
func TestTable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var table Table[int]
		live := map[uint32]int{}
		var dead []uint32
		for i := range rapid.IntRange(1, 300).Draw(t, "steps") {
			if len(live) == 0 || rapid.Bool().Draw(t, "add") {
				h, ok := table.Add(i)
				if _, taken := live[h]; !ok || taken || int32(h) <= 0 {
					t.Fatalf("handle %d given out: %v", h, ok)
				}
				live[h] = i
			} else {
				for h := range live {
					table.Remove(h)
					delete(live, h)
					dead = append(dead, h)
					break
				}
			}
		}
		if table.Len() != len(live) {
			t.Fatalf("%d are live, want %d", table.Len(), len(live))
		}
		for h, want := range live {
			if got, ok := table.Get(h); !ok || got != want {
				t.Fatalf("handle %d: %d, %v; want %d", h, got, ok, want)
			}
		}
		for _, h := range dead {
			if _, alive := live[h]; alive {
				continue // given out again, 127 generations later
			}
			if _, ok := table.Get(h); ok {
				t.Fatalf("the dead handle %d leads somewhere", h)
			}
		}
		seen := 0
		for range table.All {
			seen++
		}
		if seen != len(live) {
			t.Fatalf("all yields %d, want %d", seen, len(live))
		}
	})
}

func TestTableRefusesStrangeHandles(t *testing.T) {
	var table Table[string]
	for _, h := range []uint32{0, 1, 1 << 24, 1<<32 - 1} {
		if v, ok := table.Get(h); ok {
			t.Errorf("handle %d of an empty table: %q", h, v)
		}
	}
}
