package task

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/wexec/wexec/cmd/wexec/internal/exit"
	"github.com/wexec/wexec/cmd/wexec/internal/stdin"
)

// maxInput is the most bytes of an input.
const maxInput = 64 << 20

// inputFlags are the flags that say what the input is.
type inputFlags struct {
	text  string
	given bool // the flag was given
}

func (i *inputFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVarP(&i.text, "input", "i", "",
		"the input: `TEXT`, @FILE, or - for standard input (default - if that is a pipe or a file)")
}

// ReadsStdin reports whether standard input is the input, if the task takes one. A
// program can read a terminal too, so for it nothing else needs to be given.
func (c *Call) ReadsStdin() bool {
	f := c.flags
	switch {
	case f.input.given:
		return f.input.text == stdin.Name
	case f.File == stdin.Name || c.hasNumbers():
		return false
	}
	return c.WASI != nil || stdin.IsGiven(f.In) && c.takesInput()
}

// hasNumbers reports whether the input is in the arguments.
func (c *Call) hasNumbers() bool { return c.WASI == nil && len(c.flags.numbers)+len(c.flags.args) > 0 }

// ReadInput reads the input, wherever it is.
func (c *Call) ReadInput(ctx context.Context) (err error) {
	f := c.flags
	name, isFile := strings.CutPrefix(f.input.text, "@")
	fromOutside := true
	switch {
	case c.ReadsStdin():
		from := stdin.Reader{Streams: f.Streams, What: "the input", Most: maxInput, Limit: time.Duration(f.limits.timeout)}
		c.Input, err = from.Read(ctx)
	case c.hasNumbers():
		c.Input = numbers(slices.Concat(f.numbers, f.args))
	case isFile:
		c.Input, err = readFile(name)
	default:
		c.Input, fromOutside = []byte(f.input.text), false
	}
	if err == nil && c.takesText() && (len(c.Input) > 0 || f.input.given) {
		c.Input = quoted(c.Input, fromOutside)
	}
	return err
}

// readFile reads an input. It stops one byte after the most that the host takes, so
// that the host refuses it.
func readFile(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, exit.Usagef("-i: %w", err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxInput+1))
	if err != nil {
		return nil, exit.Usagef("-i: %w", err)
	}
	return b, nil
}

// quoted returns text as a JSON string, if it is none. The newline that ends a file
// is not part of a text.
func quoted(text []byte, file bool) []byte {
	if trimmed := bytes.TrimSpace(text); bytes.HasPrefix(trimmed, []byte(`"`)) && json.Valid(trimmed) {
		return text
	}
	if !utf8.Valid(text) {
		return text // the task's schema refuses it
	}
	if file {
		text = bytes.TrimSuffix(bytes.TrimSuffix(text, []byte("\n")), []byte("\r"))
	}
	b, _ := json.Marshal(string(text))
	return b
}

// numbers returns the input of a bare function. What is no number is quoted: the host
// knows NaN and Infinity that way, and its error shows everything else.
func numbers(words []string) []byte {
	list := make([]string, len(words))
	for i, word := range words {
		list[i] = strings.TrimSpace(word)
		if !isNumber(word) {
			quoted, _ := json.Marshal(list[i])
			list[i] = string(quoted)
		}
	}
	return []byte("[" + strings.Join(list, ",") + "]")
}

// isNumber reports whether a word is a number of JSON.
func isNumber(word string) bool {
	var n float64
	return word != "null" && json.Unmarshal([]byte(word), &n) == nil
}
