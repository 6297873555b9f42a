// Package capability defines a capability: something that a task can ask its host
// by name to do. It runs asynchronously, as an op. wexec's own capabilities are
// folders here, and embedders write others in the same way. An embedder passes
// capabilities to a host in Config.Capabilities, and grants them to guests.
//
// A capability has three phases, after Spin's factors. The embedder makes it once;
// For configures it for each module and tenant; an op runs once for each use.
package capability

import (
	"context"
	"io"
	"time"
)

// Capability is one or more ops that belong together.
type Capability interface {
	// Names returns the names of its ops, such as "http.fetch".
	Names() []string
	// For returns the ops by their names, for one module and one tenant. The host
	// ignores those that Names does not list. host.New calls For once with a zero
	// Scope, and fails if For does. For may be called from many goroutines.
	For(scope Scope) (map[string]Op, error)
	// Close frees what the capability keeps. The host calls it when no op runs.
	Close() error
}

// Op does one thing for a guest and returns the result as bytes, in a form that
// guest and capability agree on. It runs on a goroutine of its own, and may block.
// ctx ends when the result is no longer wanted. If Op returns an error, the guest
// gets its text and a status: that of its method Kind() abi.Status, if it has one.
type Op func(ctx context.Context, u *Use) ([]byte, error)

// Scope says for whom ops are configured.
type Scope struct {
	// Module is the module's name, which is unique among those of its Owner: a
	// tenant, or the host if it is empty.
	Module, Owner string
	// Tenant is the tenant that the ops run for.
	Tenant string
	// Digest is the SHA-256 of the module's bytes, in hexadecimal.
	Digest string
}

// Use is one use of an op.
type Use struct {
	Caller
	// Op is the name of the op.
	Op string
	// Arg is the argument. The op may keep and change it.
	Arg []byte
	// Streams are the open streams of the call. Nil has none, and takes none.
	Streams *Streams
	// Detail tells the audit what was done, in a few words: "GET https://example.com/".
	// The op may set it. It must not have secrets in it.
	Detail string

	opened []uint32 // handles
}

// Caller says which task started an op.
type Caller struct {
	Module, Owner, Task, Tenant string
	// Call is the ID of the call: see host.Span.
	Call uint64
	// Labels are those of the call: see host.Options. They must not be changed.
	Labels map[string]string
}

// Open opens a stream for the call, and returns the handle by which the guest uses it.
// What the guest can do depends on the methods of s: an io.Reader can be read, an
// io.Writer can be written. The stream is closed when the guest closes it or when the
// call ends, and at once if Open fails. If s has a method CloseWithError, as an
// *io.PipeWriter has, that is used if the work was broken off.
func (u *Use) Open(s io.Closer) (handle uint32, err error) {
	reader, _ := s.(io.Reader)
	writer, _ := s.(io.Writer)
	return u.open(&stream{closer: s, reader: reader, writer: writer})
}

func (u *Use) open(s *stream) (uint32, error) {
	s.Closed = Closed{Op: u.Op, Detail: u.Detail, Opened: time.Now()}
	handle, err := u.Streams.add(s)
	if err != nil {
		_ = s.close(nil)
		return 0, err
	}
	u.opened = append(u.opened, handle)
	return handle, nil
}

// Abandon closes the streams that the op has opened. The host calls it when the
// guest does not get the op's result.
func (u *Use) Abandon() {
	for _, handle := range u.opened {
		_ = u.Streams.Close(handle)
	}
}

// Func makes a capability from a function, which is the same for every module and
// tenant.
func Func(name string, op Op) Capability { return function{name, op} }

type function struct {
	name string
	op   Op
}

func (f function) Names() []string                  { return []string{f.name} }
func (f function) For(Scope) (map[string]Op, error) { return map[string]Op{f.name: f.op}, nil }
func (f function) Close() error                     { return nil }
