package main

import (
	"bufio"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/wexec/wexec/host/build/engines"
)

// devProcess is wexec dev as a process of its own.
type devProcess struct {
	t     *testing.T
	cmd   *exec.Cmd
	lines chan string
}

func startDev(t *testing.T, dir string, args ...string) *devProcess {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("SKIPPED: no ctrl-C for another process on Windows")
	}
	wexec, err := exec.LookPath("wexec")
	if err != nil {
		t.Fatal(err)
	}
	p := &devProcess{t, exec.Command(wexec, append([]string{"dev"}, args...)...), make(chan string, 1000)}
	p.cmd.Dir = dir
	r, w := io.Pipe()
	p.cmd.Stdout, p.cmd.Stderr = w, w
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.cmd.Process.Kill()
		p.cmd.Wait()
	})
	go func() {
		defer close(p.lines)
		for s := bufio.NewScanner(r); s.Scan(); {
			p.lines <- s.Text()
		}
	}()
	t.Cleanup(func() { w.Close() })
	return p
}

// sees waits for a line that has a text.
func (p *devProcess) sees(text string) {
	p.t.Helper()
	var seen []string
	limit := time.After(time.Minute)
	for {
		select {
		case line, ok := <-p.lines:
			seen = append(seen, line)
			if ok && strings.Contains(line, text) {
				return
			}
			if ok {
				continue
			}
		case <-limit:
		}
		p.t.Fatalf("it did not print %q, but\n%s", text, strings.Join(seen, "\n"))
	}
}

// end presses ctrl-C, and checks that dev has ended well.
func (p *devProcess) end() {
	p.t.Helper()
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		p.t.Fatal(err)
	}
	if err := p.cmd.Wait(); err != nil {
		p.t.Errorf("ctrl-C: %v", err)
	}
}

func save(t *testing.T, dir, name, content string) {
	t.Helper()
	err := os.WriteFile(filepath.Join(dir, "new"), []byte(content), 0o666) // as editors do it
	if err = errors.Join(err, os.Rename(filepath.Join(dir, "new"), filepath.Join(dir, name))); err != nil {
		t.Fatal(err)
	}
}

// TestDevErrors needs no engine: there is always something wrong.
func TestDevErrors(t *testing.T) {
	dir := t.TempDir()
	save(t, dir, "task.ts", "let a = ;\n")
	p := startDev(t, dir, "task.ts")
	p.sees("task.ts:1:9: Unexpected")
	p.sees("exit code 3 after")
	save(t, dir, "notes.txt", "nothing that matters")
	save(t, dir, "task.ts", "import { b } from './b';\nb();\n")
	p.sees(`task.ts:1:19: Could not resolve "./b"`)
	p.sees("waiting for changes of task.ts")
	save(t, dir, "b.ts", "export const b = (;\n") // a new file
	p.sees("b.ts:1:19: Unexpected")
	p.sees("waiting")
	p.end()
}

func TestDevRuns(t *testing.T) {
	store, err := engines.DefaultStore()
	if ok, _ := hasEngine(store, "engine:javascript"); err != nil || !ok {
		t.Skip("SKIPPED: no engine: wexec engine fetch javascript")
	}
	dir := t.TempDir()
	save(t, dir, "b.js", "export const b = 'first';\n")
	save(t, dir, "task.js", "import { b } from './b.js';\nexport function say(n) { return b + n; }\n")
	p := startDev(t, dir, "task.js", "say", "-i", "1")
	p.sees("first1")
	p.sees("done in")
	save(t, dir, "b.js", "export const b = 'second';\n")
	p.sees("second1")
	p.sees("done in")
	save(t, dir, "task.js", "export function say(n) { while (true); }\n") // is stopped by the next change
	save(t, dir, "task.js", "export function say(n) { throw new TypeError('bad'); }\n")
	p.sees("bad")
	p.sees("exit code 1")
	p.end()
}
