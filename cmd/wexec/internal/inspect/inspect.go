// Package inspect is the command inspect, which describes a module without
// running its tasks.
package inspect

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/wexec/wexec/cmd/wexec/internal/exit"
	"github.com/wexec/wexec/cmd/wexec/internal/module"
	"github.com/wexec/wexec/cmd/wexec/internal/term"
	"github.com/wexec/wexec/cmd/wexec/internal/trust"
	"github.com/wexec/wexec/host"
)

type options struct {
	term.Streams
	builder module.Builder
	file    string
	trust   []string
	json    bool
}

// Command returns the command.
func Command(s term.Streams) *cobra.Command {
	o := &options{Streams: s}
	cmd := &cobra.Command{
		Use:   "inspect MODULE",
		Short: "Show what a module offers and what it would need",
		Long: `Show the tasks of a module, what it imports and exports, and which flags it may
need to run.

No code of the module is run if its manifest is in a custom section. If only
its code can give the manifest, that is run, with no access to anything.

` + module.Help + `

` + trust.Help(),
		Args:              exit.UsageArgs(cobra.ExactArgs(1)),
		ValidArgsFunction: module.CompleteFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.file = args[0]
			return run(cmd.Context(), o)
		},
	}
	o.builder.AddFlags(cmd)
	trust.AddFlag(cmd, &o.trust)
	cmd.Flags().BoolVar(&o.json, "json", false, "print it as JSON")
	return cmd
}

func run(ctx context.Context, o *options) error {
	trusted, err := trust.Options(o.trust)
	if err != nil {
		return err
	}
	h, err := host.New(host.Config{Logger: term.NewLogger(o.Err), Engines: module.Engines()})
	if err != nil {
		return err
	}
	defer h.Close(ctx)
	m, err := module.Load(ctx, h, o.Streams, module.Source{File: o.file, Builder: &o.builder}, trusted)
	if err != nil {
		return err
	}
	d := describe(m.Info())
	if o.json {
		return o.PrintJSON(d)
	}
	_, err = fmt.Fprint(o.Out, d.text(term.NewPalette(o.Out)))
	return err
}

// description is what inspect --json prints.
type description struct {
	Name  string `json:"name"`
	Style string `json:"style"`
	Size  int    `json:"size_bytes"`
	// Manifest is where the manifest is: "section", "export" or "".
	Manifest string `json:"manifest"`
	// RanCode is whether code of the module was run to get the manifest.
	RanCode bool        `json:"ran_code"`
	Memory  memoryRange `json:"memory"`
	// NewEach is why every task needs a new instance. It is empty if instances
	// can be restored after a task, as far as is known.
	NewEach string      `json:"new_instance_for_each_task_because,omitempty"`
	Tasks   []host.Task `json:"tasks"`
	Needs   []need      `json:"needs"`
	Imports []string    `json:"imports"`
	Exports []string    `json:"exports"`
}

// memoryRange is the size that linear memory starts with, and the one that it
// may grow to. Without Max the host sets the limit.
type memoryRange struct {
	Min uint64 `json:"min_bytes"`
	Max uint64 `json:"max_bytes,omitempty"`
}

func describe(info host.Info) description {
	return description{
		Name: info.Name, Style: info.Style, Size: info.Size,
		Manifest: info.Manifest, RanCode: info.Manifest == "export",
		Memory: memoryRange{info.MemoryMin, info.MemoryMax}, NewEach: info.Irreversible,
		Tasks: info.Tasks, Needs: append(outsideNeeds(info), trustNeeds(info)...),
		Imports: info.Imports, Exports: info.Exports,
	}
}
