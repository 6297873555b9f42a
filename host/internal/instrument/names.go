package instrument

import (
	"strconv"

	"github.com/wexec/wexec/host/internal/wasm"
)

// renameFunctions writes the name section of the rewritten module. A function
// without a name gets the one that stack traces showed for it before: its
// number.
func (m *module) renameFunctions(moved func(uint32) uint32) {
	old := m.Names()
	total := uint32(len(m.Functions))
	all := make([][]byte, moved(total+uint32(len(m.helperList))))
	for i, name := range old.Functions {
		if name == nil && i >= m.imported {
			name = strconv.AppendInt([]byte{'$'}, int64(i), 10)
		}
		all[moved(uint32(i))] = name
	}
	for i, k := range m.helperList {
		all[moved(total+uint32(i))] = []byte(k.name())
	}
	m.sections.SetNames(wasm.Names{Module: old.Module, Functions: all})
}
