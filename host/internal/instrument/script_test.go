package instrument_test

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/wexec/wexec/host/internal/wasm"
)

// A command is one of a script of the specification, as wast2json and
// wasm-tools write it.
type command struct {
	Type       string
	Line       int
	Name, As   string
	Filename   string
	ModuleType string `json:"module_type"`
	Text       string
	Action     struct {
		Type, Module, Field string
		Args                []value
	}
	Expected []value
	// folder is where the script is.
	folder string
}

// satisfied tells whether a command may end like this.
func (c command) satisfied(t *testing.T, o outcome) bool {
	switch c.Type {
	case "module", "register", "action":
		return o.Kind == ""
	case "assert_return":
		return o.Kind == "" && match(c.Expected, o.Results)
	case "assert_trap":
		return o.Kind == c.trap()
	case "assert_exhaustion":
		return o.Kind == "stack overflow"
	case "assert_exception":
		return o.Kind == "uncaught exception"
	case "assert_invalid", "assert_malformed", "assert_unlinkable":
		// Not always refused: wazero links before it looks at the types of
		// some constant expressions.
		return o.Kind != ""
	case "assert_uninstantiable":
		// wazero ignores elements that a table has no room for, and an imported
		// table is not checked.
		if c.Text == "out of bounds table access" && c.importsTable(t) {
			return o.Kind == ""
		}
		return strings.Contains(o.Kind, c.Text)
	}
	return false
}

// importsTable tells whether the module of a command imports a table.
func (c command) importsTable(t *testing.T) bool {
	m, err := wasm.Parse(specFile(t, c.folder, "testdata", c.Filename))
	return err == nil && m.Imported(wasm.KindTable) > 0
}

// same tells whether a command may end like a when the modules are plain and
// like b when they are rewritten. A module that is invalid may be found out
// earlier or later.
func (c command) same(a, b outcome) bool {
	switch c.Type {
	case "assert_invalid", "assert_malformed":
		return true
	case "assert_unlinkable": // tables have other limits
		return (a.Kind == "") == (b.Kind == "")
	case "assert_exhaustion": // the trace has wherever the stack ended
		return a.Kind == b.Kind
	}
	return a.Kind == b.Kind && slices.Equal(a.Results, b.Results) && slices.Equal(a.Trace, b.Trace)
}

// trap is what wazero calls the trap that a command asserts.
func (c command) trap() string {
	switch c.Text {
	case "indirect call":
		return "indirect call type mismatch"
	case "undefined element", "undefined", "out of bounds table access":
		return "invalid table access"
	case "null function reference":
		return "null reference"
	}
	if strings.HasPrefix(c.Text, "uninitialized") {
		return "invalid table access"
	}
	return c.Text
}

// A value is an argument, or what a result must match.
type value struct {
	Type     string
	LaneType string `json:"lane_type"`
	// Value is a number in decimal, a list of them if Type is v128, or absent
	// if any will do.
	Value any
}

// lanes returns the numbers in a value and how many bits each has.
func (v value) lanes() (texts []string, bits int) {
	kind := v.Type
	switch x := v.Value.(type) {
	case string:
		texts = []string{x}
	case []any:
		kind = v.LaneType
		for _, lane := range x {
			texts = append(texts, lane.(string))
		}
	}
	switch kind {
	case "i8":
		return texts, 8
	case "i16":
		return texts, 16
	case "i32", "f32":
		return texts, 32
	}
	return texts, 64
}

// words is how many uint64 a value is in wazero's calls.
func (v value) words() int {
	if v.Type == "v128" {
		return 2
	}
	return 1
}

// encode returns an argument as wazero takes it.
func (v value) encode() []uint64 {
	words := make([]uint64, v.words())
	texts, bits := v.lanes()
	for i, text := range texts {
		words[i*bits/64] |= v.number(text, bits) << (i * bits % 64)
	}
	return words
}

// number reads a lane.
func (v value) number(text string, bits int) uint64 {
	if text == "null" {
		return 0
	}
	n, err := strconv.ParseUint(text, 10, bits)
	if err != nil {
		signed, err := strconv.ParseInt(text, 10, bits)
		if err != nil {
			panic(err)
		}
		n = uint64(signed) & (math.MaxUint64 >> (64 - bits))
	}
	if v.Type == "externref" {
		n++ // for wazero, 0 is null
	}
	return n
}

// match tells whether results are what is expected.
func match(expected []value, results []uint64) bool {
	for _, v := range expected {
		n := v.words()
		if len(results) < n || !v.match(results[:n]) {
			return false
		}
		results = results[n:]
	}
	return len(results) == 0
}

func (v value) match(words []uint64) bool {
	texts, bits := v.lanes()
	if texts == nil {
		return v.Type != "refnull" || words[0] == 0
	}
	for i, text := range texts {
		got := words[i*bits/64] >> (i * bits % 64) & (math.MaxUint64 >> (64 - bits))
		if strings.HasPrefix(text, "nan:") {
			if !isNaN(text, got, bits) {
				return false
			}
		} else if got != v.number(text, bits) {
			return false
		}
	}
	return true
}

// isNaN tells whether a number is a NaN of the kind that the specification
// calls canonical, with only the highest bit of the payload, or arithmetic,
// with that at least.
func isNaN(kind string, n uint64, bits int) bool {
	canonical := uint64(0x7ff8_0000_0000_0000)
	if bits == 32 {
		canonical = 0x7fc0_0000
	}
	if kind == "nan:arithmetic" {
		return n&canonical == canonical
	}
	return n&^(1<<(bits-1)) == canonical
}
