package host

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/wexec/wexec/abi"
)

// imports implements abi.Imports. Each function finds its parameters in stack
// and leaves its result there. The upper halves of the parameters are garbage.
var imports = map[string]func(inst *instance, stack []uint64){
	"input": func(inst *instance, s []uint64) {
		c := inst.call("input", s[0])
		s[0] = inst.copyOut("input", c.input, s[1], s[2], s[3])
	},
	"output": func(inst *instance, s []uint64) {
		c := inst.call("output", s[0])
		out := inst.bytes("output", s[1], s[2])
		if most := inst.mod.host.cfg.Limits.Output; len(out) > most {
			inst.end(c, nil, &TaskError{Message: fmt.Sprintf("its output has %d bytes, at most %d are allowed (Config.Limits.Output)", len(out), most)})
			return
		}
		inst.end(c, copied(out), nil)
	},
	"fail": func(inst *instance, s []uint64) {
		c := inst.call("fail", s[0])
		message := inst.bytes("fail", s[2], s[3])
		inst.end(c, nil, &TaskError{Code: int32(uint32(s[1])), Message: inst.text(message, maxMessage)})
	},
	"op_start": func(inst *instance, s []uint64) {
		c := inst.call("op_start", s[0])
		name := inst.text(inst.bytes("op_start", s[1], s[2]), maxName)
		arg := inst.bytes("op_start", s[3], s[4])
		if c.task.Mode == CPU {
			panic(&AwaitError{name})
		}
		s[0] = uint64(inst.startOp(c, name, arg).handle)
	},
	"op_wait": func(inst *instance, s []uint64) {
		o := inst.op("op_wait", s[0])
		if inst.mod.style == Resumable {
			panic(misuse("op_wait: a resumable guest would block its loop: return from wexec_resume, and take the op's end from next"))
		}
		for !o.over {
			if err := inst.await(true); err != nil {
				panic(&stopped{err})
			}
		}
		s[0] = uint64(o.status)
	},
	"op_result": func(inst *instance, s []uint64) {
		o := inst.op("op_result", s[0])
		if !o.over {
			panic(misuse("op_result: the op has not ended"))
		}
		s[0] = inst.copyOut("op_result", o.result, s[1], s[2], s[3])
	},
	"op_cancel": func(inst *instance, s []uint64) { inst.cancelOp(inst.op("op_cancel", s[0])) },
	"op_drop":   func(inst *instance, s []uint64) { inst.dropOp(inst.op("op_drop", s[0])) },
	"next": func(inst *instance, s []uint64) {
		if inst.mod.style != Resumable {
			panic(misuse("next: only resumable guests take events"))
		}
		s[0] = inst.next(s[0], s[1])
	},
	"log": func(inst *instance, s []uint64) {
		inst.log(abi.LogLevel(uint32(s[0])), inst.bytes("log", s[1], s[2]))
	},
}

const (
	maxName    = 256
	maxMessage = 16 << 10
)

// bind registers the imports with a runtime.
func (h *Host) bind(ctx context.Context, r wazero.Runtime) error {
	b := r.NewHostModuleBuilder(abi.ImportModule)
	for _, f := range abi.Imports {
		params := make([]api.ValueType, len(f.Params))
		names := make([]string, len(f.Params))
		for i, p := range f.Params {
			params[i], names[i] = api.ValueTypeI32, p.Name
		}
		var results []api.ValueType
		if f.Result != "" {
			results = []api.ValueType{api.ValueTypeI32}
		}
		b.NewFunctionBuilder().
			WithGoModuleFunction(h.hostFunction(f.Name), params, results).
			WithParameterNames(names...).
			Export(f.Name)
	}
	_, err := b.Instantiate(ctx)
	return err
}

func (h *Host) hostFunction(name string) api.GoModuleFunc {
	run := imports[name]
	return func(ctx context.Context, _ api.Module, stack []uint64) {
		inst := instanceOf(ctx)
		defer h.catch(name)
		run(inst, stack)
	}
}

// catch lets the panics that end a guest pass, and is loud about all others:
// wazero would turn them into ordinary errors.
func (h *Host) catch(name string) {
	switch r := recover().(type) {
	case nil:
	case *misuseError, *AwaitError, *stopped, *stackError, *OutOfFuelError:
		panic(r)
	default:
		h.cfg.Logger.Error("a host function panicked", "import", name, "panic", r, "stack", string(debug.Stack()))
		panic(&hostBug{name})
	}
}

// misuseError is the reason of a trap: a guest broke a rule of the ABI.
type misuseError struct{ text string }

func (e *misuseError) Error() string { return e.text }

func misuse(format string, args ...any) error { return &misuseError{fmt.Sprintf(format, args...)} }

// call returns the call with that handle, which the guest thereby names.
func (inst *instance) call(name string, handle uint64) *call {
	c, ok := inst.calls.get(uint32(handle))
	if !ok {
		panic(misuse("%s: no call has the handle %d: it was ended, or never given", name, uint32(handle)))
	}
	inst.name(c)
	return c
}

// op returns the op with that handle, and names its call.
func (inst *instance) op(name string, handle uint64) *op {
	o, ok := inst.ops.get(uint32(handle))
	if !ok {
		panic(misuse("%s: no op has the handle %d: it was dropped, or never given", name, uint32(handle)))
	}
	inst.name(o.call)
	return o
}

func (inst *instance) name(c *call) {
	inst.named = c
	c.hostCalls.Add(1)
}

// bytes returns a part of the guest's memory, which must be copied before the
// host function ends.
func (inst *instance) bytes(name string, ptr, length uint64) []byte {
	inst.charge(int(uint32(length)))
	if uint32(length) == 0 {
		return nil
	}
	b, ok := inst.memory.Read(uint64(uint32(ptr)), uint64(uint32(length)))
	if !ok {
		panic(misuse("%s: %d bytes at %#x are not inside the memory", name, uint32(length), uint32(ptr)))
	}
	return b
}

// copyOut copies b from off on to the guest, at most room bytes, and returns
// the length of b.
func (inst *instance) copyOut(name string, b []byte, dst, room, off uint64) uint64 {
	total := uint64(len(b))
	if from := uint64(uint32(off)); from < total {
		part := b[from:min(total, from+uint64(uint32(room)))]
		copy(inst.bytes(name, dst, uint64(len(part))), part)
	}
	return total
}

// next hands out events, at most room.
func (inst *instance) next(dst, room uint64) uint64 {
	most := min(uint64(uint32(room)), uint64(inst.news.len()))
	to := inst.bytes("next", dst, most*abi.EventSize)[:0]
	for uint64(len(to)) < most*abi.EventSize {
		e, ok := inst.news.take()
		if !ok {
			break
		}
		to = e.AppendTo(to)
	}
	return uint64(len(to)) / abi.EventSize
}

// text copies a guest's text: valid UTF-8, cut after most bytes.
func (inst *instance) text(b []byte, most int) string {
	if len(b) > most {
		return strings.ToValidUTF8(string(b[:most]), "�") + "…"
	}
	return strings.ToValidUTF8(string(b), "�")
}

func copied(b []byte) []byte { return append([]byte(nil), b...) }

var logLevels = map[abi.LogLevel]slog.Level{
	abi.LogDebug: slog.LevelDebug,
	abi.LogInfo:  slog.LevelInfo,
	abi.LogWarn:  slog.LevelWarn,
}

func (inst *instance) log(level abi.LogLevel, line []byte) {
	at, ok := logLevels[level]
	if !ok {
		at = slog.LevelError
	}
	m := inst.mod
	cfg := &m.host.cfg
	if !m.logs.Allow() {
		m.unlogged.Add(1)
		return
	}
	if n := m.unlogged.Swap(0); n > 0 {
		cfg.Logger.Warn("a module logged too much: lines were dropped (Config.Limits.LogRate)", "module", m.name, "lines", n)
	}
	attrs := []slog.Attr{slog.String("module", m.name)}
	if inst.named != nil {
		attrs = append(attrs, slog.String("task", inst.named.task.Name))
	}
	cfg.Logger.LogAttrs(context.Background(), at, inst.text(line, cfg.Limits.LogLine), attrs...)
}
