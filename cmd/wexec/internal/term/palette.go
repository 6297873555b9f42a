package term

import (
	"io"

	"github.com/charmbracelet/lipgloss"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/cmd/wexec/internal/screen"
)

// Palette colours text for a stream, sparsely and in the terminal's own colours.
// It leaves text as it is if the stream is no terminal or NO_COLOR is set.
type Palette struct{ r *lipgloss.Renderer }

// NewPalette returns the palette for a stream.
func NewPalette(w io.Writer) Palette { return Palette{lipgloss.NewRenderer(w)} }

// colors returns how many colours the stream shows.
func (p Palette) colors() screen.Colors {
	return map[string]screen.Colors{
		"ANSI":      screen.Colors16,
		"ANSI256":   screen.Colors256,
		"TrueColor": screen.TrueColors,
	}[p.r.ColorProfile().Name()]
}

// Strong and Dim make text more and less conspicuous.
func (p Palette) Strong(s string) string { return p.r.NewStyle().Bold(true).Render(s) }
func (p Palette) Dim(s string) string    { return p.r.NewStyle().Faint(true).Render(s) }

// modeColors are cyan, yellow and magenta: they differ on light and on dark.
var modeColors = map[abi.Mode]lipgloss.Color{abi.IO: "6", abi.Blocking: "3", abi.CPU: "5"}

// Mode colours text that belongs to a mode.
func (p Palette) Mode(m abi.Mode, s string) string {
	return p.r.NewStyle().Foreground(modeColors[m]).Render(s)
}
