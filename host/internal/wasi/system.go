package wasi

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/wexec/wexec/host/internal/rootfs"
	"github.com/wexec/wexec/host/internal/wasi/descriptors"
	"github.com/wexec/wexec/host/internal/wasi/stdio"
)

// Guest is what system calls need of the instance that makes them.
type Guest interface {
	// Memory is the linear memory as it is now; Park may replace it.
	Memory() []byte
	// Charge takes fuel for moving that many bytes, or for work that takes as long.
	// It is a safepoint: it panics if the guest must end.
	Charge(bytes int)
	// Context ends when the instance must stop.
	Context() context.Context
	// CanPark is false for an instance that holds many calls. Its standard input is
	// at the end, and when it waits, all of its calls wait.
	CanPark() bool
	// Park runs wait without holding the worker, and panics afterwards if the
	// guest must end.
	Park(wait func())
	// Exit ends the guest, and does not return.
	Exit(code uint32)
	// Warn is for the host's log.
	Warn(msg string)
}

// Config says what the system calls of an instance see. The zero value shows only
// the host's clocks.
type Config struct {
	Args, Env      []string // Env has the form K=V
	Stdin          io.Reader
	Stdout, Stderr io.Writer // nil drops what is written
	Mounts         []Mount
	// Channel may be nil.
	Channel Channel
	// Devices gives the guest a /dev with null, random, urandom and zero, which are
	// our own.
	Devices bool

	// MaxOpen limits what the guest has open besides streams and mounts. Zero means
	// DefaultMaxOpen.
	MaxOpen int
	// Descriptors limits what all guests have open. Nil means descriptors.Default.
	Descriptors *descriptors.Budget
	// Panicked is called for panics in Stdin, Stdout and Stderr. The guest sees EIO.
	Panicked func(value any, stack []byte)
}

// Mount is a directory that the guest finds at the path Guest. The System does not
// close it.
type Mount struct {
	Guest string
	Mount *rootfs.Mount
}

// DefaultMaxOpen is how many files and directories a guest may have open.
const DefaultMaxOpen = 1024

// System is what the system calls of an instance see: arguments, environment,
// descriptors, clocks, random numbers. It serves one goroutine at a time.
type System struct {
	config    Config
	args, env []string
	table     table
	streams   []stdio.Stream
	changed   bool // the table differs from that of a new system
	flags     StreamFlags
	stdin     io.Reader // what streams are made of
	stdout    io.Writer
	stderr    io.Writer
	drew      bool
	warned    bool

	bufs [][]byte // for gather
}

// New makes the system of an instance.
func New(c Config) (*System, error) {
	if c.MaxOpen == 0 {
		c.MaxOpen = DefaultMaxOpen
	}
	if c.Descriptors == nil {
		c.Descriptors = descriptors.Default()
	}
	for _, m := range c.Mounts {
		if m.Guest == "" || strings.IndexByte(m.Guest, 0) >= 0 {
			return nil, fmt.Errorf("a mount has the path %q in the guest", m.Guest)
		}
	}
	s := &System{config: c}
	s.table.budget = c.Descriptors
	if err := s.Begin(c.Args, c.Env, c.Stdin, c.Stdout, c.Stderr); err != nil {
		return nil, err
	}
	return s, nil
}

// Begin prepares the system for a call, and replaces the arguments, environment and
// streams. The descriptors become those of a new system.
func (s *System) Begin(args, env []string, stdin io.Reader, stdout, stderr io.Writer) error {
	if err := checkStrings(args, env); err != nil {
		return err
	}
	if err := s.restore(); err != nil {
		return err
	}
	s.args, s.env = args, env
	s.setStreams(stdin, stdout, stderr)
	return nil
}

// checkStrings refuses strings that would look different to the guest.
func checkStrings(args, env []string) error {
	for _, arg := range args {
		if strings.IndexByte(arg, 0) >= 0 {
			return fmt.Errorf("the argument %q has a zero byte", arg)
		}
	}
	for _, kv := range env {
		if key, _, ok := strings.Cut(kv, "="); !ok || key == "" || strings.IndexByte(kv, 0) >= 0 {
			return fmt.Errorf("the environment variable %q is not K=V", kv)
		}
	}
	return nil
}

// The numbers of the first descriptors.
const (
	stdinFd = iota
	stdoutFd
	stderrFd
	firstMount
)

// setStreams opens the streams of a call.
func (s *System) setStreams(stdin io.Reader, stdout, stderr io.Writer) {
	in := stdio.OpenInput(stdin, s.config.Panicked)
	out := stdio.OpenOutput(stdout, s.config.Panicked)
	err := stdio.OpenOutput(stderr, s.config.Panicked)
	s.streams = append(s.streams[:0], in, out, err)
	s.stdin, s.stdout, s.stderr = stdin, stdout, stderr
	*s.table.slots[stdinFd] = inputDescriptor(in)
	*s.table.slots[stdoutFd] = outputDescriptor(out)
	*s.table.slots[stderrFd] = outputDescriptor(err)
	for i := range s.flags {
		s.table.slots[i].flags = fdflags(s.flags[i])
	}
}

// StreamFlags are the flags of the standard streams, by number.
type StreamFlags [firstMount]uint16

// StreamFlags returns the flags of the streams, which a guest may set when it
// starts: Go's runtime does.
func (s *System) StreamFlags() (flags StreamFlags) {
	for i := range flags {
		flags[i] = uint16(s.table.slots[i].flags)
	}
	return flags
}

// SetStreamFlags sets the flags of the streams, now and whenever a call begins.
func (s *System) SetStreamFlags(flags StreamFlags) {
	s.flags = flags
	for i := range flags {
		s.table.slots[i].flags = fdflags(flags[i])
	}
}

func inputDescriptor(in stdio.Input) descriptor {
	return descriptor{input: in, base: rightFdRead | rightsOf(in)}
}

func outputDescriptor(out stdio.Output) descriptor {
	return descriptor{output: out, base: rightFdWrite | rightsOf(out)}
}

// rightsOf returns the rights of a stream. Only a regular file has a position.
func rightsOf(s stdio.Stream) rights {
	if s.Kind() == stdio.RegularFile {
		return streamRights | positionRights
	}
	return streamRights
}

// Restore makes the descriptors what they were when the call began, for another
// one that has the same arguments, environment and streams. It reports success;
// it fails if a mount has been closed. It costs nothing if nothing was changed.
func (s *System) Restore() bool {
	if s.changed {
		return s.Begin(s.args, s.env, s.stdin, s.stdout, s.stderr) == nil
	}
	s.drew, s.warned = false, false
	s.SetStreamFlags(s.flags)
	return true
}

// restore resets the table, except for the streams.
func (s *System) restore() error {
	s.closeStreams()
	s.drew, s.warned = false, false
	if !s.changed && len(s.table.slots) > 0 {
		return nil
	}
	s.table.clear()
	s.changed = true // until all are there
	for range firstMount {
		s.table.add(&descriptor{})
	}
	for _, m := range s.config.Mounts {
		dir, err := m.Mount.Root()
		if err != nil {
			return fmt.Errorf("the mount %s: %w", m.Guest, err)
		}
		s.table.add(&descriptor{dir: dir, base: dirRights, inheriting: allRights, mount: m.Guest})
	}
	if s.config.Devices {
		s.table.add(&descriptor{
			fixed: &devices[0].stat, base: devicesRights, inheriting: allRights, mount: devicesMount,
		})
	}
	s.table.limit = s.table.open + s.config.MaxOpen
	s.changed = false
	return nil
}

func (s *System) closeStreams() {
	for _, stream := range s.streams {
		stream.Close()
	}
	s.streams = s.streams[:0]
}

// Close ends the system.
func (s *System) Close() {
	s.closeStreams()
	s.table.clear()
}

// Drew reports whether the guest has drawn random numbers since the call began.
func (s *System) Drew() bool { return s.drew }

// Changed reports whether the guest's descriptors are not what they were at
// first, except for the flags of the streams. Restore undoes
// that.
func (s *System) Changed() bool { return s.changed }
