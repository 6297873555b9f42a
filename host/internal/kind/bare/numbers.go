package bare

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"strings"

	"github.com/wexec/wexec/host/internal/fault"
	"github.com/wexec/wexec/host/internal/wasm"
)

func parseNumbers(input []byte, types []wasm.ValueType) ([]uint64, error) {
	var args []json.RawMessage
	if len(bytes.TrimSpace(input)) > 0 {
		if err := json.Unmarshal(input, &args); err != nil {
			return nil, fault.InvalidInput("want a JSON array of numbers, like [1, 2.5]: %v", err)
		}
	}
	if len(args) != len(types) {
		return nil, fault.InvalidInput("the function takes %d numbers (%s), not %d", len(types), names(types), len(args))
	}
	stack := make([]uint64, len(types))
	for i, arg := range args {
		var err error
		if stack[i], err = parseNumber(string(arg), types[i]); err != nil {
			return nil, fault.InvalidInput("number %d is %s: want %s", i+1, fault.Clip(string(arg), 64), types[i])
		}
	}
	return stack, nil
}

func parseNumber(s string, t wasm.ValueType) (uint64, error) {
	switch t {
	case wasm.I32:
		v, err := parseInt(s, 32)
		return uint64(uint32(v)), err
	case wasm.I64:
		return parseInt(s, 64)
	case wasm.F32:
		if s == nan {
			return 0x7fc0_0000, nil
		}
		v, err := strconv.ParseFloat(unquoted(s), 32)
		return uint64(math.Float32bits(float32(v))), err
	default:
		if s == nan {
			return 0x7ff8_0000_0000_0000, nil
		}
		v, err := strconv.ParseFloat(unquoted(s), 64)
		return math.Float64bits(v), err
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

// nan is the text of a NaN. It is the canonical NaN of WebAssembly, which differs
// from that of Go.
const nan = `"NaN"`

// unquoted removes quotes, since "Infinity" is not a JSON number.
func unquoted(s string) string {
	switch s {
	case `"Infinity"`, `"-Infinity"`:
		return strings.Trim(s, `"`)
	}
	return s
}

func formatNumbers(stack []uint64, types []wasm.ValueType, unsigned bool) []byte {
	texts := make([]string, len(types))
	for i, t := range types {
		texts[i] = formatNumber(stack[i], t, unsigned)
	}
	if len(texts) == 1 {
		return []byte(texts[0])
	}
	if len(texts) == 0 {
		return nil
	}
	return []byte("[" + strings.Join(texts, ",") + "]")
}

func formatNumber(v uint64, t wasm.ValueType, unsigned bool) string {
	switch {
	case unsigned && t == wasm.I32:
		return strconv.FormatUint(uint64(uint32(v)), 10)
	case unsigned && t == wasm.I64:
		return strconv.FormatUint(v, 10)
	}
	switch t {
	case wasm.I32:
		return strconv.FormatInt(int64(int32(uint32(v))), 10)
	case wasm.I64:
		return strconv.FormatInt(int64(v), 10)
	case wasm.F32:
		return formatFloat(float64(math.Float32frombits(uint32(v))), 32)
	default:
		return formatFloat(math.Float64frombits(v), 64)
	}
}

func formatFloat(f float64, bits int) string {
	switch {
	case math.IsNaN(f):
		return nan
	case math.IsInf(f, 1):
		return `"Infinity"`
	case math.IsInf(f, -1):
		return `"-Infinity"`
	}
	return strconv.FormatFloat(f, 'g', -1, bits)
}

func names(types []wasm.ValueType) string {
	texts := make([]string, len(types))
	for i, t := range types {
		texts[i] = t.String()
	}
	return strings.Join(texts, ", ")
}
