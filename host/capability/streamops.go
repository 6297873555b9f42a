package capability

import (
	"context"
	"io"

	"github.com/wexec/wexec/abi"
)

// StreamOps are the ops that every host has: stream.read, stream.write, stream.close
// and stream.pipe.
type StreamOps struct{}

// streamOps has them by name.
var streamOps = map[string]Op{
	abi.CapStreamRead: func(ctx context.Context, u *Use) ([]byte, error) {
		handle, most, err := abi.ParseStreamRead(u.Arg)
		if err != nil {
			return nil, Errorf(abi.InvalidInput, "stream.read: %v", err)
		}
		return u.Streams.Read(ctx, handle, most)
	},
	abi.CapStreamWrite: func(ctx context.Context, u *Use) ([]byte, error) {
		handle, bytes, err := abi.ParseStream(u.Arg)
		if err != nil {
			return nil, Errorf(abi.InvalidInput, "stream.write: %v", err)
		}
		return nil, u.Streams.Write(ctx, handle, bytes)
	},
	abi.CapStreamClose: func(_ context.Context, u *Use) ([]byte, error) {
		handle, _, err := abi.ParseStream(u.Arg)
		if err != nil {
			return nil, Errorf(abi.InvalidInput, "stream.close: %v", err)
		}
		return nil, u.Streams.Close(handle)
	},
	abi.CapStreamPipe: func(_ context.Context, u *Use) ([]byte, error) {
		r, w := io.Pipe()
		handle, err := u.open(&stream{closer: w, reader: r, writer: w})
		if err != nil {
			return nil, err
		}
		return abi.AppendStream(nil, handle), nil
	},
}

// Names implements Capability.
func (StreamOps) Names() []string {
	return []string{abi.CapStreamClose, abi.CapStreamPipe, abi.CapStreamRead, abi.CapStreamWrite}
}

// For implements Capability.
func (StreamOps) For(Scope) (map[string]Op, error) { return streamOps, nil }

// Close implements Capability.
func (StreamOps) Close() error { return nil }
