// Package hosttest helps to test hosts and guests. It has the conformance suite
// that a guest in any language must pass, and helpers that make hosts, modules and
// guests for tests.
package hosttest

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/wexec/wexec/host"
)

// New makes a host and closes it when the test ends. The test fails if the host
// does not close within a minute. Without cfg.Logger, the host logs nothing.
func New(t testing.TB, cfg host.Config) *host.Host {
	t.Helper()
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	h, err := host.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := h.Close(ctx); err != nil {
			t.Errorf("closing the host: %v", err)
		}
	})
	return h
}

// Load loads a module under the name "guest". The test fails if the host rejects
// it.
func Load(t testing.TB, h *host.Host, wasm []byte, options ...host.Options) *host.Module {
	t.Helper()
	m, err := h.Load(context.Background(), "guest", wasm, options...)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// Log collects log lines for a test to check. The zero value is an empty log.
type Log struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

// Logger returns a logger that writes lines of level info and above to the log.
func (l *Log) Logger() *slog.Logger { return slog.New(slog.NewTextHandler(l, nil)) }

// Write implements io.Writer. Any goroutine may call it.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

// String returns all lines so far.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// GoGuest builds the Go guest whose main package is in dir, and returns the
// module. The test fails if the build fails.
func GoGuest(t testing.TB, dir string) []byte {
	t.Helper()
	out := filepath.Join(t.TempDir(), "guest.wasm")
	cmd := exec.Command("go", "build", "-buildmode=c-shared", "-ldflags=-s -w", "-o", out, ".")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "GOFLAGS=")
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("building %s: %v\n%s", dir, err, text)
	}
	return readModule(t, out)
}

func readModule(t testing.TB, file string) []byte {
	t.Helper()
	wasm, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return wasm
}
