package wexec

import (
	"math/rand/v2"
	"unsafe"
)

// manifestBytes keeps the manifest reachable: the host reads it after the export
// has returned.
var manifestBytes []byte

//go:wasmexport wexec_manifest
func exportManifest() int64 {
	if manifestBytes == nil {
		manifestBytes = manifest()
	}
	address := uintptr(unsafe.Pointer(unsafe.SliceData(manifestBytes)))
	return int64(address)<<32 | int64(len(manifestBytes))
}

//go:wasmexport wexec_resume
func exportResume() uint32 { return resume() }

// A host may initialise a guest once and start every task from a snapshot of its
// memory. The random numbers of Go's runtime (math/rand, the seeds of maps,
// hash/maphash) would then be the same for every task. So the SDK draws a new
// seed before the first task of an instance. Go has no function for that. The
// SDK finds the generator's state in memory by comparing it with the numbers
// that the generator returns.

// generator is internal/chacha8rand.State. Go's runtime has one for each thread;
// a guest has one thread.
type generator struct {
	buf  [32]uint64
	seed [4]uint64
	i, n uint32 // the index of the next number in buf, and how many there are
	c    uint32
}

// runtimeGenerator is nil if this version of Go has a different generator. Then
// the manifest does not declare reseeds.
var runtimeGenerator = findGenerator()

// findGenerator searches the program's data, which lies below the heap, for a
// number that was just drawn. It then checks whether the number is in a
// generator that also returns the next ones.
func findGenerator() *generator {
	const dataBegins = 4096 // see wasmMinDataAddr in cmd/link
	end := uintptr(unsafe.Pointer(new([64]byte)))
	drawn := rand.Uint64()
	for at := uintptr(dataBegins); at+unsafe.Sizeof(drawn) <= end; at += unsafe.Sizeof(drawn) {
		if *(*uint64)(address(at)) != drawn {
			continue
		}
		for i := range uintptr(len(generator{}.buf)) {
			base := at - i*unsafe.Sizeof(drawn)
			if base >= dataBegins && (*generator)(address(base)).draws(uint32(i), drawn) {
				return (*generator)(address(base))
			}
		}
	}
	return nil
}

// draws reports whether rand draws from this generator: last came from index i,
// and the next two numbers come from the generator as well.
func (g *generator) draws(i uint32, last uint64) bool {
	for range 2 {
		if g.i != i+1 || g.n > uint32(len(g.buf)) || g.buf[i] != last {
			return false
		}
		if i++; i == g.n {
			return rand.Uint64() != last && g.i == 1 && g.buf[0] != last // the generator refilled its buffer
		}
		last = rand.Uint64()
	}
	return true
}

func address(at uintptr) unsafe.Pointer { return unsafe.Add(unsafe.Pointer(nil), at) }

// reseeded is false in the snapshot that every task starts from.
var reseeded bool

// reseed gives the runtime's generator a new seed, once.
func reseed() {
	if reseeded || runtimeGenerator == nil {
		return
	}
	reseeded = true
	g := runtimeGenerator
	if randomGet(unsafe.Pointer(&g.seed), uint32(unsafe.Sizeof(g.seed))) == 0 {
		g.i, g.n, g.c = 0, 0, 0 // drawing the next number refills the buffer
	}
}

func reseeds() bool { return runtimeGenerator != nil }

//go:wasmimport wasi_snapshot_preview1 random_get
func randomGet(buf unsafe.Pointer, len uint32) (errno uint32)
