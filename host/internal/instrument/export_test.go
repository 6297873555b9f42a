package instrument

import "math"

// RoundTrip takes a module apart and writes it again with nothing inserted.
func RoundTrip(wasm []byte) ([]byte, error) {
	o := Options{Exceptions: true, SharedMemory: true, Table: math.MaxInt}
	m, err := parse(wasm, o)
	if err != nil {
		return nil, err
	}
	e := &emitter{m: m, moved: same}
	if err := m.scan(o); err != nil {
		return nil, err
	}
	for i := range m.functions {
		f := &m.functions[i]
		m.helpers, m.references, f.jumps, f.loops = nil, nil, nil, make([]loop, len(f.loops))
		entry, err := new(body).write(e, f)
		if err != nil {
			return nil, err
		}
		copy(f.entry, entry)
		if len(entry) != len(f.entry) {
			return nil, &Error{f.at, "the length has changed"}
		}
	}
	m.growth = 0
	if err := m.moveSections(same); err != nil {
		return nil, err
	}
	return m.assemble(len(wasm)), nil
}
