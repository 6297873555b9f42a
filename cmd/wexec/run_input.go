package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/wexec/wexec/host"
)

// maxInput is the most bytes of an input.
const maxInput = 64 << 20

// streamsInput reports whether a WASI command reads the standard input of this
// process, rather than an input that is read for it.
func (o *runOptions) streamsInput() bool { return !o.json && (!o.hasInput || o.input == "-") }

// readInput returns the input that -i says.
func (o *runOptions) readInput(command bool) ([]byte, error) {
	if !command && len(o.args) > 0 {
		return nil, usagef("%s is no WASI command, so it takes no arguments after --; give a task its input with -i", o.file)
	}
	if command && o.streamsInput() {
		return nil, nil
	}
	name, isFile := strings.CutPrefix(o.input, "@")
	switch {
	case isFile:
		f, err := os.Open(name)
		if err != nil {
			return nil, &usageError{fmt.Errorf("-i: %w", err)}
		}
		defer f.Close()
		return readAll(f)
	case o.input == "-":
		return readAll(o.in)
	}
	return []byte(o.input), nil
}

// readAll reads an input. Of one that is too large it reads just enough for
// the host to refuse it.
func readAll(r io.Reader) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxInput+1))
	if err != nil {
		return nil, &usageError{fmt.Errorf("-i: %w", err)}
	}
	return b, nil
}

// parseMount reads HOST::GUEST[:ro], where HOST is a folder.
func parseMount(s string) (host.Mount, error) {
	from, to, ok := strings.Cut(s, "::")
	to, readOnly := strings.CutSuffix(to, ":ro")
	if !ok || from == "" || to == "" {
		return host.Mount{}, usagef("--dir %s: want HOST::GUEST or HOST::GUEST:ro, like .::/work:ro", s)
	}
	if info, err := os.Stat(from); err != nil || !info.IsDir() {
		return host.Mount{}, usagef("--dir %s: there is no folder %s", s, from)
	}
	return host.Mount{Host: from, Guest: to, ReadOnly: readOnly}, nil
}
