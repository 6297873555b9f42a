package inspect

import (
	"fmt"
	"strings"

	"github.com/wexec/wexec/cmd/wexec/internal/module"
	"github.com/wexec/wexec/cmd/wexec/internal/quantity"
	"github.com/wexec/wexec/cmd/wexec/internal/term"
	"github.com/wexec/wexec/host"
)

// text describes the module to people.
func (d description) text(p term.Palette) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %s\n", p.Strong(term.OneLine(d.Name)), p.Dim(d.summary()))
	fmt.Fprintf(&b, "%s\n", p.Dim(d.instances()))
	section := func(title, body string) { b.WriteString("\n" + p.Strong(title) + "\n" + body) }

	section("Tasks", module.TasksText(p, d.Tasks))

	rows := [][]string{{"nothing"}}
	if len(d.Needs) > 0 {
		rows = nil
	}
	for _, n := range d.Needs {
		rows = append(rows, []string{n.What, n.Allow, p.Dim(term.OneLine(strings.Join(n.Imports, ", ")))})
	}
	section("What it may ask for", term.Columns(rows))

	if d.Style != host.Script { // which is no code
		section("Imports", list(d.Imports))
		section("Exports", list(d.Exports))
	}
	return b.String()
}

func (d description) summary() string {
	manifest := map[string]string{
		"section": "manifest in a section, no code was run",
		"export":  "manifest from an export, for which its code was run",
		"":        "no manifest, no code was run",
	}[d.Manifest]
	grows := ""
	if d.Memory.Max > 0 {
		grows = " to " + quantity.Bytes(d.Memory.Max)
	}
	return fmt.Sprintf("%s · %s · memory %s%s · %s",
		d.Style, quantity.Bytes(uint64(d.Size)), quantity.Bytes(d.Memory.Min), grows, manifest)
}

// instances says how each task gets a fresh instance.
func (d description) instances() string {
	switch {
	case d.NewEach != "":
		return "a new instance for every task, since " + d.NewEach
	case d.RanCode:
		return "instances are restored between tasks"
	}
	return "instances are restored between tasks, if the module's start permits it"
}

// list writes each name on a line.
func list(names []string) string {
	if len(names) == 0 {
		return "  none\n"
	}
	var b strings.Builder
	for _, name := range names {
		b.WriteString("  " + term.OneLine(name) + "\n")
	}
	return b.String()
}
