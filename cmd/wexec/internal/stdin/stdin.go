// Package stdin reads standard input as a whole, and does not wait for it for ever.
package stdin

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/cmd/wexec/internal/exit"
	"github.com/wexec/wexec/cmd/wexec/internal/term"
)

// Name stands for standard input on the command line.
const Name = "-"

// patience is how long a read takes until the user is told what wexec waits for.
const patience = time.Second

// IsGiven reports whether someone gave the process an input, with < or | in a shell:
// a pipe, a file or a socket. A terminal and /dev/null are there by themselves.
func IsGiven(in io.Reader) bool {
	f, ok := in.(*os.File)
	if !ok {
		return in != nil
	}
	info, err := f.Stat()
	return err == nil && (info.Mode().IsRegular() || info.Mode()&(os.ModeNamedPipe|os.ModeSocket) != 0)
}

// Reader says how standard input is read.
type Reader struct {
	term.Streams
	// What the bytes are, in messages: "the module".
	What string
	// Most is the most bytes that are wanted. Read returns one more if there are
	// more, so that who wants them can refuse them.
	Most int
	// Limit is the longest to wait for the end; 0 is no limit.
	Limit time.Duration
}

// Read reads standard input to its end. It gives up when ctx ends, and then returns
// its error.
func (r Reader) Read(ctx context.Context) ([]byte, error) {
	done := func() {}
	if !term.IsTerminal(r.In) { // there, the user sees who waits for whom
		done = r.Notice(patience, fmt.Sprintf("waiting for %s: standard input has not ended yet…", r.What))
	}
	defer done()
	timeout := make(<-chan time.Time)
	if r.Limit > 0 {
		timer := time.NewTimer(r.Limit)
		defer timer.Stop()
		timeout = timer.C
	}
	type result struct {
		bytes []byte
		err   error
	}
	read := make(chan result, 1)
	// Nothing can interrupt a read. The goroutine ends with the process if not before.
	go func() {
		b, err := io.ReadAll(io.LimitReader(r.In, int64(r.Most)+1))
		read <- result{b, err}
	}()
	select {
	case got := <-read:
		if got.err != nil {
			return nil, exit.Usagef("standard input: %w", got.err)
		}
		return got.bytes, nil
	case <-timeout:
		return nil, &WaitError{r.What, r.Limit}
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// WaitError says that standard input did not end in time.
type WaitError struct {
	What  string
	Limit time.Duration
}

func (e *WaitError) Error() string {
	return fmt.Sprintf("timed out: %s comes from standard input, which did not end within %v", e.What, e.Limit)
}

// Kind returns abi.Timeout.
func (e *WaitError) Kind() abi.Status { return abi.Timeout }
