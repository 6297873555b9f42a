// Package term is how the command reads and writes. Its rules:
//
//   - The result goes to standard output, and nothing else does: a task's output
//     byte for byte, or with --json one JSON value.
//   - Guests' logs, progress and errors go to standard error. An error is one
//     message that begins with "wexec: ".
//   - Colour, progress that moves and indented JSON are for terminals. Each
//     stream is looked at on its own. NO_COLOR is honoured.
//   - Text of a guest that is shown to people can't steer the terminal: see
//     Visible. A task's own output is the exception.
package term

import (
	"encoding/json"
	"io"
	"os"

	"golang.org/x/term"
)

// Streams are what a command reads and writes.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
}

// PrintJSON writes a value as one line of JSON, or indented if the output is a
// terminal.
func (s Streams) PrintJSON(v any) error {
	e := json.NewEncoder(s.Out)
	e.SetEscapeHTML(false)
	if IsTerminal(s.Out) {
		e.SetIndent("", "  ")
	}
	return e.Encode(v)
}

// IsTerminal reports whether a stream is a terminal.
func IsTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// Width returns how many columns a line may have: as many as the terminal has,
// up to what is pleasant to read.
func Width(stream io.Writer) int {
	const pleasant = 100
	if f, ok := stream.(*os.File); ok {
		if columns, _, err := term.GetSize(int(f.Fd())); err == nil && columns > 0 {
			return min(columns, pleasant)
		}
	}
	return pleasant
}
