package toolchain

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// program makes a script of the shell.
func program(t *testing.T, dir, name, script string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the programs of this test are scripts of the shell")
	}
	if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+script+"\n"), 0o777); err != nil {
		t.Fatal(err)
	}
}

func TestFind(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("PATH", dir)
	for _, tool := range []*Tool{Npm, Node, Pip, Python} {
		_, _, err := tool.Find(t.Context())
		if _, ok := errors.AsType[*MissingError](err); !ok || !strings.HasPrefix(err.Error(), tool.Name+" is not here: ") {
			t.Errorf("%s: %v", tool.Name, err)
		}
	}
	program(t, dir, "pip", "echo a shim >&2; exit 127")
	program(t, dir, "python3", `[ "$*" = "-m pip --version" ] && echo "pip 23.2.1 from /lib (python 3.11)"`)
	call, version, err := Pip.Find(t.Context())
	if err != nil || call.String() != "python3 -m pip" || version != "23.2.1" {
		t.Errorf("%v, %s, %v", call, version, err)
	}
	program(t, dir, "node", "echo v20.20.2")
	if _, version, err := Node.Find(t.Context()); version != "20.20.2" || err != nil {
		t.Errorf("node: %s, %v", version, err)
	}
}

func TestGet(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("PATH", dir)
	if got := Pip.Get(); got != "your system's package manager" {
		t.Errorf("without any: %s", got)
	}
	program(t, dir, "brew", "")
	if got := Npm.Get(); got != "brew install node" {
		t.Errorf("with brew: %s", got)
	}
	program(t, dir, "apt-get", "")
	if got := Pip.Get(); got != "apt-get install python3-pip" {
		t.Errorf("with apt-get: %s", got)
	}
}

func TestRun(t *testing.T) {
	dir := t.TempDir()
	program(t, dir, "tool", `case $1 in
ok) pwd > here ;;
says) for i in 1 2 3 4 5 6 7 8 9; do echo line $i; done; exit 1 ;;
silent) exit 3 ;;
esac`)
	tool := Command{filepath.Join(dir, "tool")}
	if err := tool.Run(t.Context(), dir, "ok"); err != nil {
		t.Error(err)
	}
	here, err := os.ReadFile(filepath.Join(dir, "here"))
	if err != nil || !strings.Contains(string(here), filepath.Base(dir)) {
		t.Errorf("it ran in %s, %v", here, err)
	}
	const few = "tool: line 4\nline 5\nline 6\nline 7\nline 8\nline 9"
	if err := tool.Run(t.Context(), dir, "says"); err == nil || !strings.HasSuffix(err.Error(), few) {
		t.Errorf("what it said: %v", err)
	}
	if err := tool.Run(t.Context(), dir, "silent"); err == nil || !strings.HasSuffix(err.Error(), "tool: exit status 3") {
		t.Errorf("what it did not say: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := tool.Run(ctx, dir, "ok"); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
