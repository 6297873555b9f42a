package term

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/lipgloss/table"
)

// Visible returns text in which characters that do not show, such as the escape
// that begins a terminal's commands, are written as in a Go string.
func Visible(text string) string {
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

// hanging indents the lines of a message after its first, if they are not indented:
// a line at the margin would look like a message of its own.
func hanging(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if b.Len() > 0 && line[0] != ' ' && line[0] != '\n' {
			b.WriteString("  ")
		}
		b.WriteString(line)
	}
	return b.String()
}

// escapeControls escapes the control characters that encoding/json leaves as they
// are: DEL, and those that are short for an escape sequence.
func escapeControls(jsonText string) string {
	control := func(r rune) bool { return r >= 0x7f && r < 0xa0 }
	if !strings.ContainsFunc(jsonText, control) {
		return jsonText
	}
	var b strings.Builder
	for _, r := range jsonText {
		if control(r) {
			fmt.Fprintf(&b, `\u%04x`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// OneLine is Visible for text that must stay on its line.
func OneLine(text string) string { return strings.ReplaceAll(Visible(text), "\n", `\n`) }

// Columns lays rows out in columns, each indented by two. A cell may have
// several lines.
func Columns(rows [][]string) string {
	t := table.New().Rows(rows...).Border(lipgloss.Border{}).
		BorderTop(false).BorderBottom(false).BorderLeft(false).BorderRight(false).BorderColumn(false).
		StyleFunc(func(int, int) lipgloss.Style { return lipgloss.NewStyle().PaddingLeft(2) })
	var b strings.Builder
	for line := range strings.Lines(t.Render()) {
		b.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	return b.String()
}
