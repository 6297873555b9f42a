package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/lipgloss/table"
	"github.com/spf13/cobra"

	"github.com/wexec/wexec/host"
)

type inspectOptions struct {
	streams
	file  string
	trust []string
	json  bool
}

func newInspectCommand(s streams) *cobra.Command {
	o := &inspectOptions{streams: s}
	cmd := &cobra.Command{
		Use:   "inspect MODULE",
		Short: "Show what a module offers and what it would need",
		Long: `Show the tasks of a module, what it imports and exports, and what it would need
to be allowed.

No code of the module is run if its manifest is in a custom section. If it has
to be asked for its manifest, it is, with no access to anything.

` + trustHelp(),
		Args: usage(cobra.ExactArgs(1)),
		ValidArgsFunction: func(cmd *cobra.Command, args []string, prefix string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return completeModuleAndTask(cmd, args, prefix)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			o.file = args[0]
			return o.run(cmd.Context())
		},
	}
	addTrustFlag(cmd, &o.trust)
	cmd.Flags().BoolVar(&o.json, "json", false, "print it as JSON")
	return cmd
}

// description is what inspect --json prints.
type description struct {
	Name  string     `json:"name"`
	Style host.Style `json:"style"`
	Size  int        `json:"size_bytes"`
	// Manifest is where it is: "section", "export" or "".
	Manifest string `json:"manifest"`
	// RanCode is whether code of the module was run to find out.
	RanCode bool        `json:"ran_code"`
	Memory  memoryRange `json:"memory"`
	// NewEach is why every task has a new instance, or empty if one is put back
	// to what it was before, as far as is known.
	NewEach string      `json:"new_instance_for_each_task_because,omitempty"`
	Tasks   []host.Task `json:"tasks"`
	Needs   []need      `json:"needs"`
	Imports []string    `json:"imports"`
	Exports []string    `json:"exports"`
}

// memoryRange is what linear memory starts with and may grow to; without Max
// that is for the host to say.
type memoryRange struct {
	Min uint64 `json:"min_bytes"`
	Max uint64 `json:"max_bytes,omitempty"`
}

func (o *inspectOptions) run(ctx context.Context) error {
	trusted, err := trustOptions(o.trust)
	if err != nil {
		return err
	}
	h, err := host.New(host.Config{Logger: slog.New(newLogHandler(o.err))})
	if err != nil {
		return err
	}
	defer h.Close(ctx)
	m, err := load(ctx, h, o.file, trusted)
	if err != nil {
		return err
	}
	info := m.Info()
	d := description{
		Name: info.Name, Style: info.Style, Size: info.Size,
		Manifest: info.Manifest, RanCode: info.Manifest == "export",
		Memory: memoryRange{info.MemoryMin, info.MemoryMax}, NewEach: info.Lasting,
		Tasks: info.Tasks, Needs: append(needs(info), trustNeeds(info)...),
		Imports: info.Imports, Exports: info.Exports,
	}
	if o.json {
		return o.printJSON(d)
	}
	_, err = fmt.Fprint(o.out, d.text(o.out))
	return err
}

// text describes the module for people.
func (d description) text(out io.Writer) string {
	p := newPalette(out)
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %s\n", p.strong(oneLine(d.Name)), p.dim(d.summary()))

	fmt.Fprintf(&b, "%s\n", p.dim(d.instances()))

	b.WriteString("\n" + p.strong("Tasks") + "\n")
	rows := make([][]string, len(d.Tasks))
	for i, t := range d.Tasks {
		rows[i] = []string{oneLine(t.Name), p.mode(t.Mode, string(t.Mode)), visible(taskText(t))}
	}
	b.WriteString(columns(rows))

	b.WriteString("\n" + p.strong("What it may ask for") + "\n")
	rows = nil
	for _, n := range d.Needs {
		rows = append(rows, []string{n.What, n.Allow, p.dim(oneLine(strings.Join(n.Imports, ", ")))})
	}
	if rows == nil {
		rows = [][]string{{"nothing"}}
	}
	b.WriteString(columns(rows))

	b.WriteString("\n" + p.strong("Imports") + "\n")
	b.WriteString(list(d.Imports))
	b.WriteString("\n" + p.strong("Exports") + "\n")
	b.WriteString(list(d.Exports))
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
		grows = " to " + bytesText(d.Memory.Max)
	}
	return fmt.Sprintf("%s · %s · memory %s%s · %s", d.Style, bytesText(uint64(d.Size)), bytesText(d.Memory.Min), grows, manifest)
}

// instances says how a task gets a fresh one.
func (d description) instances() string {
	switch {
	case d.NewEach != "":
		return "a new instance for every task, since " + d.NewEach
	case d.RanCode:
		return "instances are put back between tasks"
	}
	return "instances are put back between tasks, if that is possible after the module's start"
}

// taskText returns a task's doc and what it asks for.
func taskText(t host.Task) string {
	lines := []string{cmp.Or(t.Doc, "-")}
	if t.Timeout > 0 {
		lines = append(lines, fmt.Sprintf("Runs for %v at most.", t.Timeout))
	}
	if t.Memory > 0 {
		lines = append(lines, fmt.Sprintf("Has %s of memory at most.", bytesText(t.Memory)))
	}
	if t.Fuel > 0 {
		lines = append(lines, fmt.Sprintf("Uses %s units of fuel at most.", fuelUnits.format(t.Fuel)))
	}
	if t.Input != nil {
		lines = append(lines, fmt.Sprintf("Input schema: %s", t.Input))
	}
	if t.Output != nil {
		lines = append(lines, fmt.Sprintf("Output schema: %s", t.Output))
	}
	return strings.Join(lines, "\n")
}

// list writes names on lines of their own.
func list(names []string) string {
	if len(names) == 0 {
		return "  none\n"
	}
	var b strings.Builder
	for _, name := range names {
		b.WriteString("  " + oneLine(name) + "\n")
	}
	return b.String()
}

// columns lays rows out in columns. A cell may have several lines.
func columns(rows [][]string) string {
	t := table.New().Rows(rows...).Border(lipgloss.Border{}).
		BorderTop(false).BorderBottom(false).BorderLeft(false).BorderRight(false).BorderColumn(false).
		StyleFunc(func(int, int) lipgloss.Style { return lipgloss.NewStyle().PaddingLeft(2) })
	var b strings.Builder
	for line := range strings.Lines(t.Render()) {
		b.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	return b.String()
}

func bytesText(n uint64) string {
	for _, unit := range []struct {
		name string
		size uint64
	}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}} {
		if n >= unit.size {
			return fmt.Sprintf("%.4g %s", float64(n)/float64(unit.size), unit.name)
		}
	}
	return fmt.Sprintf("%d bytes", n)
}
