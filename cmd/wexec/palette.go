package main

import (
	"io"

	"github.com/charmbracelet/lipgloss"

	"github.com/wexec/wexec/host"
)

// palette colours text for a stream: sparsely, in the terminal's own colours,
// and not at all if it is no terminal or NO_COLOR is set.
type palette struct{ r *lipgloss.Renderer }

func newPalette(w io.Writer) palette { return palette{lipgloss.NewRenderer(w)} }

func (p palette) strong(s string) string { return p.r.NewStyle().Bold(true).Render(s) }
func (p palette) dim(s string) string    { return p.r.NewStyle().Faint(true).Render(s) }

// modeColors are cyan, yellow and magenta: told apart on light and on dark.
var modeColors = map[host.Mode]lipgloss.Color{host.IO: "6", host.Blocking: "3", host.CPU: "5"}

// mode colours text as what belongs to a mode.
func (p palette) mode(m host.Mode, s string) string {
	return p.r.NewStyle().Foreground(modeColors[m]).Render(s)
}
