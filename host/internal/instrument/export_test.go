package instrument

import (
	"bytes"
	"math"

	"github.com/wexec/wexec/host/internal/wasm"
)

// RoundTrip takes a module apart and writes it again with nothing inserted.
func RoundTrip(b []byte) ([]byte, error) {
	original, err := wasm.Parse(bytes.Clone(b))
	if err != nil {
		return nil, err
	}
	m, err := newModule(original, Options{Exceptions: true, SharedMemory: true, Table: math.MaxInt})
	if err != nil {
		return nil, err
	}
	same := func(index uint32) uint32 { return index }
	e := &emitter{m: m, moved: same}
	if err := m.scan(); err != nil {
		return nil, err
	}
	for i := range m.functions {
		f := &m.functions[i]
		m.helpers, m.references, f.jumps, f.loops = nil, nil, nil, make([]loop, len(f.loops))
		entry, err := new(body).write(e, f)
		if err != nil {
			return nil, err
		}
		copy(f.body.Entry, entry)
		if len(entry) != len(f.body.Entry) {
			return nil, &wasm.Error{Offset: f.body.Offset, Reason: "the length has changed"}
		}
	}
	if err := m.move(same); err != nil {
		return nil, err
	}
	return m.sections.Assemble(len(b)), nil
}
