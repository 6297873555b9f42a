package host

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/experimental/sysfs"
	"github.com/tetratelabs/wazero/sys"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host/internal/rootfs"
)

// clockResolution is how fine a guest's clocks are: enough for timeouts and
// time stamps, too coarse to tell a cache hit from a miss.
const clockResolution = 100 * time.Microsecond

var clockStart = time.Now()

// system is what an instance's system calls see.
type system struct {
	config wazero.ModuleConfig
	stdin  *stdin
	stdout *limitedBuffer // nil if the output goes elsewhere
	logs   [2]lineLog     // of standard output and error, unless they go elsewhere
	mounts []*rootfs.FS

	drew    bool // random numbers
	changed bool // its descriptors are not what they were
}

// newSystem makes the system of an instance: nothing from outside, unless
// wasi, which may be nil, says so.
func newSystem(inst *instance, wasi *WASI) (*system, error) {
	if wasi == nil {
		wasi = &WASI{}
	}
	s := &system{stdin: &stdin{ctx: inst.ctx}}
	s.logs = [2]lineLog{{inst: inst}, {inst: inst}}
	var stdout, stderr io.Writer = &s.logs[0], &s.logs[1]
	if inst.mod.style == Command {
		s.stdin.reader = wasi.Stdin
		if stdout = wasi.Stdout; stdout == nil {
			s.stdout = &limitedBuffer{inst: inst}
			stdout = s.stdout
		} else {
			stdout = &outlet{ctx: inst.ctx, writer: wasi.Stdout}
		}
		if wasi.Stderr != nil {
			stderr = &outlet{ctx: inst.ctx, writer: wasi.Stderr}
		}
	}
	c := wazero.NewModuleConfig().WithName("").WithStartFunctions().
		WithStdin(metered{inst, s.stdin, nil}).
		WithStdout(metered{inst, nil, stdout}).WithStderr(metered{inst, nil, stderr}).
		WithRandSource(metered{inst, random{s}, nil}).
		WithWalltime(walltime, sys.ClockResolution(clockResolution)).
		WithNanotime(nanotime, sys.ClockResolution(clockResolution)).
		WithNanosleep(inst.nanosleep).
		WithOsyield(func() {})
	if inst.mod.style == Command {
		c = c.WithArgs(append([]string{inst.mod.name}, wasi.Args...)...)
	}
	for _, kv := range wasi.Env {
		key, value, ok := strings.Cut(kv, "=")
		if !ok || key == "" {
			return nil, &InvalidInputError{fmt.Sprintf("WASI.Env: %q is not K=V", kv)}
		}
		c = c.WithEnv(key, value)
	}
	fs := wazero.NewFSConfig()
	for _, m := range wasi.Mounts {
		root, err := openMount(m)
		if err != nil {
			s.close()
			return nil, err
		}
		root.Charge = inst.chargeCall
		s.mounts = append(s.mounts, root)
		fs = fs.(sysfs.FSConfig).WithSysFSMount(root, m.Guest)
	}
	s.config = c.WithFSConfig(fs)
	return s, nil
}

func openMount(m Mount) (*rootfs.FS, error) {
	access := rootfs.ReadWrite
	if m.ReadOnly {
		access = rootfs.ReadOnly
	}
	root, err := rootfs.Open(m.Host, access)
	if err != nil {
		return nil, &InvalidInputError{fmt.Sprintf("mount %s: %v", m.Host, err)}
	}
	return root, nil
}

// flush logs what was printed without a newline at its end.
func (s *system) flush() {
	for i := range s.logs {
		s.logs[i].flush()
	}
}

func (s *system) close() {
	s.flush()
	for _, m := range s.mounts {
		m.Close() // it was only read from, or written through
	}
}

// output returns what the guest wrote to its standard output.
func (s *system) output() ([]byte, error) {
	if s.stdout == nil {
		return nil, nil
	}
	return s.stdout.Bytes(), nil
}

// metered charges a guest for what its system calls read and write, in pieces:
// between them it may be stopped.
type metered struct {
	inst *instance
	in   io.Reader
	out  io.Writer
}

const piece = 64 << 10

func (m metered) Read(p []byte) (int, error) {
	p = p[:min(len(p), piece)]
	m.inst.chargeCall(len(p))
	return m.in.Read(p)
}

func (m metered) Write(p []byte) (int, error) {
	written := 0
	for {
		part := p[written:min(len(p), written+piece)]
		m.inst.chargeCall(len(part))
		n, err := m.out.Write(part)
		if written += n; err != nil || written == len(p) {
			return written, err
		}
	}
}

// random is the source of random numbers. It notes that some were drawn.
type random struct{ *system }

func (r random) Read(p []byte) (int, error) {
	r.drew = true
	return rand.Read(p)
}

func walltime() (sec int64, nsec int32) {
	now := time.Now().Truncate(clockResolution)
	return now.Unix(), int32(now.Nanosecond())
}

func nanotime() int64 { return int64(time.Since(clockStart).Truncate(clockResolution)) }

// nanosleep is how a guest sleeps in a system call: it ends with the instance.
func (inst *instance) nanosleep(ns int64) {
	inst.rest()
	timer := time.NewTimer(time.Duration(ns))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-inst.ctx.Done():
	}
}

// stdin is a guest's standard input: the call's input, or a reader. A read
// ends with the instance, even if the reader's does not.
type stdin struct {
	ctx    context.Context
	input  bytes.Reader
	reader io.Reader

	reads chan []byte // what the reader gave; closed at its end
	rest  []byte
}

// feed sets the input, which is what is read unless there is a reader.
func (s *stdin) feed(input []byte) { s.input.Reset(input) }

func (s *stdin) Read(p []byte) (int, error) {
	if s.reader == nil {
		return s.input.Read(p)
	}
	if s.reads == nil {
		s.reads = make(chan []byte)
		go s.pump()
	}
	if len(s.rest) == 0 {
		var ok bool
		select {
		case s.rest, ok = <-s.reads:
			if !ok {
				return 0, io.EOF
			}
		case <-s.ctx.Done():
			return 0, context.Cause(s.ctx)
		}
	}
	n := copy(p, s.rest)
	s.rest = s.rest[n:]
	return n, nil
}

// pump reads ahead by one buffer. A reader that blocks for ever, as a terminal
// does, keeps this goroutine: nothing can interrupt such a read.
func (s *stdin) pump() {
	defer close(s.reads)
	for {
		buf := make([]byte, 32<<10)
		n, err := s.reader.Read(buf)
		if n > 0 {
			select {
			case s.reads <- buf[:n]:
			case <-s.ctx.Done():
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// outlet is a writer from outside that a guest writes to. A write ends with the
// instance, even if the writer's does not.
type outlet struct {
	ctx    context.Context
	writer io.Writer
	pieces chan []byte
	ends   chan ending
}

// ending is how a write ended.
type ending struct {
	n   int
	err error
}

func (o *outlet) Write(p []byte) (int, error) {
	if o.pieces == nil {
		o.pieces, o.ends = make(chan []byte), make(chan ending, 1)
		go o.pump()
	}
	// A copy, since the guest's memory may be gone before it is written.
	select {
	case o.pieces <- copied(p):
	case <-o.ctx.Done():
		return 0, context.Cause(o.ctx)
	}
	select {
	case end := <-o.ends:
		return end.n, end.err
	case <-o.ctx.Done():
		return 0, context.Cause(o.ctx)
	}
}

func (o *outlet) pump() {
	for {
		select {
		case p := <-o.pieces:
			n, err := o.writer.Write(p)
			o.ends <- ending{n, err}
		case <-o.ctx.Done():
			return
		}
	}
}

// limitedBuffer keeps what a guest writes. One that writes too much is ended.
type limitedBuffer struct {
	bytes.Buffer
	inst *instance
}

func (b *limitedBuffer) Write(p []byte) (int, error) {
	if most := b.inst.mod.host.cfg.Limits.Output; b.Len()+len(p) > most {
		b.inst.stop(&TaskError{Message: fmt.Sprintf("its output has more than %d bytes (Config.Limits.Output)", most)})
		return 0, io.ErrShortWrite
	}
	return b.Buffer.Write(p)
}

// lineLog logs what a guest prints, line by line.
type lineLog struct {
	inst *instance
	line []byte
}

func (l *lineLog) Write(p []byte) (int, error) {
	written := len(p)
	for len(p) > 0 {
		part, rest, whole := bytes.Cut(p, []byte{'\n'})
		// One byte more than is logged shows that the line was cut.
		if room := l.inst.mod.host.cfg.Limits.LogLine + 1 - len(l.line); room > 0 {
			l.line = append(l.line, part[:min(len(part), room)]...)
		}
		if p = rest; whole {
			l.inst.chargeCall(0)
			l.inst.log(abi.LogInfo, l.line)
			l.line = l.line[:0]
		}
	}
	return written, nil
}

func (l *lineLog) flush() {
	if len(l.line) > 0 {
		l.inst.log(abi.LogInfo, l.line)
		l.line = l.line[:0]
	}
}
