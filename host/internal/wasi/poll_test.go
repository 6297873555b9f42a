package wasi

import (
	"context"
	"encoding/binary"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A sub is a subscription; its userdata is its place in the call.
type sub struct {
	kind     eventKind
	fd       uint32
	clock    uint32
	timeout  time.Duration
	at       uint64 // instead of timeout: an absolute time
	absolute bool
}

func after(d time.Duration) sub { return sub{clock: clockMonotonic, timeout: d} }
func reads(fd uint32) sub       { return sub{kind: eventRead, fd: fd} }
func writes(fd uint32) sub      { return sub{kind: eventWrite, fd: fd} }

// came is an event: which subscription's, and what it tells.
type came struct {
	sub    uint64
	err    errno
	kind   eventKind
	bytes  uint64
	hangup bool
}

func (g *fakeGuest) subscribe(subs []sub) uint32 {
	d := preview1
	if g.unstable {
		d = unstable
	}
	in := g.alloc(len(subs) * int(d.subscriptionSize))
	for i, s := range subs {
		b := g.mem[in+uint32(i)*d.subscriptionSize:][:d.subscriptionSize]
		clear(b)
		binary.LittleEndian.PutUint64(b, uint64(i))
		b[8] = byte(s.kind)
		if s.kind != eventClock {
			binary.LittleEndian.PutUint32(b[16:], s.fd)
			continue
		}
		clock := b[d.clockAt:]
		binary.LittleEndian.PutUint32(clock, s.clock)
		binary.LittleEndian.PutUint64(clock[8:], uint64(s.timeout))
		if s.absolute {
			binary.LittleEndian.PutUint64(clock[8:], s.at)
			clock[24] = 1
		}
	}
	return in
}

func (g *fakeGuest) poll(subs ...sub) (events []came) {
	g.t.Helper()
	saved := g.next
	defer func() { g.next = saved }()
	in, out, result := g.subscribe(subs), g.alloc(len(subs)*eventSize), g.alloc(4)
	want(g.t, "poll_oneoff", g.call("poll_oneoff", in, out, len(subs), result), success)
	for i := range g.u32(result) {
		e := out + i*eventSize
		events = append(events, came{
			sub: g.u64(e), err: errno(g.u16(e + 8)), kind: eventKind(g.mem[e+10]),
			bytes: g.u64(e + 16), hangup: g.mem[e+24] != 0,
		})
	}
	return events
}

// wantEvents compares events, except for the number of bytes.
func wantEvents(t *testing.T, what string, got []came, want ...came) {
	t.Helper()
	for i := range got {
		got[i].bytes = 0
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s: %+v has come, want %+v", what, got, want)
	}
}

// bubble runs a test where time passes when all wait.
func bubble(t *testing.T, test func(t *testing.T)) {
	synctest.Test(t, func(t *testing.T) {
		real := start
		defer func() { start = real }()
		start = time.Now()
		time.Sleep(12345 * time.Microsecond)
		test(t)
	})
}

func TestSleep(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for _, unstable := range []bool{false, true} {
			g := newGuest(t, Config{})
			g.unstable = unstable
			clock := func(id uint32) uint64 {
				g.call("clock_time_get", id, 0, 64)
				return g.u64(64)
			}
			for _, c := range []struct {
				what string
				sub  sub
				want time.Duration
			}{
				{"a second", after(time.Second), time.Second},
				{"a second by the other clock", sub{clock: clockRealtime, timeout: time.Second}, time.Second},
				{"no time", after(0), 0},
				{"until an hour", sub{clock: clockMonotonic, absolute: true}, time.Hour},
				{"until two by the other clock", sub{clock: clockRealtime, absolute: true}, 2 * time.Hour},
				{"until the past", sub{clock: clockMonotonic, absolute: true, at: 1}, 0},
			} {
				if c.sub.absolute && c.want > 0 {
					c.sub.at = clock(c.sub.clock) + uint64(c.want)
				}
				before, seen := time.Now(), clock(c.sub.clock)
				wantEvents(t, c.what, g.poll(c.sub), came{})
				passed := time.Since(before)
				if passed < c.want-resolution || passed > c.want+resolution {
					t.Errorf("%s takes %v", c.what, passed)
				}
				if told := time.Duration(clock(c.sub.clock) - seen); told < c.want {
					t.Errorf("%s: the guest sees %v pass", c.what, told)
				}
			}
		}
	})
}

// TestEndlessSleep ends with the instance.
func TestEndlessSleep(t *testing.T) {
	bubble(t, func(t *testing.T) {
		g := newGuest(t, Config{})
		for _, s := range []sub{
			after(1<<63 - 1),
			{clock: clockRealtime, absolute: true, at: 1<<64 - 1},
			{clock: clockMonotonic, absolute: true, at: 1 << 63},
		} {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			g.ctx = ctx
			if end := ends(func() { g.poll(s) }); end != (stopped{}) || ctx.Err() == nil {
				t.Errorf("%+v ends with %v", s, end)
			}
			cancel()
		}
	})
}

func TestPollFiles(t *testing.T) {
	g, _ := withFiles(t, "file=text")
	const poll = rightPollFdReadwrite
	rw := g.mustOpen("file", 0, rightFdRead|rightFdWrite|poll, 0)
	reader := g.mustOpen("file", 0, rightFdRead|poll, 0)
	_, _ = g.read(rw, 10) // to the end
	wantEvents(t, "poll", g.poll(reads(rw), after(time.Hour), writes(rw), writes(reader), reads(77), reads(firstMount)),
		came{sub: 0, kind: eventRead}, came{sub: 2, kind: eventWrite}, came{sub: 3, kind: eventWrite, err: eNotCapable},
		came{sub: 4, kind: eventRead, err: eBadf}, came{sub: 5, kind: eventRead, err: eNotCapable})
	wantEvents(t, "what is no clock", g.poll(sub{clock: 2, timeout: time.Hour}), came{err: eInval})
}

func TestPollErrors(t *testing.T) {
	g := newGuest(t, Config{})
	in := g.subscribe([]sub{after(0), {kind: 3}})
	out, result := g.alloc(64), g.alloc(4)
	for what, c := range map[string]struct {
		in, out uint32
		n       uint32
		result  uint32
		e       errno
	}{
		"nothing":         {in, out, 0, result, eInval},
		"no such event":   {in, out, 2, result, eInval},
		"too much":        {0, 0, maxSubscriptions + 1, result, eInval},
		"in outside":      {memorySize - 47, out, 1, result, eFault},
		"out outside":     {in, memorySize - 31, 1, result, eFault},
		"result outside":  {in, out, 1, memorySize - 3, eFault},
		"endless":         {in, out, 1<<32 - 1, result, eFault},
		"all there is":    {in, out, 1, result, success},
		"in place of out": {in, in, 1, result, success},
	} {
		want(t, what, g.call("poll_oneoff", c.in, c.out, c.n, c.result), c.e)
	}
}

// TestPollPipe polls what the kernel knows the state of.
func TestPollPipe(t *testing.T) {
	reader, feed, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	drain, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, f := range []*os.File{reader, feed, drain, writer} {
			_ = f.Close()
		}
	})
	g := newGuest(t, Config{Stdin: reader, Stdout: writer})
	soon := after(time.Millisecond)
	wantEvents(t, "an empty pipe", g.poll(reads(stdinFd), soon), came{sub: 1})
	wantEvents(t, "with room", g.poll(reads(stdinFd), writes(stdoutFd), after(time.Hour)),
		came{sub: 1, kind: eventWrite})
	go func() {
		time.Sleep(5 * time.Millisecond)
		_, _ = feed.WriteString("text")
	}()
	wantEvents(t, "once there is something", g.poll(reads(stdinFd), after(time.Hour)), came{sub: 0, kind: eventRead})
	if text, e := g.read(stdinFd, 2); text != "te" {
		t.Errorf("read %q (%d)", text, e)
	}
	fill(t, writer)
	wantEvents(t, "a full pipe", g.poll(writes(stdoutFd), soon), came{sub: 1})
	_ = feed.Close()
	wantEvents(t, "the rest", g.poll(reads(stdinFd), after(time.Hour)), came{sub: 0, kind: eventRead})
	if text, e := g.read(stdinFd, 10); text != "xt" {
		t.Errorf("read %q (%d)", text, e)
	}
	wantEvents(t, "the end", g.poll(reads(stdinFd), after(time.Hour)), came{sub: 0, kind: eventRead, hangup: true})
	if text, e := g.read(stdinFd, 10); text != "" || e != success {
		t.Errorf("at the end %q is read (%d)", text, e)
	}
}

// fill writes to a pipe until it is full.
func fill(t *testing.T, w *os.File) {
	t.Helper()
	if err := w.SetWriteDeadline(time.Now().Add(10 * time.Millisecond)); err != nil {
		t.Skip(err)
	}
	_, _ = w.Write(make([]byte, 1<<20))
	_ = w.SetWriteDeadline(time.Time{})
}

// TestPollReader polls a reader, which only a read tells the state of. No byte is
// lost, by what times out or by a call that ends.
func TestPollReader(t *testing.T) {
	bubble(t, func(t *testing.T) {
		reader, feed := io.Pipe()
		g := newGuest(t, Config{Stdin: reader})
		wantEvents(t, "nothing to read", g.poll(reads(stdinFd), after(time.Second)), came{sub: 1})
		go func() {
			time.Sleep(time.Second)
			_, _ = feed.Write([]byte("text"))
		}()
		wantEvents(t, "something to read", g.poll(after(time.Hour), reads(stdinFd)), came{sub: 1, kind: eventRead})
		text := ""
		for text != "text" {
			more, e := g.read(stdinFd, 10)
			if text += more; e != success || more == "" {
				t.Fatalf("read %q (%d)", text, e)
			}
		}
		wantEvents(t, "nothing more", g.poll(reads(stdinFd), after(0)), came{sub: 1})

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		g.ctx = ctx
		if end := ends(func() { g.poll(reads(stdinFd), reads(stdinFd)) }); end != (stopped{}) {
			t.Errorf("the poll ends with %v", end)
		}
		g.system.Close()
		go func() { _, _ = feed.Write([]byte("late")) }()
		next := newGuest(t, Config{Stdin: reader})
		for text = ""; len(text) < 4; {
			more, _ := next.read(stdinFd, 10)
			text += more
		}
		if text != "late" {
			t.Errorf("the next call reads %q", text)
		}
		_ = feed.Close()
		wantEvents(t, "the end", next.poll(reads(stdinFd)), came{kind: eventRead, hangup: true})
	})
}

// TestPollMany: several streams are waited for at once, whichever comes first.
func TestPollMany(t *testing.T) {
	bubble(t, func(t *testing.T) {
		reader, feed := io.Pipe()
		drain, writer := io.Pipe()
		g := newGuest(t, Config{Stdin: reader, Stdout: writer})
		go func() { _, _ = g.system.table.get(stdoutFd).output.TryWrite([][]byte{[]byte("stuck")}) }()
		synctest.Wait()
		wantEvents(t, "neither", g.poll(reads(stdinFd), writes(stdoutFd), after(time.Second)), came{sub: 2})
		time.AfterFunc(time.Second, func() { _, _ = io.ReadFull(drain, make([]byte, 5)) })
		wantEvents(t, "the output", g.poll(reads(stdinFd), writes(stdoutFd)), came{sub: 1, kind: eventWrite})
		_ = feed.CloseWithError(io.EOF)
	})
}

// TestPollCost: looking at a stream costs as much as another call of the kernel, since
// the stream may be a pipe.
func TestPollCost(t *testing.T) {
	g := newGuest(t, Config{Stdout: io.MultiWriter(io.Discard)})
	subs := slices.Repeat([]sub{writes(stdoutFd)}, maxSubscriptions)
	if events := g.poll(subs...); len(events) != maxSubscriptions || g.charged < maxSubscriptions*hostCost {
		t.Errorf("%d events cost %d", len(events), g.charged)
	}
}

// TestNoParking: an instance that holds many calls has no input, and waits in
// place, with a warning. Devices can be read.
func TestNoParking(t *testing.T) {
	bubble(t, func(t *testing.T) {
		g := newGuest(t, Config{Stdin: strings.NewReader("input"), Devices: true})
		g.cannotPark = true
		zero := g.mustOpen("zero", 0, rightFdRead|rightPollFdReadwrite, 0)
		if text, e := g.read(zero, 4); text != "\x00\x00\x00\x00" || e != success {
			t.Errorf("the device reads %q (%d)", text, e)
		}
		wantEvents(t, "the device", g.poll(reads(zero)), came{kind: eventRead})
		if text, e := g.read(stdinFd, 10); text != "" || e != success {
			t.Errorf("read %q (%d)", text, e)
		}
		wantEvents(t, "stdin", g.poll(reads(stdinFd), after(time.Hour)), came{kind: eventRead, hangup: true})
		for range 2 {
			wantEvents(t, "sleep", g.poll(after(time.Minute)), came{})
		}
		if g.parks > 0 || len(g.warnings) != 1 {
			t.Errorf("%d parks, warnings: %q", g.parks, g.warnings)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		g.ctx = ctx
		if end := ends(func() { g.poll(after(time.Hour)) }); end != (stopped{}) {
			t.Errorf("the sleep ends with %v", end)
		}
	})
}

// TestPollWithoutTime checks that a guest that asks for no time does not wait for the
// next step of its coarse clock.
func TestPollWithoutTime(t *testing.T) {
	bubble(t, func(t *testing.T) {
		g := newGuest(t, Config{})
		time.Sleep(45 * time.Microsecond)
		wantEvents(t, "no time", g.poll(after(0)), came{})
		if g.parks != 0 {
			t.Error("it has waited")
		}
	})
}
