// Package term is how the command reads and writes. Its rules:
//
//   - The result goes to standard output, and nothing else does: a task's output
//     byte for byte, or with --json one JSON value.
//   - Guests' logs, progress and errors go to standard error. An error is one
//     message that begins with "wexec: ".
//   - On a terminal no guest can print what looks like a message of wexec's: see
//     Signature.
//   - Colour, progress that moves and indented JSON are for terminals. Each
//     stream is looked at on its own. NO_COLOR is honoured.
//   - Text of a guest that is shown to people can't steer the terminal: see
//     Visible and, for what a guest itself writes, Streams.Guest.
package term

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/wexec/wexec/cmd/wexec/internal/screen"
	"github.com/wexec/wexec/cmd/wexec/internal/setting"
)

// Streams are what a command reads and writes.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
}

// PrintJSON writes a value as one line of JSON, or indented if the output is a
// terminal.
func (s Streams) PrintJSON(v any) error {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if IsTerminal(s.Out) {
		e.SetIndent("", "  ")
	}
	if err := e.Encode(v); err != nil {
		return err
	}
	_, err := io.WriteString(s.Out, escapeControls(b.String()))
	return err
}

// Report writes an error.
func (s Streams) Report(err error) {
	fmt.Fprintln(s.Err, Signature(s.Err), hanging(Visible(setting.AsFlags(err.Error()))))
}

// Guest returns the streams as a guest may write to them. On a terminal they let
// only text and its colours pass. When the guest has ended, end leaves the terminal
// to others.
func (s Streams) Guest() (guest Streams, end func() error) {
	guest = s
	var screens []*screen.Writer
	guard := func(w io.Writer) io.Writer {
		if !IsTerminal(w) {
			return w
		}
		screens = append(screens, screen.New(w, NewPalette(w).colors(), guestIndent(w)))
		return screens[len(screens)-1]
	}
	guest.Out = guard(s.Out)
	if len(screens) > 0 && isSame(s.Out, s.Err) {
		guest.Err = guest.Out // which knows where a line begins
	} else {
		guest.Err = guard(s.Err)
	}
	return guest, func() (err error) {
		for _, s := range screens {
			err = errors.Join(err, s.End())
		}
		return err
	}
}

// isSame reports whether two streams are the same file or terminal.
func isSame(a, b io.Writer) bool {
	info := func(w io.Writer) (info os.FileInfo) {
		if f, ok := w.(*os.File); ok {
			info, _ = f.Stat()
		}
		return info
	}
	return os.SameFile(info(a), info(b)) // false if one is none
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
