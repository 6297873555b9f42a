package instrument

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/wexec/wexec/host/internal/wasm"
)

// Data is the initial contents of memory: pieces of it, one after the other,
// each an address and a length, both u32 in little-endian, and that many bytes.
// A later piece may overwrite an earlier one.
type Data []byte

const pieceHead = 8

// CopyTo copies the pieces to memory. Like an instantiation, it stops at the
// first that reaches over the end of the memory.
func (d Data) CopyTo(memory []byte) error {
	for i := 0; len(d) > 0; i++ {
		at, n := uint64(binary.LittleEndian.Uint32(d)), uint64(binary.LittleEndian.Uint32(d[4:]))
		d = d[pieceHead:]
		if at+n > uint64(len(memory)) {
			const outside = "data[%d]: out of bounds memory access: %d bytes at %#x, in a memory of %d"
			return fmt.Errorf(outside, i, n, at, len(memory))
		}
		copy(memory[at:], d[:n])
		d = d[n:]
	}
	return nil
}

// isUnknown reports whether the address of a segment is not a plain number.
func isUnknown(s wasm.Segment) bool { return s.Active && !s.Known }

// canTakeData reports whether the active data segments can be taken out of the
// module. They can't if an address is unknown, if the module shares memory or
// tables with others, or if it is invalid.
func (m *module) canTakeData() bool {
	own := len(m.Memories) - m.Imported(wasm.KindMemory)
	linked := len(m.Imports) > m.imported
	miscounted := m.DataCount >= 0 && m.DataCount != len(m.Data)
	return own == 1 && !linked && m.dataUsed <= len(m.Data) && !miscounted && !slices.ContainsFunc(m.Data, isUnknown)
}

// takeData takes the active data segments out of the module. An instruction
// that refers to one would have found it dropped: it finds an empty one.
func (m *module) takeData() Data {
	if !m.canTakeData() {
		return nil
	}
	var taken Data
	var kept []byte
	for i, s := range m.Data {
		encoded := s.Encoded
		if s.Active {
			taken = binary.LittleEndian.AppendUint32(taken, s.Address)
			taken = binary.LittleEndian.AppendUint32(taken, uint32(len(s.Bytes)))
			taken = append(taken, s.Bytes...)
			encoded = []byte{1, 0} // passive, and empty
		}
		if i < m.dataUsed {
			kept = append(kept, encoded...)
		}
	}
	m.sections.Delete(wasm.SectionDataCount)
	m.sections.Delete(wasm.SectionData)
	if m.dataUsed > 0 {
		if m.DataCount >= 0 {
			m.sections.Find(wasm.SectionDataCount).Body = wasm.AppendU32(nil, uint32(m.dataUsed))
		}
		m.sections.Append(wasm.SectionData, m.dataUsed, kept)
	}
	return taken
}
