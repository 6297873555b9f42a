package engine

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	goruntime "runtime"
	"strings"
	"sync/atomic"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/wexec/wexec/host/cache"
	"github.com/wexec/wexec/host/internal/fault"
)

// A module that is hard to compile is compiled by a child process: this program,
// started again. The child can be killed, which bounds by fact what an estimate only
// guesses: how long wazero's compiler takes, and how much memory.
//
//	parent ── job, module ─▶ stdin  child ─ compiles ─▶ native code in a folder
//	       ◀─ answer ─────── stdout      (ends when its stdin does)

// childEnv is the variable that makes a process the child.
const childEnv = "WEXEC_COMPILER_CHILD"

// hasChild says that Child was called, so that this program may be started again.
var hasChild atomic.Bool

// Child makes this process able to compile in a child. If this process is such a child,
// Child compiles, and ends the process.
func Child() {
	if os.Getenv(childEnv) == "" {
		hasChild.Store(true)
		return
	}
	os.Exit(serveChild(os.Stdin, os.Stdout))
}

// Bounds are those of a child.
type Bounds struct {
	// Time is the longest that it may take. 0 is no limit.
	Time time.Duration
	// Memory is the most that may be resident, in bytes. 0 is no limit. It holds on
	// Linux.
	Memory uint64
}

// job is what a child is to do.
type job struct {
	Dir     string // for the native code; empty to keep none
	Workers int
	Bounds  Bounds
	Size    int // of the module, which follows
}

// answer is what it says.
type answer struct {
	// Invalid is why the module is refused.
	Invalid string
	// Disk is why the native code can't be written.
	Disk string
	// Crash is what a child that crashed had to say.
	Crash string
}

// starting limits how many children run at once, each of which uses all cores.
var starting = make(chan struct{}, max(1, goruntime.GOMAXPROCS(0)/2))

// compileInChild compiles a module to a folder.
func (c *Code) compileInChild(ctx context.Context, dir string, wasm []byte) error {
	select {
	case starting <- struct{}{}:
		defer func() { <-starting }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	bounds := c.engine.cfg.Compile
	if bounds.Time > 0 {
		var cancel func()
		ctx, cancel = context.WithTimeoutCause(ctx, bounds.Time, &fault.CompileError{Limit: bounds.Time})
		defer cancel()
	}
	said, err := runChild(ctx, job{dir, goruntime.GOMAXPROCS(0), bounds, len(wasm)}, wasm)
	switch {
	case err != nil:
		return err
	case said.Crash != "":
		c.logger.Error("the compiler crashed", "stack", said.Crash)
		return errPanicked
	case said.Disk != "":
		return &cache.DiskError{Err: errors.New(said.Disk)}
	case said.Invalid != "":
		return errors.New(said.Invalid)
	}
	return nil
}

// runChild starts a child, and waits until it has ended.
func runChild(ctx context.Context, j job, wasm []byte) (*answer, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("the compiler can't be started: %w", err)
	}
	ctx, kill := context.WithCancelCause(ctx)
	defer kill(nil)
	child := exec.CommandContext(ctx, program)
	child.Env = append(withoutGo(os.Environ()), childEnv+"=1")
	var out, said bytes.Buffer
	child.Stdout, child.Stderr = &out, limited{&said, 64 << 10}
	in, err := child.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("the compiler can't be started: %w", err)
	}
	if err := child.Start(); err != nil {
		return nil, fmt.Errorf("the compiler can't be started: %w", err)
	}
	stop := watchMemory(child.Process.Pid, j.Bounds.Memory, func() { kill(&fault.CompileError{Memory: j.Bounds.Memory}) })
	defer stop()
	feed := make(chan struct{})
	go func() { // the pipe breaks when the child ends
		defer close(feed)
		_ = j.writeTo(in, wasm)
	}()
	err = child.Wait() // closes the pipe
	<-feed
	var a answer
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case err == nil && json.Unmarshal(out.Bytes(), &a) == nil:
		return &a, nil
	}
	return &answer{Crash: fmt.Sprintf("%v: %s", err, said.String())}, nil
}

// withoutGo leaves out the variables that would change how the child runs.
func withoutGo(environ []string) []string {
	kept := make([]string, 0, len(environ)+1)
	for _, kv := range environ {
		if name, _, _ := strings.Cut(kv, "="); name != "GOMAXPROCS" && name != "GODEBUG" && name != "GOGC" && name != "GOMEMLIMIT" {
			kept = append(kept, kv)
		}
	}
	return kept
}

// limited takes the first bytes that are written, and forgets the rest.
type limited struct {
	to   *bytes.Buffer
	most int
}

func (l limited) Write(p []byte) (int, error) {
	l.to.Write(p[:min(len(p), l.most-l.to.Len())])
	return len(p), nil
}

// writeTo writes the job and the module. The stream stays open, so that the child finds
// out when this process has ended.
func (j job) writeTo(w io.Writer, wasm []byte) error {
	head, err := json.Marshal(j)
	if err != nil {
		return err
	}
	if _, err := w.Write(append(binary.LittleEndian.AppendUint32(nil, uint32(len(head))), head...)); err != nil {
		return err
	}
	_, err = w.Write(wasm)
	return err
}

// readJob reads what writeTo has written.
func readJob(r io.Reader) (j job, wasm []byte, err error) {
	var size [4]byte
	if _, err := io.ReadFull(r, size[:]); err != nil {
		return j, nil, err
	}
	head := make([]byte, min(binary.LittleEndian.Uint32(size[:]), 1<<20))
	if _, err := io.ReadFull(r, head); err != nil {
		return j, nil, err
	}
	if err := json.Unmarshal(head, &j); err != nil {
		return j, nil, err
	}
	wasm = make([]byte, j.Size)
	_, err = io.ReadFull(r, wasm)
	return j, wasm, err
}

// compileJob compiles a module, and leaves the code in the job's folder. A panic of
// wazero ends the process, since it may be on a goroutine of wazero.
func compileJob(j job, wasm []byte) answer {
	ctx := experimental.WithCompilationWorkers(context.Background(), j.Workers)
	code := wazero.NewCompilationCache()
	if j.Dir != "" {
		var err error
		if code, err = wazero.NewCompilationCacheWithDir(j.Dir); err != nil {
			return answer{Disk: err.Error()}
		}
	}
	_, err := wazero.NewRuntimeWithConfig(ctx, runtimeConfig(code)).CompileModule(ctx, wasm)
	switch _, onDisk := errors.AsType[*fs.PathError](err); {
	case onDisk:
		return answer{Disk: err.Error()}
	case err != nil:
		return answer{Invalid: err.Error()}
	}
	return answer{}
}

// serveChild is the child. It returns the exit code.
func serveChild(in io.Reader, out io.Writer) int {
	r := bufio.NewReader(in)
	j, wasm, err := readJob(r)
	if err != nil {
		fmt.Fprintln(os.Stderr, "this process compiles for another, which has not said what:", err)
		return 1
	}
	go func() { // the parent holds the stream open as long as it lives
		_, _ = r.ReadByte()
		os.Exit(1)
	}()
	limitChild(j.Bounds, j.Workers)
	text, err := json.Marshal(compileJob(j, wasm))
	if err == nil {
		_, err = out.Write(text)
	}
	if err != nil {
		return 1
	}
	return 0
}
