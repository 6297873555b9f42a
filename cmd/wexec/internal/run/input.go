package run

import (
	"io"
	"os"
	"strings"

	"github.com/wexec/wexec/cmd/wexec/internal/exit"
)

// maxInput is the most bytes of an input.
const maxInput = 64 << 20

// streamsInput reports whether a WASI command reads the standard input of this
// process itself.
func (o *options) streamsInput() bool { return !o.json && (!o.hasInput || o.input == "-") }

// readInput returns the input that -i gives.
func (o *options) readInput(command bool) ([]byte, error) {
	if !command && len(o.args) > 0 {
		return nil, exit.Usagef("%s is no WASI command, so it takes no arguments after --; give a task its input with -i",
			o.file)
	}
	if command && o.streamsInput() {
		return nil, nil
	}
	name, isFile := strings.CutPrefix(o.input, "@")
	switch {
	case isFile:
		f, err := os.Open(name)
		if err != nil {
			return nil, exit.Usagef("-i: %w", err)
		}
		defer f.Close()
		return readAll(f)
	case o.input == "-":
		return readAll(o.In)
	}
	return []byte(o.input), nil
}

// readAll reads an input. It stops one byte after the most that the host takes,
// so that the host refuses it.
func readAll(r io.Reader) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxInput+1))
	if err != nil {
		return nil, exit.Usagef("-i: %w", err)
	}
	return b, nil
}
