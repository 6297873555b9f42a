package guest

import (
	"crypto/rand"
	"io"
	"strings"
	"time"

	"github.com/wexec/wexec/host/internal/engine"
	"github.com/wexec/wexec/host/internal/fault"
	"github.com/wexec/wexec/host/internal/rootfs"
)

// WASI is what an instance's system calls see. host.WASI documents it.
type WASI struct {
	Args, Env      []string
	Mounts         []Mount
	Stdin          io.Reader
	Stdout, Stderr io.Writer
}

// Mount is a folder that a guest sees.
type Mount struct {
	Host, Guest string
	ReadOnly    bool
}

// system is the state of an instance's system calls.
type system struct {
	inst   *Instance
	env    [][2]string
	args   []string
	stdin  *stdin
	stdout io.Writer
	stderr io.Writer
	output *limitedBuffer // nil if the output goes elsewhere
	logs   [2]lineLog     // of standard output and error, unless they go elsewhere
	mounts []engine.Mount

	drew    bool // random numbers
	changed bool // its descriptors are not what they were
}

// newSystem makes the system of an instance: nothing from outside, unless
// wasi, which may be nil, says so.
func newSystem(inst *Instance, wasi *WASI) (*system, error) {
	if wasi == nil {
		wasi = &WASI{}
	}
	s := &system{inst: inst, stdin: &stdin{ctx: inst.ctx}}
	s.logs = [2]lineLog{{inst: inst}, {inst: inst}}
	s.stdout, s.stderr = &s.logs[0], &s.logs[1]
	if inst.Program {
		s.attachStreams(wasi)
		s.args = append([]string{inst.Module}, wasi.Args...)
	}
	for _, kv := range wasi.Env {
		key, value, ok := strings.Cut(kv, "=")
		if !ok || key == "" {
			return nil, fault.InvalidInput("WASI.Env: %q is not K=V", kv)
		}
		s.env = append(s.env, [2]string{key, value})
	}
	for _, m := range wasi.Mounts {
		if err := s.mount(m); err != nil {
			s.close()
			return nil, err
		}
	}
	return s, nil
}

// attachStreams gives a program the streams of its call.
func (s *system) attachStreams(wasi *WASI) {
	s.stdin.reader = wasi.Stdin
	if wasi.Stdout == nil {
		s.output = &limitedBuffer{inst: s.inst}
		s.stdout = s.output
	} else {
		s.stdout = &outlet{ctx: s.inst.ctx, writer: wasi.Stdout}
	}
	if wasi.Stderr != nil {
		s.stderr = &outlet{ctx: s.inst.ctx, writer: wasi.Stderr}
	}
}

func (s *system) mount(m Mount) error {
	access := rootfs.ReadWrite
	if m.ReadOnly {
		access = rootfs.ReadOnly
	}
	root, err := rootfs.Open(m.Host, access)
	if err != nil {
		return fault.InvalidInput("mount %s: %v", m.Host, err)
	}
	root.Charge = s.inst.ChargeCall
	s.mounts = append(s.mounts, engine.Mount{Guest: m.Guest, FS: root})
	return nil
}

// engine is the system in the engine's terms.
func (s *system) engine() *engine.System {
	return &engine.System{
		Args: s.args, Env: s.env, Mounts: s.mounts,
		Stdin:  metered{s.inst, s.stdin, nil},
		Stdout: metered{s.inst, nil, s.stdout}, Stderr: metered{s.inst, nil, s.stderr},
		Random: metered{s.inst, random{s}, nil},
		Sleep:  s.inst.sleep,
	}
}

// flush logs what was printed without a newline at its end.
func (s *system) flush() {
	for i := range s.logs {
		s.logs[i].flush()
	}
}

func (s *system) close() {
	s.flush()
	for _, m := range s.mounts {
		m.FS.Close() // it was only read from, or written through
	}
}

// Feed sets the standard input of a program, unless it has a reader.
func (inst *Instance) Feed(input []byte) { inst.system.stdin.input.Reset(input) }

// Printed returns what a program has written to its standard output.
func (inst *Instance) Printed() []byte {
	if inst.system.output == nil {
		return nil
	}
	return inst.system.output.Bytes()
}

// random is the source of random numbers. It notes that some were drawn.
type random struct{ *system }

func (r random) Read(p []byte) (int, error) {
	r.drew = true
	return rand.Read(p)
}

// sleep is how a guest sleeps in a system call: it ends with the instance.
func (inst *Instance) sleep(ns int64) {
	inst.idle()
	timer := time.NewTimer(time.Duration(ns))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-inst.ctx.Done():
	}
}
