package host_test

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host"
)

func TestMain(m *testing.M) {
	// The tests share a compile cache, which is not the user's.
	cache, err := os.MkdirTemp("", "wexec-test")
	if err != nil {
		panic(err)
	}
	os.Setenv("XDG_CACHE_HOME", cache)
	code := run(m)
	os.RemoveAll(cache)
	os.Exit(code)
}

func run(m *testing.M) int {
	code := m.Run()
	// The default host lives as long as its program.
	h, err := host.Default()
	if err == nil {
		err = h.Close(context.Background())
	}
	if err == nil {
		err = goleak.Find()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	return code
}

var modes = []host.Mode{host.IO, host.Blocking, host.CPU}

// guest returns a prebuilt guest.
func guest(t testing.TB, path string) []byte {
	t.Helper()
	wasm, err := os.ReadFile("../guests/" + path)
	if err != nil {
		t.Fatal(err)
	}
	return wasm
}

// withSection appends a custom section to a module.
func withSection(wasm []byte, name, data string) []byte {
	content := append(binary.AppendUvarint(nil, uint64(len(name))), name...)
	content = append(content, data...)
	out := append([]byte(nil), wasm...)
	out = append(out, 0)
	out = binary.AppendUvarint(out, uint64(len(content)))
	return append(out, content...)
}

// withTasks appends a manifest to a module.
func withTasks(t testing.TB, wasm []byte, tasks ...host.Task) []byte {
	t.Helper()
	text, err := json.Marshal(&abi.Manifest{Tasks: tasks})
	if err != nil {
		t.Fatal(err)
	}
	return withSection(wasm, abi.ManifestSection, string(text))
}

// script tells the guest puppet.wat what to do.
type script []byte

// Steps, in the order of puppet.wat.
const (
	doInput = iota
	doOutput
	doFail
	doOpStart
	doOpWait
	doOpResult
	doOpCancel
	doOpDrop
	doNext
	doLog
	doEmit
	doNoMore
	doTrap
	doSpin
	doStore
)

// Arguments of steps.
const (
	theCall = -1 // the call's handle
	theLast = -2 // the last result
)

func (s script) do(what int, args ...int) script {
	s = binary.LittleEndian.AppendUint32(s, uint32(what))
	for i := range 5 {
		var arg int
		if i < len(args) {
			arg = args[i]
		}
		s = binary.LittleEndian.AppendUint32(s, uint32(arg))
	}
	return s
}

// Ops whose names and arguments are in the guest's memory.
func (s script) sleepLong() script  { return s.do(doOpStart, theCall, 0, 11, 32, 8) }
func (s script) sleepShort() script { return s.do(doOpStart, theCall, 0, 11, 40, 8) }
func (s script) testWait() script   { return s.do(doOpStart, theCall, 80, 9, 0, 0) }
func (s script) noSuch() script     { return s.do(doOpStart, theCall, 64, 7, 0, 0) }
