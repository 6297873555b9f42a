package javascript

import (
	"bytes"
	"encoding/binary"
	"path"
	"regexp"
	"strings"

	"github.com/wexec/wexec/host/internal/fault"
	"github.com/wexec/wexec/host/internal/kind/script"
)

// normalize returns the full name of a module that another imports: a path in the script's
// files, or one of the prelude's. The engine frees the name.
func (s *side) normalize(stack []uint64) {
	base, name := s.cString(uint32(stack[0])), s.cString(uint32(stack[1]))
	switch {
	case name == "wexec":
		name = preludeName
	case strings.HasPrefix(name, "./") || strings.HasPrefix(name, "../"):
		name = path.Join(path.Dir(base), name)
	default:
		stack[0] = s.throwReference(base + " imports " + name +
			", which is not a relative path: build the script, which bundles packages")
		return
	}
	stack[0] = uint64(s.vm.alloc([]byte(name)))
}

// load returns the text of a module, which the engine frees. It writes the length to where
// the second parameter points.
func (s *side) load(stack []uint64) {
	name := s.cString(uint32(stack[0]))
	var text []byte
	var err error
	if file, ok := strings.CutPrefix(name, preludeDir+"/"); ok {
		text, err = prelude.ReadFile("prelude/" + file)
	} else {
		text, err = s.read(name)
	}
	if err != nil {
		stack[0] = s.throwReference(err.Error())
		return
	}
	binary.LittleEndian.PutUint32(s.vm.bytes(uint32(stack[1]), 4), uint32(len(text)))
	stack[0] = uint64(s.vm.alloc(text))
}

// mostSource is the most bytes of a source file.
const mostSource = 16 << 20

// read reads a file of the script.
func (s *side) read(name string) ([]byte, error) {
	return script.ReadFile(s.source.Files, name, mostSource)
}

// exportWords matches what exports something, and then the default export.
var exportWords = regexp.MustCompile(`\bexport\b(\s+default\b|\s*\{\s*[\w$]+\s+as\s+default\s*,?\s*\})?`)

// exportsTasks reports whether a module may export something else than a default. Without
// that it is a program only, and its top level need not run to know its tasks.
func exportsTasks(text []byte) bool {
	for _, m := range exportWords.FindAllSubmatch(text, -1) {
		if len(m[1]) == 0 {
			return true
		}
	}
	return false
}

// throwReference throws a ReferenceError, and returns the null pointer.
func (s *side) throwReference(message string) uint64 {
	format, text := s.vm.alloc([]byte("%s")), s.vm.alloc([]byte(message))
	arguments := s.vm.alloc(binary.LittleEndian.AppendUint32(nil, text))
	s.vm.call(jsThrowReferenceError, uint64(s.vm.context), uint64(format), uint64(arguments))
	for _, at := range []uint32{format, text, arguments} {
		s.vm.release(at)
	}
	return 0
}

// cString returns the text at a pointer, which ends with a zero byte.
func (s *side) cString(at uint32) string {
	const most = 4 << 10
	for n := uint32(64); n <= most; n *= 2 {
		b, ok := s.Inst.Peek(at, n)
		if !ok {
			break
		}
		if text, _, found := bytes.Cut(b, []byte{0}); found {
			return strings.ToValidUTF8(string(text), "�")
		}
	}
	panic(fault.Misuse("the name of a module is too long"))
}
