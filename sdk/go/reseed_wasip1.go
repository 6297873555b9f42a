package wexec

import (
	"math/rand/v2"
	"unsafe"
)

// A host may initialise a guest once and begin every task with what that left
// in memory. There the random numbers of Go's runtime (math/rand, the seeds of
// maps, package maphash) would be the same for every task, so the SDK draws a
// new seed before the first task of an instance. Go has no function for it: the
// state of its generator is found in memory by what it does.

// generator is internal/chacha8rand.State, of which Go's runtime has one for
// each of its threads. Here, there is one thread.
type generator struct {
	buf  [32]uint64
	seed [4]uint64
	i, n uint32 // the next number in buf, and how many there are
	c    uint32
}

// runtimeGenerator is nil if this version of Go keeps it in another form. Then
// the manifest does not say that the guest reseeds.
var runtimeGenerator = findGenerator()

// findGenerator looks through the data of the program, of which the heap is
// behind all, for the number that was just drawn, and a generator around it
// that gives the next ones.
func findGenerator() *generator {
	const dataBegins = 4096 // see wasmMinDataAddr in cmd/link
	end := uintptr(unsafe.Pointer(new([64]byte)))
	drawn := rand.Uint64()
	for at := uintptr(dataBegins); at+unsafe.Sizeof(drawn) <= end; at += unsafe.Sizeof(drawn) {
		if *(*uint64)(address(at)) != drawn {
			continue
		}
		for i := range uintptr(len(generator{}.buf)) {
			if base := at - i*unsafe.Sizeof(drawn); base >= dataBegins && (*generator)(address(base)).draws(uint32(i), drawn) {
				return (*generator)(address(base))
			}
		}
	}
	return nil
}

// draws reports whether the generator is the one that rand draws from: it gave
// that number from that place last, and gives the next two.
func (g *generator) draws(i uint32, last uint64) bool {
	for range 2 {
		if g.i != i+1 || g.n > uint32(len(g.buf)) || g.buf[i] != last {
			return false
		}
		if i++; i == g.n {
			return rand.Uint64() != last && g.i == 1 && g.buf[0] != last // it has filled its buffer anew
		}
		last = rand.Uint64()
	}
	return true
}

func address(at uintptr) unsafe.Pointer { return unsafe.Add(unsafe.Pointer(nil), at) }

// reseeded is false in the memory that every task begins with.
var reseeded bool

// reseed gives the runtime's generator a new seed, once.
func reseed() {
	if reseeded || runtimeGenerator == nil {
		return
	}
	reseeded = true
	g := runtimeGenerator
	if randomGet(unsafe.Pointer(&g.seed), uint32(unsafe.Sizeof(g.seed))) == 0 {
		g.i, g.n, g.c = 0, 0, 0 // the next number fills the buffer
	}
}

func reseeds() bool { return runtimeGenerator != nil }

//go:wasmimport wasi_snapshot_preview1 random_get
func randomGet(buf unsafe.Pointer, len uint32) (errno uint32)
