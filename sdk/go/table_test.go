package wexec

import (
	"testing"

	"pgregory.net/rapid"
)

// For any handles that a host hands out, the table behaves like a map.
func TestTableIsAMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var got table[int]
		want := map[uint32]*int{}
		handle := rapid.OneOf(
			rapid.Uint32(),
			rapid.Uint32Range(0, 20),
			rapid.Map(rapid.Uint32Range(0, 20), func(i uint32) uint32 { return 3<<slotBits | i }))
		for range rapid.IntRange(0, 100).Draw(t, "steps") {
			h := handle.Draw(t, "handle")
			if v := got.get(h); v != want[h] {
				t.Fatalf("get(%#x) is %p, want %p", h, v, want[h])
			}
			if want[h] == nil {
				want[h] = new(int)
				got.put(h, want[h])
			} else {
				delete(want, h)
				got.remove(h)
			}
			if got.len != len(want) {
				t.Fatalf("len is %d, want %d", got.len, len(want))
			}
			if found := got.find(func(*int) bool { return true }); (found != nil) != (len(want) > 0) {
				t.Fatalf("find found %p among %d values", found, len(want))
			}
		}
	})
}
