package wexec

import (
	"context"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host/internal/engine"
	"github.com/wexec/wexec/host/internal/fault"
	"github.com/wexec/wexec/host/internal/guest"
	"github.com/wexec/wexec/host/internal/wasm"
)

const (
	maxName    = 256
	maxMessage = 16 << 10
)

// functions implements abi.Imports. Each function reads its parameters from stack
// and writes its result to it. The upper halves of the parameters are garbage.
var functions = map[string]func(g *side, stack []uint64){
	"input": func(g *side, s []uint64) {
		c := g.call("input", s[0])
		s[0] = uint64(g.inst.CopyOut("input", c.Input, uint32(s[1]), uint32(s[2]), uint32(s[3])))
	},
	"output": func(g *side, s []uint64) {
		c := g.call("output", s[0])
		output := g.bytes("output", s[1], s[2])
		if err := g.checkOutput(c, output); err != nil {
			g.end(c, nil, err)
			return
		}
		g.end(c, output, nil)
	},
	"emit": func(g *side, s []uint64) { s[0] = g.emit(s[0], uint32(s[1]), s[2], s[3]) },
	"fail": func(g *side, s []uint64) {
		c := g.call("fail", s[0])
		message := g.bytes("fail", s[2], s[3])
		g.end(c, nil, &fault.TaskError{Code: int32(uint32(s[1])), Message: guest.Text(message, maxMessage)})
	},
	"op_start": func(g *side, s []uint64) {
		c := g.call("op_start", s[0])
		name := guest.Text(g.bytes("op_start", s[1], s[2]), maxName)
		arg := g.bytes("op_start", s[3], s[4])
		if c.Task.Mode == abi.CPU {
			panic(&fault.AwaitError{Capability: name})
		}
		s[0] = uint64(g.ops.Start(c, g.calls.Len(), name, arg).Handle)
	},
	"op_wait": func(g *side, s []uint64) {
		o := g.op("op_wait", s[0])
		if _, ok := g.inst.Side().(*direct); !ok {
			panic(fault.Misuse("op_wait: a resumable guest would block its loop: " +
				"return from wexec_resume, and take the op's end from next"))
		}
		for !o.Over() {
			if err := g.inst.Await(true); err != nil {
				panic(&fault.Stopped{Err: err})
			}
		}
		s[0] = uint64(o.Status)
	},
	"op_result": func(g *side, s []uint64) {
		o := g.op("op_result", s[0])
		if !o.Over() {
			panic(fault.Misuse("op_result: the op has not ended"))
		}
		s[0] = uint64(g.inst.CopyOut("op_result", o.Result, uint32(s[1]), uint32(s[2]), uint32(s[3])))
	},
	"op_code": func(g *side, s []uint64) {
		o := g.op("op_code", s[0])
		if !o.Over() {
			panic(fault.Misuse("op_code: the op has not ended"))
		}
		s[0] = uint64(uint32(o.Code))
	},
	"op_cancel": func(g *side, s []uint64) { g.ops.Cancel(g.op("op_cancel", s[0])) },
	"op_drop":   func(g *side, s []uint64) { g.ops.Drop(g.op("op_drop", s[0])) },
	"next": func(g *side, s []uint64) {
		r, ok := g.inst.Side().(*resumable)
		if !ok {
			panic(fault.Misuse("next: only resumable guests take events"))
		}
		s[0] = r.next(s[0], s[1])
	},
	"log": func(g *side, s []uint64) {
		g.inst.Log(abi.LogLevel(uint32(s[0])), g.bytes("log", s[1], s[2]))
	},
}

// bytes returns a part of the guest's memory.
func (s *side) bytes(name string, ptr, length uint64) []byte {
	return s.inst.Bytes(name, uint32(ptr), uint32(length))
}

// next gives the guest at most room events.
func (r *resumable) next(dst, room uint64) uint64 {
	most := min(uint64(uint32(room)), uint64(r.events.len()))
	to := r.bytes("next", dst, most*abi.EventSize)[:0]
	for uint64(len(to)) < most*abi.EventSize {
		e, ok := r.events.take()
		if !ok {
			break
		}
		to = e.AppendTo(to)
	}
	return uint64(len(to)) / abi.EventSize
}

// hostModule is the module that guests of the ABI import.
func hostModule() engine.Import {
	module := engine.Import{Module: abi.ImportModule}
	for _, f := range abi.Imports {
		call := functions[f.Name]
		h := engine.HostFunction{Name: f.Name, Call: func(ctx context.Context, stack []uint64) {
			call(sideOf(ctx), stack)
		}}
		for _, p := range f.Params {
			h.Params = append(h.Params, p.Name)
			h.Type.Params = append(h.Type.Params, wasm.I32)
		}
		if f.Result != "" {
			h.Type.Results = []wasm.ValueType{wasm.I32}
		}
		module.Functions = append(module.Functions, h)
	}
	return module
}

// sideOf returns the side of the instance that a host function was called from.
// A module of another kind that imports these functions has no calls and no ops.
func sideOf(ctx context.Context) *side {
	inst := guest.Of(ctx)
	switch s := inst.Side().(type) {
	case *direct:
		return &s.side
	case *resumable:
		return &s.side
	}
	none := &side{}
	none.init(inst)
	return none
}
