package module

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/wexec/wexec/cmd/wexec/internal/quantity"
	"github.com/wexec/wexec/cmd/wexec/internal/term"
	"github.com/wexec/wexec/host"
)

// TasksText describes tasks to people.
func TasksText(p term.Palette, tasks []host.Task) string {
	rows := make([][]string, len(tasks))
	for i, t := range tasks {
		rows[i] = []string{term.OneLine(t.Name), p.Mode(t.Mode, string(t.Mode)), term.Visible(taskText(t))}
	}
	return term.Columns(rows)
}

// taskText returns a task's doc, limits and schemas.
func taskText(t host.Task) string {
	lines := []string{cmp.Or(t.Doc, "-")}
	if t.Timeout > 0 {
		lines = append(lines, fmt.Sprintf("Runs for %v at most.", t.Timeout))
	}
	if t.Memory > 0 {
		lines = append(lines, fmt.Sprintf("Has %s of memory at most.", quantity.Bytes(t.Memory)))
	}
	if t.Fuel > 0 {
		lines = append(lines, fmt.Sprintf("Uses %s units of fuel at most.", quantity.Fuel.Format(t.Fuel)))
	}
	if len(t.Uses) > 0 {
		lines = append(lines, fmt.Sprintf("Uses %s.", strings.Join(t.Uses, ", ")))
	}
	if t.Input != nil {
		lines = append(lines, fmt.Sprintf("Input schema: %s", t.Input))
	}
	if t.Output != nil {
		lines = append(lines, fmt.Sprintf("Output schema: %s", t.Output))
	}
	return strings.Join(lines, "\n")
}
