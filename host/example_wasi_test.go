package host_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/wexec/wexec/host"
)

// A WASI program is a module with one task, main. Its input is standard input, and
// its output standard output. A call's Options say the rest.
func ExampleWASI() {
	ctx := context.Background()
	h, m := open(host.Config{}, "c/command.wasm")
	defer h.Close(ctx)

	run := func(input string, env []string, args ...string) {
		wasi := &host.WASI{Args: args, Env: env}
		out, err := m.With(host.Options{WASI: wasi}).Call(ctx, "main", []byte(input)).Wait(ctx)
		fmt.Printf("%q %v\n", out, err)
	}
	run("", nil, "args", "one", "two")
	run("", []string{"COLOUR=red"}, "env", "COLOUR")
	run("a line\n", nil, "cat")
	// Output:
	// "one\ntwo\n" <nil>
	// "red\n" <nil>
	// "a line\n" <nil>
}

// Streams, such as files or pipes, take the place of bytes.
func ExampleWASI_streams() {
	ctx := context.Background()
	h, m := open(host.Config{}, "c/command.wasm")
	defer h.Close(ctx)

	cat := &host.WASI{Args: []string{"cat"}, Stdin: strings.NewReader("through a pipe\n"), Stdout: os.Stdout}
	_, err := m.With(host.Options{WASI: cat}).Call(ctx, "main", nil).Wait(ctx)
	fmt.Println(err)
	// Output:
	// through a pipe
	// <nil>
}

// A guest sees the folders that it is given, and nothing outside of them.
func ExampleMount() {
	ctx := context.Background()
	h, m := open(host.Config{}, "c/command.wasm")
	defer h.Close(ctx)
	folder, err := os.MkdirTemp("", "wexec-example")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(folder)
	if err := os.WriteFile(filepath.Join(folder, "file"), []byte("contents\n"), 0o600); err != nil {
		panic(err)
	}

	mounts := []host.Mount{{Host: folder, Guest: "/data", ReadOnly: true}}
	for _, args := range []string{"read /data/file", "write /data/file x", "read /data/../../etc/passwd"} {
		wasi := &host.WASI{Args: strings.Fields(args), Mounts: mounts, Stdout: os.Stdout, Stderr: os.Stdout}
		m.With(host.Options{WASI: wasi}).Call(ctx, "main", nil).Wait(ctx)
	}
	// Output:
	// contents
	// /data/file: Read-only file system
	// /data/../../etc/passwd: Operation not permitted
}

// A program that fails exits with a code.
func ExampleExitError() {
	ctx := context.Background()
	h, m := open(host.Config{}, "c/command.wasm")
	defer h.Close(ctx)

	m = m.With(host.Options{WASI: &host.WASI{Args: []string{"exit", "3"}}})
	_, err := m.Call(ctx, "main", nil).Wait(ctx)
	var exit *host.ExitError
	fmt.Println(errors.As(err, &exit), exit.Code)
	// Output: true 3
}
