package wasm

import (
	"fmt"
	"slices"
	"strings"
)

// ValueType is the type of a value: its first byte in a module. Only Ref and
// RefNull have more bytes.
type ValueType byte

// The types of values.
const (
	I32       ValueType = 0x7f
	I64       ValueType = 0x7e
	F32       ValueType = 0x7d
	F64       ValueType = 0x7c
	V128      ValueType = 0x7b
	FuncRef   ValueType = 0x70
	ExternRef ValueType = 0x6f
	ExnRef    ValueType = 0x69
	Ref       ValueType = 0x64 // a reference to a heap type, which follows
	RefNull   ValueType = 0x63 // the same, or null
)

func (t ValueType) String() string {
	switch t {
	case I32:
		return "i32"
	case I64:
		return "i64"
	case F32:
		return "f32"
	case F64:
		return "f64"
	case V128:
		return "v128"
	case FuncRef:
		return "funcref"
	case ExternRef:
		return "externref"
	case ExnRef:
		return "exnref"
	case Ref:
		return "ref"
	case RefNull:
		return "ref null"
	}
	return fmt.Sprintf("type %#x", byte(t))
}

// IsNumber reports whether the type is i32, i64, f32 or f64.
func (t ValueType) IsNumber() bool { return F64 <= t && t <= I32 }

// typed reports whether values of the type refer to a heap type.
func (t ValueType) typed() bool { return t == Ref || t == RefNull }

// Kind is what an import or an export is.
type Kind byte

// The kinds.
const (
	KindFunction Kind = iota
	KindTable
	KindMemory
	KindGlobal
	KindTag

	kinds = iota
)

func (k Kind) String() string {
	if k < kinds {
		return [...]string{"function", "table", "memory", "global", "tag"}[k]
	}
	return fmt.Sprintf("kind %d", byte(k))
}

// FuncType is the type of a function.
type FuncType struct{ Params, Results []ValueType }

// String returns the type as "(i32, i32) -> (i32)".
func (t FuncType) String() string {
	list := func(types []ValueType) string {
		names := make([]string, len(types))
		for i, t := range types {
			names[i] = t.String()
		}
		return "(" + strings.Join(names, ", ") + ")"
	}
	return list(t.Params) + " -> " + list(t.Results)
}

// Equal reports whether the types are the same. References to different heap
// types are taken for the same.
func (t FuncType) Equal(other FuncType) bool {
	return slices.Equal(t.Params, other.Params) && slices.Equal(t.Results, other.Results)
}

// Import is something that a module imports.
type Import struct {
	Module, Name string
	Kind         Kind
	Type         uint32 // the index of the type of a function or a tag
}

// Export is something that a module exports.
type Export struct {
	Name  string
	Kind  Kind
	Index uint32 // among the things of its kind
}

// Memory is the type of a memory. Its sizes are in pages of 64 KB.
type Memory struct {
	Min, Max       uint64
	HasMax, Shared bool
}

// Table is the type of a table.
type Table struct {
	Element  []byte // the type of its elements, as the module has it
	Min, Max uint32
	HasMax   bool
	// The limits are the bytes from LimitsStart to LimitsEnd of the section.
	LimitsStart, LimitsEnd int
}

// Global is the type of a global.
type Global struct {
	Type    ValueType
	Mutable bool
	// Known reports whether the value is known: it is an i32 that never changes and
	// does not depend on imports.
	Known bool
	Value uint32
}
