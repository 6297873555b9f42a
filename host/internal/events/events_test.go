package events

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/wexec/wexec/abi"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(q *Queue, id uint64) *Source {
	s := &Source{}
	s.Open(q, id, fmt.Sprint("task ", id))
	return s
}

// never is a room function that must not be called.
func never() { panic("told that there is room") }

// TestQueueIsBounded puts into a queue that nobody reads as much as it takes.
func TestQueueIsBounded(t *testing.T) {
	for _, size := range []int{0, 1, 64, 1000, abi.MaxEmitBytes} {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		var q Queue
		s := open(&q, 1)
		n, data := 0, make([]byte, size)
		for s.Put(abi.EmitChunk, data) {
			n++
		}
		if !s.Wait(never) || s.Put(abi.EmitChunk, data) {
			t.Errorf("%d bytes: a full queue has room", size)
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		took := int(after.HeapAlloc) - int(before.HeapAlloc)
		if want := capacity / (size + overhead); n != want || took > capacity+capacity/8 {
			t.Errorf("%d events of %d bytes take %d bytes; want %d events", n, size, took, want)
		}
		runtime.KeepAlive(&q)
	}
}

// TestQueueIsAModel compares a queue with a list.
func TestQueueIsAModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var q Queue
		var list []Event
		held, next := 0, uint64(0)
		sources, waits := map[uint64]*Source{}, map[uint64]bool{}
		pick := func() (uint64, *Source) {
			if len(sources) == 0 {
				next++
				sources[next] = open(&q, next)
			}
			ids := make([]uint64, 0, len(sources))
			for id := uint64(1); id <= next; id++ {
				if sources[id] != nil {
					ids = append(ids, id)
				}
			}
			id := rapid.SampledFrom(ids).Draw(t, "source")
			return id, sources[id]
		}
		t.Repeat(map[string]func(*rapid.T){
			"open": func(*rapid.T) { next++; sources[next] = open(&q, next) },
			"put": func(t *rapid.T) {
				id, s := pick()
				data := make([]byte, rapid.SampledFrom([]int{0, 1, 1000, abi.MaxEmitBytes}).Draw(t, "size"))
				fits := held+overhead+len(data) <= capacity
				if got := s.Put(abi.EmitProgress, data); got != fits {
					t.Fatalf("put is %v with %d bytes held", got, held)
				}
				if fits {
					list, held = append(list, Event{Call: id, Data: data}), held+overhead+len(data)
				}
			},
			"fill": func(t *rapid.T) {
				id, s := pick()
				for data := make([]byte, 30_000); s.Put(abi.EmitChunk, data); {
					list, held = append(list, Event{Call: id, Data: data}), held+overhead+len(data)
				}
			},
			"wait": func(t *rapid.T) {
				id, s := pick()
				got := s.Wait(func() {
					if !waits[id] {
						panic("told without a wait")
					}
					delete(waits, id)
				})
				if got != (held > low) {
					t.Fatalf("wait is %v with %d bytes held", got, held)
				}
				if got {
					waits[id] = true
				}
			},
			"close": func(t *rapid.T) {
				id, s := pick()
				s.Close()
				s.Close()
				if !s.Put(abi.EmitChunk, nil) || s.Wait(never) {
					t.Fatal("a closed source is not sealed")
				}
				delete(sources, id)
				delete(waits, id)
			},
			"read": func(t *rapid.T) {
				if len(list) == 0 && len(sources) > 0 {
					return // it would wait
				}
				e, err := q.Next(context.Background())
				if len(list) == 0 {
					if err != io.EOF {
						t.Fatalf("got %v, want the end", err)
					}
					return
				}
				want := list[0]
				list, held = list[1:], held-overhead-len(want.Data)
				if err != nil || e.Call != want.Call || len(e.Data) != len(want.Data) || e.Task != fmt.Sprint("task ", e.Call) {
					t.Fatalf("got %d of %d, %v", len(e.Data), e.Call, err)
				}
				if held <= low && len(waits) > 0 {
					t.Fatalf("%d sources were not told that there is room", len(waits))
				}
			},
			"": func(t *rapid.T) {
				if q.held != held || len(q.waiting) != len(waits) || q.open != len(sources) {
					t.Fatalf("held %d, waiting %d, open %d; want %d, %d, %d",
						q.held, len(q.waiting), q.open, held, len(waits), len(sources))
				}
			},
		})
	})
}

// TestLongestWaitFirst: a source that had its turn stands behind those that did not.
func TestLongestWaitFirst(t *testing.T) {
	var q Queue
	var order []uint64
	sources := []*Source{open(&q, 1), open(&q, 2), open(&q, 3)}
	big := make([]byte, abi.MaxEmitBytes)
	refuse := func(s *Source) {
		for s.Put(abi.EmitChunk, big) {
		}
		s.Wait(func() { order = append(order, s.call) })
	}
	for range 3 {
		for _, s := range sources { // the first takes all the room
			refuse(s)
		}
		for told := len(order) + 3; len(order) < told; {
			if _, err := q.Next(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	if got, want := fmt.Sprint(order), "[1 2 3 2 3 1 2 3 1]"; got != want {
		t.Errorf("told in the order %v, want %v", got, want)
	}
}

func TestNextWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var q Queue
		if _, err := q.Next(t.Context()); err != io.EOF {
			t.Errorf("without calls: %v", err)
		}
		s := open(&q, 1)
		ctx, cancel := context.WithCancel(t.Context())
		var readers sync.WaitGroup
		for range 2 {
			readers.Go(func() {
				if _, err := q.Next(ctx); !errors.Is(err, context.Canceled) {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		cancel()
		readers.Wait()
		var n atomic.Int32
		for range 2 {
			readers.Go(func() {
				for range q.All(t.Context()) {
					n.Add(1)
				}
			})
		}
		for range 5 {
			synctest.Wait() // the readers wait
			s.Put(abi.EmitChunk, []byte("x"))
		}
		synctest.Wait()
		s.Close()
		readers.Wait()
		if n := n.Load(); n != 5 {
			t.Errorf("read %d events, want 5", n)
		}
		s = open(&q, 2) // a queue may serve again
		s.Put(abi.EmitChunk, []byte("last"))
		s.Close()
		if e, err := q.Next(t.Context()); err != nil || string(e.Data) != "last" {
			t.Errorf("%q, %v", e.Data, err)
		}
		if _, err := q.Next(ctx); !errors.Is(err, context.Canceled) {
			t.Error("an ended context reads on")
		}
	})
}

// TestManySources: sources and readers on many goroutines lose nothing.
func TestManySources(t *testing.T) {
	const writers, each = 16, 2000
	var q Queue
	var all sync.WaitGroup
	for id := range uint64(writers) {
		s := open(&q, id)
		all.Go(func() {
			defer s.Close()
			wake := make(chan struct{}, 1)
			for i := range each {
				for !s.Put(abi.EmitChunk, binary.LittleEndian.AppendUint64(make([]byte, i), uint64(i))) {
					if s.Wait(func() { wake <- struct{}{} }) {
						<-wake
					}
				}
			}
		})
	}
	var next [writers]int
	for e := range q.All(t.Context()) {
		if got := binary.LittleEndian.Uint64(e.Data[len(e.Data)-8:]); got != uint64(next[e.Call]) {
			t.Fatalf("source %d: event %d, want %d", e.Call, got, next[e.Call])
		}
		next[e.Call]++
	}
	all.Wait()
	for id, n := range next {
		if n != each {
			t.Errorf("source %d: read %d of %d", id, n, each)
		}
	}
}

func TestProgress(t *testing.T) {
	for text, want := range map[string]string{
		`{"done":3,"total":10,"message":"a"}`:    `{3 10 a}`,
		`{}`:                                     `{0 0 }`,
		`{"done":0.5,"other":[1]}`:               `{0.5 0 }`,
		`{"done":-1}`:                            "error",
		`{"done":1e999}`:                         "error",
		`{"done":"3"}`:                           "error",
		`null`:                                   "error",
		``:                                       "error",
		"\xff":                                   "error",
		`{"message":"` + "\xff" + `"}`:           "{0 0 \ufffd}",
		`{"message":` + string(make([]byte, 99)): "error",
	} {
		p, err := Event{Data: []byte(text)}.Progress()
		got := fmt.Sprint(p)
		if err != nil {
			got = "error"
		}
		if got != want {
			t.Errorf("%.60q: %s (%v), want %s", text, got, err, want)
		}
	}
}
