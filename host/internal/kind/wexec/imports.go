package wexec

import (
	"context"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host/internal/engine"
	"github.com/wexec/wexec/host/internal/fault"
	"github.com/wexec/wexec/host/internal/guest"
	"github.com/wexec/wexec/host/internal/kind/calls"
	"github.com/wexec/wexec/host/internal/wasm"
)

const (
	maxName    = 256
	maxMessage = 16 << 10
)

// functions implements abi.Imports. Each function reads its parameters from stack
// and writes its result to it. The upper halves of the parameters are garbage.
var functions = map[string]func(g *calls.Side, stack []uint64){
	"input": func(g *calls.Side, s []uint64) {
		c := g.Call("input", uint32(s[0]))
		s[0] = uint64(g.Inst.CopyOut("input", c.Input, uint32(s[1]), uint32(s[2]), uint32(s[3])))
	},
	"output": func(g *calls.Side, s []uint64) {
		c := g.Call("output", uint32(s[0]))
		g.Output(c, bytes(g, "output", s[1], s[2]))
	},
	"emit": func(g *calls.Side, s []uint64) {
		c, kind, length := g.Call("emit", uint32(s[0])), abi.EmitKind(uint32(s[1])), uint32(s[3])
		switch {
		case kind > abi.EmitProgress:
			panic(fault.Misuse("emit: there is no kind %d", kind))
		case length > abi.MaxEmitBytes:
			panic(fault.Misuse("emit: %d bytes, at most %d are allowed at once", length, abi.MaxEmitBytes))
		}
		_, wait := g.Inst.Side().(*direct)
		room := g.Emit(c, kind, bytes(g, "emit", s[2], s[3]), wait || c.Task.Mode == abi.CPU)
		s[0] = 0
		if room {
			s[0] = 1
		}
	},
	"fail": func(g *calls.Side, s []uint64) {
		c := g.Call("fail", uint32(s[0]))
		message := bytes(g, "fail", s[2], s[3])
		g.End(c, nil, &fault.TaskError{Code: int32(uint32(s[1])), Message: guest.Text(message, maxMessage)})
	},
	"op_start": func(g *calls.Side, s []uint64) {
		c := g.Call("op_start", uint32(s[0]))
		name := guest.Text(bytes(g, "op_start", s[1], s[2]), maxName)
		arg := bytes(g, "op_start", s[3], s[4])
		s[0] = uint64(g.StartOp(c, name, arg).Handle)
	},
	"op_wait": func(g *calls.Side, s []uint64) {
		o := g.Op("op_wait", uint32(s[0]))
		if _, ok := g.Inst.Side().(*direct); !ok {
			panic(fault.Misuse("op_wait: a resumable guest would block its loop: " +
				"return from wexec_resume, and take the op's end from next"))
		}
		g.Wait(o)
		s[0] = uint64(o.Status)
	},
	"op_result": func(g *calls.Side, s []uint64) {
		o := g.Op("op_result", uint32(s[0]))
		if !o.Over() {
			panic(fault.Misuse("op_result: the op has not ended"))
		}
		s[0] = uint64(g.Inst.CopyOut("op_result", o.Result, uint32(s[1]), uint32(s[2]), uint32(s[3])))
	},
	"op_code": func(g *calls.Side, s []uint64) {
		o := g.Op("op_code", uint32(s[0]))
		if !o.Over() {
			panic(fault.Misuse("op_code: the op has not ended"))
		}
		s[0] = uint64(uint32(o.Code))
	},
	"op_cancel": func(g *calls.Side, s []uint64) { g.Ops.Cancel(g.Op("op_cancel", uint32(s[0]))) },
	"op_drop":   func(g *calls.Side, s []uint64) { g.Ops.Drop(g.Op("op_drop", uint32(s[0]))) },
	"next": func(g *calls.Side, s []uint64) {
		r, ok := g.Inst.Side().(*resumable)
		if !ok {
			panic(fault.Misuse("next: only resumable guests take events"))
		}
		s[0] = r.next(s[0], s[1])
	},
	"log": func(g *calls.Side, s []uint64) {
		g.Inst.Log(abi.LogLevel(uint32(s[0])), bytes(g, "log", s[1], s[2]))
	},
}

// bytes returns a part of the guest's memory.
func bytes(s *calls.Side, name string, ptr, length uint64) []byte {
	return s.Inst.Bytes(name, uint32(ptr), uint32(length))
}

// next gives the guest at most room events.
func (r *resumable) next(dst, room uint64) uint64 {
	most := min(uint64(uint32(room)), uint64(r.Events()))
	to := bytes(&r.Side, "next", dst, most*abi.EventSize)[:0]
	for uint64(len(to)) < most*abi.EventSize {
		e, ok := r.Next()
		if !ok {
			break
		}
		to = e.Wire().AppendTo(to)
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
func sideOf(ctx context.Context) *calls.Side {
	inst := guest.Of(ctx)
	switch s := inst.Side().(type) {
	case *direct:
		return &s.Side
	case *resumable:
		return &s.Side
	}
	none := &calls.Side{}
	none.Init(inst)
	return none
}
