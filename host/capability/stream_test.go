package capability

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/wexec/wexec/abi"
)

// kindOf returns the status of an error of this package.
func kindOf(err error) abi.Status {
	if e := (*Error)(nil); errors.As(err, &e) {
		return e.Status
	}
	return abi.OK
}

// do runs a stream op.
func do(t *testing.T, u *Use, name string, arg []byte) ([]byte, error) {
	t.Helper()
	return streamOps[name](t.Context(), &Use{Op: name, Arg: arg, Streams: u.Streams})
}

func readArg(handle, most uint32) []byte {
	return abi.AppendStream(abi.AppendStream(nil, handle), most)
}

func TestStreamOps(t *testing.T) {
	u := &Use{Streams: NewStreams(4, nil)}
	h, err := u.Open(io.NopCloser(strings.NewReader("hello")))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"hel", "lo", "", ""} {
		if got, err := do(t, u, abi.CapStreamRead, readArg(h, 3)); err != nil || string(got) != want {
			t.Errorf("read %q, %v; want %q", got, err, want)
		}
	}
	for name, arg := range map[string][]byte{
		abi.CapStreamWrite: append(abi.AppendStream(nil, h), "x"...), // it can't be written
		abi.CapStreamRead:  readArg(h+1, 3),                          // it was never opened
		abi.CapStreamClose: {1, 2},
	} {
		if _, err := do(t, u, name, arg); kindOf(err) != abi.InvalidInput {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := do(t, u, abi.CapStreamClose, abi.AppendStream(nil, h)); err != nil {
		t.Error(err)
	}
	if _, err := do(t, u, abi.CapStreamClose, abi.AppendStream(nil, h)); kindOf(err) != abi.InvalidInput {
		t.Errorf("closed twice: %v", err)
	}
}

// TestPipe: a capability reads what the guest writes, up to where the guest closes it.
func TestPipe(t *testing.T) {
	u := &Use{Streams: NewStreams(4, nil)}
	opened, err := do(t, u, abi.CapStreamPipe, nil)
	if err != nil {
		t.Fatal(err)
	}
	h, _, _ := abi.ParseStream(opened)
	body, err := u.Streams.Take(h)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := u.Streams.Take(h); kindOf(err) != abi.InvalidInput {
		t.Errorf("taken twice: %v", err)
	}
	go func() {
		for _, part := range []string{"a", "bc"} {
			if err := u.Streams.Write(t.Context(), h, []byte(part)); err != nil {
				t.Error(err)
			}
		}
		if err := u.Streams.Close(h); err != nil {
			t.Error(err)
		}
	}()
	if all, err := io.ReadAll(body); err != nil || string(all) != "abc" {
		t.Errorf("%q, %v", all, err)
	}
}

// TestPipeBroken: what was broken off is an error for the reader, and not an end.
func TestPipeBroken(t *testing.T) {
	for name, breakOff := range map[string]func(u *Use, h uint32){
		"the call ends": func(u *Use, _ uint32) { u.Streams.Shut()() },
		"the write is cancelled": func(u *Use, h uint32) {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			if err := u.Streams.Write(ctx, h, []byte("x")); !errors.Is(err, context.Canceled) {
				t.Errorf("write: %v", err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			u := &Use{Streams: NewStreams(4, nil)}
			opened, _ := do(t, u, abi.CapStreamPipe, nil)
			h, _, _ := abi.ParseStream(opened)
			body, err := u.Streams.Take(h)
			if err != nil {
				t.Fatal(err)
			}
			breakOff(u, h)
			if _, err := io.ReadAll(body); err == nil {
				t.Error("the reader took it for the end")
			}
		})
	}
}

func TestStreamLimitsAndEnd(t *testing.T) {
	r, w := io.Pipe()
	defer w.Close()
	u := &Use{Streams: NewStreams(1, nil)}
	h, err := u.Open(r)
	if err != nil {
		t.Fatal(err)
	}
	second, w2 := io.Pipe()
	if _, err := u.Open(second); kindOf(err) != abi.QueueFull || !strings.Contains(err.Error(), "Limits.Streams") {
		t.Errorf("one too many: %v", err)
	}
	if _, err := w2.Write([]byte("x")); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("the stream that was refused is open: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() {
		_, err := u.Streams.Read(ctx, h, 1)
		done <- err
	}()
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled read: %v", err)
	}
	u.Streams.Shut()()
	if _, err := u.Open(io.NopCloser(&bytes.Buffer{})); kindOf(err) != abi.Cancelled {
		t.Errorf("opened after the call's end: %v", err)
	}
}

// TestAbandon: an op whose result nobody gets leaves no stream behind.
func TestAbandon(t *testing.T) {
	var closed []Closed
	u := &Use{Op: "test.open", Streams: NewStreams(4, func(c Closed) { closed = append(closed, c) })}
	if _, err := u.Open(io.NopCloser(&bytes.Buffer{})); err != nil {
		t.Fatal(err)
	}
	u.Abandon()
	if len(closed) != 1 || closed[0].Op != "test.open" || u.Streams.Shut() != nil {
		t.Errorf("closed %+v, and %d are open", closed, len(u.Streams.open))
	}
}
