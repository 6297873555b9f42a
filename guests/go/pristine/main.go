//go:build wasip1

// Tasks that leave traces in an instance, and tasks that look for them. Tests and
// benchmarks of fresh instances use them. Inputs and outputs are raw bytes, with
// numbers as decimal text.
package main

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"math/rand/v2"
	"os"
	"sort"
	"strconv"
	"unsafe"

	wexec "github.com/wexec/wexec/sdk/go"
)

func init() {
	wexec.Task("noop", wexec.Blocking, noop)
	wexec.Task("noop_io", wexec.IO, noop)
	wexec.Task("noop_cpu", wexec.CPU, noop)

	// Traces.
	wexec.Task("hide", wexec.CPU, hide)
	wexec.Task("seek", wexec.CPU, seek)
	wexec.Task("size", wexec.CPU, size)
	wexec.Task("random", wexec.Blocking, random)
	wexec.Task("maphash", wexec.Blocking, hash)
	wexec.Task("early", wexec.Blocking, drawnEarly)

	// Ways to end.
	wexec.Task("fail", wexec.Blocking, fail)
	wexec.Task("trap", wexec.CPU, trap)
	wexec.Task("spin", wexec.CPU, spin)
	wexec.Task("grow", wexec.CPU, grow)
	wexec.Task("exit", wexec.Blocking, exit)
}

func noop(context.Context, wexec.None) (wexec.None, error) { return wexec.None{}, nil }

// hide leaves its copies in these. never is a nil channel: receiving from it
// blocks for ever.
var (
	hiddenArray [8 << 10]byte
	hiddenHeap  [][]byte
	hiddenLarge []byte
	hiddenMap   = map[int][128]byte{} // a map stores values of up to 128 bytes inline
	never       chan struct{}
)

func hide(_ context.Context, secret []byte) ([]byte, error) {
	if len(secret) == 0 {
		return nil, errors.New("want a secret")
	}
	copies := fill(hiddenArray[:], secret)
	for range 16 {
		block := make([]byte, 1<<10)
		copies += fill(block, secret)
		hiddenHeap = append(hiddenHeap, block)
	}
	for range 16 {
		var value [128]byte
		copies += fill(value[:], secret)
		hiddenMap[len(hiddenMap)] = value
	}
	filled := make(chan int)
	go func() {
		var stack [4 << 10]byte
		filled <- fill(stack[:], secret)
		<-never
		fmt.Print(stack) // keeps the array alive
	}()
	copies += <-filled
	hiddenLarge = make([]byte, 256<<10)
	copies += fill(hiddenLarge, secret)
	return decimal(copies), nil
}

// fill fills b with whole copies of the secret, and counts them.
func fill(b, secret []byte) (copies int) {
	for ; len(b) >= len(secret); b = b[len(secret):] {
		copy(b, secret)
		copies++
	}
	return copies
}

// seek gets the secret masked, so that its input is not a copy of it: every byte
// is XORed with mask.
const mask = 0x55

// seek counts the copies of the secret in the whole memory. It unmasks one byte
// at a time, so it makes no copy itself.
func seek(_ context.Context, masked []byte) ([]byte, error) {
	if len(masked) == 0 {
		return nil, errors.New("want a masked secret")
	}
	all := memory()
	copies := 0
	for at := 0; at+len(masked) <= len(all); at++ {
		same := 0
		for same < len(masked) && all[at+same]^mask == masked[same] {
			same++
		}
		if same == len(masked) {
			copies++
			at += same - 1
		}
	}
	return decimal(copies), nil
}

func size(context.Context, wexec.None) ([]byte, error) { return decimal(pages()), nil }

const pageSize = 64 << 10

// memory returns the whole linear memory, from address 0 on. unsafe.Slice would
// refuse to make a slice that starts there.
func memory() []byte {
	n := pages() * pageSize
	all := struct {
		address  uintptr
		len, cap int
	}{0, n, n}
	return *(*[]byte)(unsafe.Pointer(&all))
}

// pages returns the size of the linear memory. Go has no way to execute
// memory.size, and runtime.MemStats does not count the data that the linker placed
// there. But the host refuses a write past the end of memory, even one of length
// 0: if it refuses one at the second byte of a page, the page does not exist.
func pages() int {
	return sort.Search(1<<16, func(page int) bool {
		return randomGet(uint32(page*pageSize+1), 0) != 0
	})
}

//go:wasmimport wasi_snapshot_preview1 random_get
func randomGet(address, n uint32) (errno uint32)

func random(context.Context, wexec.None) ([]byte, error) { return hex(rand.Uint64()), nil }

func hash(context.Context, wexec.None) ([]byte, error) {
	return hex(maphash.String(maphash.MakeSeed(), "x")), nil
}

// early is drawn when the package is initialised. All calls whose instances start
// from the same snapshot see the same number.
var early = rand.Uint64()

func drawnEarly(context.Context, wexec.None) ([]byte, error) { return hex(early), nil }

func fail(context.Context, wexec.None) (wexec.None, error) {
	return wexec.None{}, wexec.Fail(7, "told to fail")
}

// trap reads 3 GiB past a byte, which is past the end of the memory. That is a
// trap, not a panic, so the SDK can't recover from it.
func trap(context.Context, wexec.None) ([]byte, error) {
	var b byte
	return []byte{*(*byte)(unsafe.Add(unsafe.Pointer(&b), 3<<30))}, nil
}

func spin(context.Context, wexec.None) (wexec.None, error) {
	//lint:ignore SA5002 the task must never end
	for {
	}
}

// grow allocates until memory runs out, which ends the instance. It writes to
// every page, so that the host has to provide real memory.
func grow(context.Context, wexec.None) (wexec.None, error) {
	for kept := [][]byte{}; ; {
		piece := make([]byte, 1<<20)
		for i := 0; i < len(piece); i += pageSize {
			piece[i] = 1
		}
		kept = append(kept, piece)
	}
}

func exit(context.Context, wexec.None) (none wexec.None, err error) {
	os.Exit(3)
	return
}

func decimal(n int) []byte { return strconv.AppendInt(nil, int64(n), 10) }

func hex(n uint64) []byte { return fmt.Appendf(nil, "%016x", n) }

func main() {}
