package capability

import (
	"bytes"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/wexec/wexec/abi"
)

// file is a stream of bytes, which counts how often it is closed.
type file struct {
	bytes.Buffer
	closed int
}

func (f *file) Close() error {
	f.closed++
	return nil
}

// TestStreamsModel compares a table with a map of buffers: whatever a guest does with
// whichever handles, it reads what was written, closes each stream once, and reaches no
// stream that it was not given.
func TestStreamsModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const most = 5
		u := &Use{Streams: NewStreams(most, nil)}
		model := map[uint32]*file{}
		taken := map[uint32]bool{}
		var all []*file
		handle := func(t *rapid.T) uint32 {
			return rapid.OneOf(rapid.Uint32Range(0, 12), rapid.Just(uint32(math.MaxUint32))).Draw(t, "handle")
		}
		invoke := func(name string, arg []byte) ([]byte, abi.Status) {
			result, err := streamOps[name](t.Context(), &Use{Arg: arg, Streams: u.Streams})
			return result, kindOf(err)
		}
		t.Repeat(map[string]func(*rapid.T){
			"open": func(t *rapid.T) {
				f := &file{}
				all = append(all, f)
				h, err := u.Open(f)
				if (err == nil) != (len(model) < most) {
					t.Fatalf("open, with %d open: %v", len(model), err)
				}
				if err == nil {
					model[h] = f
				}
			},
			"write": func(t *rapid.T) {
				h, text := handle(t), rapid.SliceOf(rapid.Byte()).Draw(t, "bytes")
				f := model[h]
				want := append([]byte(nil), text...)
				if f != nil {
					want = append(bytes.Clone(f.Bytes()), text...)
				}
				_, status := invoke(abi.CapStreamWrite, append(abi.AppendStream(nil, h), text...))
				if (status == abi.OK) != (f != nil) || f != nil && !bytes.Equal(f.Bytes(), want) {
					t.Fatalf("write to %d: %v", h, status)
				}
			},
			"read": func(t *rapid.T) {
				h, length := handle(t), rapid.Uint32().Draw(t, "length")
				f := model[h]
				if f != nil && f.Len() == 0 {
					return // its end: nothing can be read after it
				}
				var want []byte
				if f != nil {
					want = bytes.Clone(f.Bytes()[:min(f.Len(), int(min(max(length, 1), 1<<20)))])
				}
				got, status := invoke(abi.CapStreamRead, readArg(h, length))
				if readable := f != nil && !taken[h]; (status == abi.OK) != readable || readable && !bytes.Equal(got, want) {
					t.Fatalf("read %d of %d: %x, %v; want %x", length, h, got, status, want)
				}
			},
			"take": func(t *rapid.T) {
				h := handle(t)
				_, err := u.Streams.Take(h)
				if (err == nil) != (model[h] != nil && !taken[h]) {
					t.Fatalf("take %d: %v", h, err)
				}
				if err == nil {
					taken[h] = true
				}
			},
			"close": func(t *rapid.T) {
				h := handle(t)
				if _, status := invoke(abi.CapStreamClose, abi.AppendStream(nil, h)); (status == abi.OK) != (model[h] != nil) {
					t.Fatalf("close %d: %v", h, status)
				}
				delete(model, h)
			},
			"nonsense": func(t *rapid.T) {
				name := rapid.SampledFrom([]string{abi.CapStreamRead, abi.CapStreamClose}).Draw(t, "op")
				arg := rapid.SliceOfN(rapid.Byte(), 0, 3).Draw(t, "arg")
				if _, status := invoke(name, arg); status != abi.InvalidInput {
					t.Fatalf("%s of %x: %v", name, arg, status)
				}
			},
		})
		if rest := u.Streams.Shut(); rest != nil {
			rest()
		}
		for i, f := range all {
			if f.closed != 1 {
				t.Fatalf("stream %d of %d was closed %d times", i+1, len(all), f.closed)
			}
		}
	})
}
