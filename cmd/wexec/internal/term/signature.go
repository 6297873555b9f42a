package term

import (
	"io"
	"os"
	"runtime"
)

// Signature is what the messages of wexec begin with on a stream. On a terminal
// its background tells them from what a guest writes there: see package screen. It
// is not a colour, so NO_COLOR does not concern it.
func Signature(w io.Writer) string {
	const name = "wexec:"
	if !IsTerminal(w) || isDumb() {
		return name
	}
	return "\x1b[0;7m" + name + "\x1b[0m" // reversed
}

// guestIndent is what the lines of guests begin with on a stream. Where a
// terminal has no backgrounds, only messages of wexec begin at the margin.
func guestIndent(w io.Writer) string {
	if IsTerminal(w) && isDumb() {
		return "  "
	}
	return ""
}

// isDumb reports whether the terminal knows no styles, as far as the environment
// says.
func isDumb() bool {
	kind := os.Getenv("TERM")
	return kind == "dumb" || kind == "" && runtime.GOOS != "windows"
}
