package wasm_test

import "encoding/binary"

// module makes a module of sections.
func module(sections ...[]byte) []byte {
	return concat(append([][]byte{[]byte("\x00asm\x01\x00\x00\x00")}, sections...)...)
}

// section makes a section.
func section(id byte, content ...byte) []byte { return concat([]byte{id}, sized(content)) }

// custom makes a custom section.
func custom(name string, content ...byte) []byte {
	return section(0, concat(sized([]byte(name)), content)...)
}

// sized puts its length before data.
func sized(data []byte) []byte { return concat(uleb(len(data)), data) }

// body makes an entry of the code section, without locals.
func body(code ...byte) []byte { return sized(concat([]byte{0}, code, []byte{0x0b})) }

func concat(parts ...[]byte) []byte {
	var all []byte
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}

func uleb(n int) []byte { return binary.AppendUvarint(nil, uint64(n)) }
