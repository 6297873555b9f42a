package env

import (
	"encoding/binary"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"
)

// memory is a linear memory of 64 KiB.
type memory []byte

func (m memory) peek(ptr, length uint32) ([]byte, bool) {
	if end := uint64(ptr) + uint64(length); end <= uint64(len(m)) {
		return m[ptr:end], true
	}
	return nil, false
}

// put writes a string as AssemblyScript has it, and returns the pointer.
func (m memory) put(at uint32, text string) uint32 {
	units := utf16.Encode([]rune(text))
	m.putLength(at, uint32(2*len(units)))
	for i, u := range units {
		binary.LittleEndian.PutUint16(m[at+4+2*uint32(i):], u)
	}
	return at + 4
}

func (m memory) putLength(at, length uint32) { binary.LittleEndian.PutUint32(m[at:], length) }

func TestAbort(t *testing.T) {
	const size = 64 << 10
	m := make(memory, size)
	message, file := m.put(100, "Index out of range"), m.put(200, "~lib/rt.ts")
	odd := m.put(300, "ab")
	m.putLength(300, 3)
	long := m.put(1000, strings.Repeat("ß", 5000))
	lines := m.put(400, "a\nwasm stack trace:\r\x00\u2028b \U0001F600")
	half := m.put(500, "x")
	binary.LittleEndian.PutUint16(m[half:], 0xd83d) // half of a pair
	last := m.put(size-8, "zz")
	m.putLength(600, 0xffffffff)
	m.putLength(610, size)
	empty := m.put(700, "")
	for _, c := range []struct {
		name                        string
		message, file, line, column uint32
		want                        string
	}{
		{"all", message, file, 21, 28, "abort: Index out of range in ~lib/rt.ts(21:28)"},
		{"no message", 0, file, 1, 2, "abort in ~lib/rt.ts(1:2)"},
		{"no file", message, 0, 1, 2, "abort: Index out of range"},
		{"nothing", 0, 0, 0, 0, "abort"},
		{"large numbers", 0, file, 0xffffffff, 0x80000000, "abort in ~lib/rt.ts(4294967295:2147483648)"},
		{"an empty message", empty, file, 1, 2, "abort in ~lib/rt.ts(1:2)"},
		{"an odd length", odd, 0, 0, 0, "abort: a"},
		{"several lines", lines, 0, 0, 0, "abort: a wasm stack trace:   b \U0001F600"},
		{"half of a pair", half, 0, 0, 0, "abort: \uFFFD"},
		{"a long message", long, 0, 0, 0, "abort: " + strings.Repeat("ß", mostUnits) + "…"},
		{"at the end of the memory", last, 0, 0, 0, "abort: zz"},

		{"a pointer before the first length", 3, 2, 1, 1, "abort"},
		{"a pointer to the end", size, file, 1, 2, "abort in ~lib/rt.ts(1:2)"},
		{"a length that is half inside", size + 2, 0, 0, 0, "abort"},
		{"a pointer outside", size + 1000, 0xfffffffe, 1, 2, "abort"},
		{"the last pointer", 0xffffffff, 0xffffffff, 1, 2, "abort"},
		{"a length that overflows", 604, 0, 0, 0, "abort"},
		{"a length of the whole memory", 614, 0, 0, 0, "abort"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := abort(m.peek, c.message, c.file, c.line, c.column).Error(); got != c.want {
				t.Errorf("got %.100q, want %.100q", got, c.want)
			}
		})
	}
	if got := abort(memory(nil).peek, message, file, 1, 2).Error(); got != "abort" {
		t.Errorf("without a memory: %q", got)
	}
}

// FuzzAbort: whatever is in memory, the reason is one short line.
func FuzzAbort(f *testing.F) {
	f.Add([]byte("\x02\x00\x00\x00a\x00"), uint32(4), uint32(0), uint32(1), uint32(2))
	f.Add([]byte("\xff\xff\xff\xff\x00\xd8"), uint32(4), uint32(5), uint32(1), uint32(2))
	f.Fuzz(func(t *testing.T, bytes []byte, message, file, line, column uint32) {
		got := abort(memory(bytes).peek, message, file, line, column).Error()
		if !utf8.ValidString(got) || strings.ContainsAny(got, "\r\n\x00\x1b") || len(got) > 2*3*mostUnits+100 {
			t.Errorf("%q", got)
		}
	})
}
