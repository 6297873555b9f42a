package javascript

import (
	"bytes"
	"slices"
	"strings"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host/internal/guest"
)

// rejection is a promise that was rejected while nothing waited for it.
type rejection struct {
	promise uint32 // where it is; it may be freed
	reason  value
	call    *guest.Call
}

// mostRejections is how many are kept until no job runs. The engine tells of each that it
// makes.
const mostRejections = 16

// rejected is told that a promise was rejected while nothing waits for it, and again if
// something then does. stack has pointers to the promise and to the reason, and which it is.
func (s *side) rejected(stack []uint64) {
	promise, reason := s.vm.take(uint32(stack[0])), s.vm.take(uint32(stack[1]))
	s.vm.free(promise) // it is referred to by whoever told
	at := uint32(promise)
	if caught := uint32(stack[2]) != 0; caught || len(s.rejections) >= mostRejections {
		s.vm.free(reason)
		s.catch(at)
		return
	}
	s.rejections = append(s.rejections, rejection{at, reason, s.Inst.Named})
}

// catch forgets the rejection of a promise.
func (s *side) catch(promise uint32) {
	s.rejections = slices.DeleteFunc(s.rejections, func(r rejection) bool {
		if r.promise == promise {
			s.vm.free(r.reason)
		}
		return r.promise == promise
	})
}

// finish ends a call with its output. A program ends when no job runs, since a promise may
// still have been rejected.
func (s *side) finish(c *guest.Call, output []byte) {
	if c.Task.Program {
		s.ended, s.output = c, bytes.Clone(output)
		return
	}
	s.Output(c, output)
}

// settled tells of the exceptions that nothing has caught when no job runs any more.
func (s *side) settled() {
	all := s.rejections
	s.rejections = nil
	for _, r := range all {
		err := s.describe(r.reason)
		s.vm.free(r.reason)
		s.uncaught(r.call, err)
	}
	if c := s.ended; c != nil && !c.Answered() {
		s.Output(c, s.output)
	}
	s.ended, s.output = nil, nil
}

// uncaught ends a program, as other runtimes do, and logs what happens in other calls.
func (s *side) uncaught(c *guest.Call, err error) {
	if c != nil && c.Task.Program {
		if !c.Answered() {
			s.End(c, nil, s.Inst.Starved(err))
		}
		return
	}
	s.Inst.Named = c
	s.Inst.Log(abi.LogWarn, []byte("nothing caught: "+strings.TrimPrefix(err.Error(), "failed: ")))
}
