// Package hosttest has what tests of hosts and guests share: the conformance
// suite that the guest of every language passes, and hosts made for tests.
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

// New makes a host that is closed with the test, which fails if the host
// can't be closed.
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

// Load loads a module from bytes, under the name "guest" if name is empty.
func Load(t testing.TB, h *host.Host, wasm []byte, options ...host.Options) *host.Module {
	t.Helper()
	m, err := h.Load(context.Background(), "guest", wasm, options...)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// Log is a place for log lines that tests look at.
type Log struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

// Logger returns a logger of level info that writes to the log.
func (l *Log) Logger() *slog.Logger { return slog.New(slog.NewTextHandler(l, nil)) }

func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// GoGuest builds the Go guest in a package's folder and returns its bytes.
func GoGuest(t testing.TB, dir string) []byte {
	t.Helper()
	out := filepath.Join(t.TempDir(), "guest.wasm")
	cmd := exec.Command("go", "build", "-buildmode=c-shared", "-ldflags=-s -w", "-o", out, ".")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "GOFLAGS=")
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("building %s: %v\n%s", dir, err, text)
	}
	wasm, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return wasm
}
