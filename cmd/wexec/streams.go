package main

import (
	"encoding/json"
	"io"
	"os"
	"strconv"
	"strings"

	"golang.org/x/term"
)

// What is printed where:
//
//   - What was asked for goes to standard output, and nothing else does: a
//     task's output byte for byte, or with --json one JSON value.
//   - Guests' logs, progress and errors go to standard error. An error is one
//     message that begins with "wexec: ".
//   - Colour, progress that moves and indented JSON are for terminals, each
//     stream on its own. NO_COLOR is honoured.
//   - Text of a guest that is shown to people, but for a task's own output,
//     can't steer the terminal: see visible.

// streams are what a command reads and writes.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// width returns how many columns there are for a line: a terminal's own
// number, up to what is pleasant to read.
func width(stream io.Writer) int {
	const pleasant = 100
	if f, ok := stream.(*os.File); ok {
		if columns, _, err := term.GetSize(int(f.Fd())); err == nil && columns > 0 {
			return min(columns, pleasant)
		}
	}
	return pleasant
}

func (s streams) printJSON(v any) error {
	e := json.NewEncoder(s.out)
	e.SetEscapeHTML(false)
	if isTerminal(s.out) {
		e.SetIndent("", "  ")
	}
	return e.Encode(v)
}

// oneLine is visible for what must not look like several lines.
func oneLine(text string) string { return strings.ReplaceAll(visible(text), "\n", `\n`) }

// visible returns text with every character that does not show, such as the
// escape that begins a terminal's commands, written as Go would.
func visible(text string) string {
	hidden := func(r rune) bool { return r != '\n' && r != '\t' && !strconv.IsPrint(r) }
	if !strings.ContainsFunc(text, hidden) {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		if hidden(r) {
			b.WriteString(strings.Trim(strconv.QuoteRune(r), "'"))
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}
