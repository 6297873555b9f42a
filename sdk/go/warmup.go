package wexec

import (
	"encoding/json"
	"runtime"
)

// The host enters the guest once before the first call. It may then take a
// snapshot of the memory and start every task from it. The one-time work of an
// instance's first call is done here instead, so that the snapshot includes it.

var warm bool

// warmUp does the one-time work of the first call in advance.
func warmUp() {
	if warm {
		return
	}
	warm = true
	runtime.GC() // otherwise every task might start with a collection that is due
	// This starts a worker and fills the caches of encoding/json.
	onDeepStack(func() error {
		b, err := json.Marshal([]any{1, "one", map[string]any{"a": nil}})
		if err != nil {
			return err
		}
		var v any
		return json.Unmarshal(b, &v)
	})
	go warmUpCall()
	runtime.Gosched()
}

// warmUpCall does the bookkeeping of a small call.
func warmUpCall() {
	c := &call{}
	guest.calls.put(0, c)
	guest.calls.remove(0)
	heapSink = make([]byte, 1)
	clear(heapSink)
}

// heapSink forces an allocation onto the heap.
var heapSink []byte
