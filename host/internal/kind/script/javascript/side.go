package javascript

import (
	"bytes"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host/internal/fault"
	"github.com/wexec/wexec/host/internal/guest"
	"github.com/wexec/wexec/host/internal/kind/calls"
	"github.com/wexec/wexec/host/internal/kind/script"
)

// side runs the calls of an instance. A call enters by the prelude's dispatch. Then the
// jobs of promises run, and again after each op that ends, until the prelude has ended
// the call.
type side struct {
	calls.Shared
	vm     vm
	source *script.Source
	// described is the exception that the prelude has described last.
	described error
	// rejections are of promises that nothing waits for, as far as is known while jobs run.
	rejections []rejection
	// ended is the program that has ended with an output, and ends when no job runs.
	ended  *guest.Call
	output []byte
}

func newSide(inst *guest.Instance, source *script.Source) *side {
	s := &side{source: source}
	s.vm.inst = inst
	s.Init(inst)
	s.Resume = s.resume
	s.Stuck = &fault.TaskError{Message: "it waits for a promise that nothing can settle any more"}
	return s
}

// mostEvents is how many events a turn delivers before other calls have a turn.
const mostEvents = 256

func (s *side) resume() (again bool, err error) {
	s.rejections, s.ended = nil, nil // of a turn that did not end, after which memory was reset
	err = s.Inst.Drive(func() {
		for range mostEvents {
			e, ok := s.Next()
			if !ok {
				return
			}
			s.deliver(e)
			s.runJobs()
			s.settled()
		}
		again = true
	})
	return again, err
}

// Serve implements guest.Side. The script need not learn of ops that ended with the call.
func (s *side) Serve(c *guest.Call) error {
	err := s.Shared.Serve(c)
	for e, ok := s.Next(); ok; e, ok = s.Next() {
		if e.Op != nil {
			s.Ops.Drop(e.Op)
		}
	}
	return err
}

// deliver tells the script of an event.
func (s *side) deliver(e calls.Event) {
	switch e.Kind {
	case abi.EventCall:
		s.begin(e.Call)
	case abi.EventOp:
		s.Inst.Named = e.Op.Call
		s.run(s.vm.wake, integer(e.Op.Handle), integer(uint32(e.Op.Status)), integer(uint32(e.Op.Code)))
		s.Ops.Drop(e.Op)
	case abi.EventRoom:
		s.Inst.Named = e.Call
		s.run(s.vm.room, integer(e.Call.Handle))
	case abi.EventCancel:
		s.Inst.Named = e.Call
		s.run(s.vm.abandon, integer(e.Call.Handle))
		if !e.Call.Answered() {
			s.End(e.Call, nil, fault.ErrCancelled)
		}
	}
}

// begin gives a call to the script.
func (s *side) begin(c *guest.Call) {
	s.Inst.Named = c
	if c.Task.Program {
		s.runProgram(c)
		return
	}
	name := s.vm.newString([]byte(c.Task.Name))
	result := s.vm.invoke(s.vm.dispatch, integer(c.Handle), name, boolean(s.many()))
	s.vm.free(name)
	s.settle(c, result)
}

// many reports whether the instance may hold many calls.
func (s *side) many() bool { return !s.Inst.CanPark() }

// run calls a function of the prelude, which does not throw unless the engine is at
// its limits.
func (s *side) run(f value, params ...value) {
	named := s.Inst.Named
	s.settle(named, s.vm.invoke(f, params...))
}

// settle ends a call whose handling threw an exception past the prelude.
func (s *side) settle(c *guest.Call, result value) {
	if !result.isException() {
		s.vm.free(result)
		return
	}
	err := s.thrown()
	if c != nil && !c.Answered() {
		s.End(c, nil, s.Inst.Starved(err))
	}
}

// runJobs runs the jobs of promises, and of those that they make.
func (s *side) runJobs() {
	for {
		ran, threw := s.vm.runJob()
		if !ran {
			return
		}
		if threw { // a function that was given to queueMicrotask
			s.uncaught(s.Inst.Named, s.thrown())
		}
	}
}

// Start implements guest.Side. It starts the engine, runs the prelude and, if the
// instance is not one run of a program, the script.
func (s *side) Start() error {
	var failed error
	err := s.Inst.Drive(func() {
		if failed = s.boot(); failed == nil && !s.Inst.IsProgram() {
			failed = s.runMain()
		}
	})
	if err == nil && failed != nil {
		s.Inst.Kill()
		err = s.Inst.Starved(failed)
	}
	return err
}

// runMain runs the script's top level, which defines its tasks. One without tasks is only
// run as a program.
func (s *side) runMain() error {
	text, err := s.compile()
	if err != nil || !exportsTasks(text) {
		return err
	}
	promise, err := s.evaluate()
	if err != nil {
		return err
	}
	defer s.vm.free(promise)
	s.runJobs()
	s.catch(uint32(promise))
	s.settled()
	switch state := s.vm.call(jsPromiseState, uint64(s.vm.context), uint64(promise)); state {
	case promisePending:
		return &fault.TaskError{Message: s.source.Main + ": its top level awaits something that only a task can wait for: " +
			"await it in a task, or in the function that it exports as default"}
	case promiseRejected:
		return s.describe(value(s.vm.call(jsPromiseResult, uint64(s.vm.context), uint64(promise))))
	}
	result := s.vm.invoke(s.vm.loaded)
	if result.isException() {
		return s.thrown()
	}
	return nil
}

// The states of a promise.
const (
	promisePending   = 0
	promiseFulfilled = 1
	promiseRejected  = 2
)

// runProgram runs the script as a program, on behalf of a call.
func (s *side) runProgram(c *guest.Call) {
	s.settle(c, s.vm.invoke(s.vm.program, integer(c.Handle), undefined))
	var promise value
	_, err := s.compile()
	if err == nil {
		promise, err = s.evaluate()
	}
	if err != nil {
		s.End(c, nil, s.Inst.Starved(err))
		return
	}
	s.settle(c, s.vm.invoke(s.vm.program, integer(c.Handle), promise))
	s.vm.free(promise)
}

// compile compiles the main module, and returns its text.
func (s *side) compile() (text []byte, err error) {
	if text, err = s.read(s.source.Main); err != nil {
		return nil, &fault.TaskError{Message: err.Error()}
	}
	if s.vm.main = s.vm.eval(text, s.source.Main, evalModule|evalCompileOnly); s.vm.main.isException() {
		return nil, s.thrown()
	}
	return text, nil
}

// evaluate starts to run the main module. It returns the promise of its end.
func (s *side) evaluate() (promise value, err error) {
	promise = value(s.vm.call(jsEvalFunction, uint64(s.vm.context), uint64(s.vm.main)))
	if promise.isException() {
		return 0, s.thrown()
	}
	return promise, nil
}

// Remember implements guest.Rememberer.
func (s *side) Remember() any { return s.vm.places }

// Recall implements guest.Rememberer.
func (s *side) Recall(remembered any) { s.vm.places = remembered.(places) }

// Manifest implements script.Side.
func (s *side) Manifest() (text []byte, err error) {
	var failed error
	err = s.Inst.Drive(func() {
		v := s.vm.invoke(s.vm.manifest)
		if v.isException() {
			failed = s.thrown()
			return
		}
		s.vm.text(v, func(b []byte) { text = bytes.Clone(b) })
		s.vm.free(v)
	})
	if err == nil {
		err = failed
	}
	return text, err
}
