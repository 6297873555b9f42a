package demo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/wexec/wexec/cmd/wexec/internal/exit"
	"github.com/wexec/wexec/cmd/wexec/internal/module"
	"github.com/wexec/wexec/cmd/wexec/internal/progress"
	"github.com/wexec/wexec/cmd/wexec/internal/term"
	"github.com/wexec/wexec/guests"
)

// guest is the script of the demo in one language.
type guest struct {
	wasm []byte
	// input is the format of main's input: how, how much to compute, and the URL.
	input string
}

const (
	words = "%s %d %s"
	list  = `["%s", %d, "%s"]`
)

// languages are the languages of the guest.
var languages = []struct {
	name  string
	input string
	get   func(context.Context, term.Streams, *module.Builder) ([]byte, error)
}{
	{"c", words, func(context.Context, term.Streams, *module.Builder) ([]byte, error) { return guests.DemoC, nil }},
	{"go", words, buildGo},
	{"js", list, script("demo.js", guests.DemoJavaScript)},
	{"python", list, script("demo.py", guests.DemoPython)},
}

func languageNames() (names []string) {
	for _, l := range languages {
		names = append(names, l.name)
	}
	return names
}

// newGuest returns the guest in a language.
func newGuest(ctx context.Context, s term.Streams, language string, b *module.Builder) (*guest, error) {
	for _, l := range languages {
		if l.name == language {
			wasm, err := l.get(ctx, s, b)
			return &guest{wasm, l.input}, err
		}
	}
	return nil, exit.Usagef("--lang %s: want %s", language, strings.Join(languageNames(), ", "))
}

// script returns what builds the module of a script.
func script(name string, source []byte) func(context.Context, term.Streams, *module.Builder) ([]byte, error) {
	return func(ctx context.Context, s term.Streams, b *module.Builder) ([]byte, error) {
		dir, err := os.MkdirTemp("", "wexec-demo-")
		if err != nil {
			return nil, err
		}
		defer os.RemoveAll(dir)
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, source, 0o666); err != nil {
			return nil, err
		}
		m, err := b.Build(ctx, s, file)
		if err != nil {
			return nil, err
		}
		return m.Bytes, nil
	}
}

// goGuest is the package of the guest in Go.
const goGuest = "github.com/wexec/wexec/guests/go/demo"

// buildGo builds the guest in Go. Go's own cache makes that fast the next time.
func buildGo(ctx context.Context, s term.Streams, _ *module.Builder) ([]byte, error) {
	if _, err := exec.LookPath("go"); err != nil {
		return nil, errors.New("the guest in Go is built by the go command, which is not here: see https://go.dev/dl")
	}
	dir, err := os.MkdirTemp("", "wexec-demo-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	progress.Say(s.Err, "building the guest in Go")
	out := filepath.Join(dir, "demo.wasm")
	cmd := exec.CommandContext(ctx, "go", "build", "-buildmode=c-shared", "-ldflags=-s -w", "-o", out, goGuest)
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "GOFLAGS=")
	if text, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("the guest in Go is built from source, in a checkout of wexec or a module that requires it: "+
			"go build: %w\n%s", err, bytes.TrimSpace(text))
	}
	return os.ReadFile(out)
}
