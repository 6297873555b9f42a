//go:build wasip1

package main

import (
	"cmp"
	"slices"
)

type record struct{ key, number uint32 }

// sort sorts n records, a few of which have equal keys.
//
//go:wasmexport sort
func sort(n int32) int32 {
	r := random(1)
	records := make([]record, n)
	for i := range records {
		records[i] = record{r.next() % uint32(n), uint32(i)}
	}
	slices.SortFunc(records, func(a, b record) int {
		return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.number, b.number))
	})
	h := newHash
	for _, r := range records {
		h = h.with(r.key).with(r.number)
	}
	return int32(h)
}

// hashmap counts n keys, about n/2 of them different.
//
//go:wasmexport hashmap
func hashmap(n int32) int32 {
	r := random(1)
	keys := uint32(n/2 + 1)
	counts := map[uint32]uint32{}
	for range n {
		counts[r.next()%keys]++
	}
	h := newHash
	for key := range keys {
		h = h.with(counts[key])
	}
	return int32(h)
}
