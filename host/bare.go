package host

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/tetratelabs/wazero/api"
)

// A bare function is an export of a module without a manifest, called with
// numbers: ABI section 2.5.

// isBare reports whether a function is the module's own, and takes and returns
// numbers only.
func isBare(f api.FunctionDefinition) bool {
	if isImport(f) {
		return false
	}
	for _, t := range slices.Concat(f.ParamTypes(), f.ResultTypes()) {
		switch t {
		case api.ValueTypeI32, api.ValueTypeI64, api.ValueTypeF32, api.ValueTypeF64:
		default:
			return false
		}
	}
	return true
}

func (inst *instance) serveBare(c *call) ([]byte, error) {
	fn := inst.wasm.ExportedFunction(c.task.Name)
	def := fn.Definition()
	stack, err := parseNumbers(c.input, def.ParamTypes())
	if err != nil {
		return nil, err
	}
	results := def.ResultTypes()
	for len(stack) < len(results) {
		stack = append(stack, 0)
	}
	if err := inst.enter(fn, stack); err != nil {
		return nil, err
	}
	return formatNumbers(stack, results), nil
}

func parseNumbers(input []byte, types []api.ValueType) ([]uint64, error) {
	var args []json.RawMessage
	if len(bytes.TrimSpace(input)) > 0 {
		if err := json.Unmarshal(input, &args); err != nil {
			return nil, &InvalidInputError{"want a JSON array of numbers, like [1, 2.5]: " + err.Error()}
		}
	}
	if len(args) != len(types) {
		return nil, &InvalidInputError{fmt.Sprintf("the function takes %d numbers (%s), not %d", len(types), typeNames(types), len(args))}
	}
	stack := make([]uint64, len(types))
	for i, arg := range args {
		var err error
		if stack[i], err = parseNumber(string(arg), types[i]); err != nil {
			return nil, &InvalidInputError{fmt.Sprintf("number %d is %s: want %s", i+1, arg, api.ValueTypeName(types[i]))}
		}
	}
	return stack, nil
}

func parseNumber(s string, t api.ValueType) (uint64, error) {
	switch t {
	case api.ValueTypeI32:
		v, err := parseInt(s, 32)
		return uint64(uint32(v)), err
	case api.ValueTypeI64:
		return parseInt(s, 64)
	case api.ValueTypeF32:
		v, err := strconv.ParseFloat(unquoted(s), 32)
		return api.EncodeF32(float32(v)), err
	default:
		v, err := strconv.ParseFloat(unquoted(s), 64)
		return api.EncodeF64(v), err
	}
}

// parseInt reads a signed or an unsigned number of that many bits.
func parseInt(s string, bits int) (uint64, error) {
	if strings.HasPrefix(s, "-") {
		v, err := strconv.ParseInt(s, 10, bits)
		return uint64(v), err
	}
	return strconv.ParseUint(s, 10, bits)
}

// unquoted allows "NaN" and "Infinity", which are no JSON numbers.
func unquoted(s string) string {
	switch s {
	case `"NaN"`, `"Infinity"`, `"-Infinity"`:
		return strings.Trim(s, `"`)
	}
	return s
}

func formatNumbers(stack []uint64, types []api.ValueType) []byte {
	texts := make([]string, len(types))
	for i, t := range types {
		texts[i] = formatNumber(stack[i], t)
	}
	if len(texts) == 1 {
		return []byte(texts[0])
	}
	if len(texts) == 0 {
		return nil
	}
	return []byte("[" + strings.Join(texts, ",") + "]")
}

func formatNumber(v uint64, t api.ValueType) string {
	switch t {
	case api.ValueTypeI32:
		return strconv.FormatInt(int64(int32(uint32(v))), 10)
	case api.ValueTypeI64:
		return strconv.FormatInt(int64(v), 10)
	case api.ValueTypeF32:
		return formatFloat(float64(api.DecodeF32(v)), 32)
	default:
		return formatFloat(api.DecodeF64(v), 64)
	}
}

func formatFloat(f float64, bits int) string {
	switch {
	case math.IsNaN(f):
		return `"NaN"`
	case math.IsInf(f, 1):
		return `"Infinity"`
	case math.IsInf(f, -1):
		return `"-Infinity"`
	}
	return strconv.FormatFloat(f, 'g', -1, bits)
}

func typeNames(types []api.ValueType) string {
	names := make([]string, len(types))
	for i, t := range types {
		names[i] = api.ValueTypeName(t)
	}
	return strings.Join(names, ", ")
}
