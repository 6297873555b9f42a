// Package doctor is the command doctor, which says what works on this machine and how
// to get what is missing.
package doctor

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/wexec/wexec/cmd/wexec/internal/exit"
	"github.com/wexec/wexec/cmd/wexec/internal/term"
	"github.com/wexec/wexec/host/build"
	"github.com/wexec/wexec/host/build/engines"
	"github.com/wexec/wexec/host/build/toolchain"
	"github.com/wexec/wexec/host/cache"
)

type options struct {
	term.Streams
	json bool
}

// Command returns the command.
func Command(s term.Streams) *cobra.Command {
	o := &options{Streams: s}
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Say what works here, and how to get what is missing",
		Long: `Say which languages work on this machine: their engines and the programs of others
that wexec works with, with their versions, and the line that gets what is missing.`,
		Args:              exit.UsageArgs(cobra.NoArgs),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              func(cmd *cobra.Command, _ []string) error { return run(cmd.Context(), o) },
	}
	cmd.Flags().BoolVar(&o.json, "json", false, "print it as JSON")
	return cmd
}

// finding is one thing that was looked for.
type finding struct {
	Name string `json:"name"`
	// Found is its version or its place, or "" if it is missing.
	Found string `json:"found,omitempty"`
	Use   string `json:"use,omitempty"`
	Get   string `json:"get,omitempty"` // the line that gets it, if it is missing
}

// diagnosis is what doctor --json prints.
type diagnosis struct {
	Languages []language `json:"languages"`
	Tools     []finding  `json:"tools"`
	Folders   []finding  `json:"folders"`
}

// language says whether source files in a language can be run.
type language struct {
	Name   string  `json:"name"`
	Ready  bool    `json:"ready"`
	Engine finding `json:"engine"`
}

func run(ctx context.Context, o *options) error {
	s, err := engines.DefaultStore()
	if err != nil {
		return err
	}
	d := diagnosis{Folders: []finding{cacheFolder(), {Name: "engines", Found: s.Dir}}}
	seen := map[*toolchain.Tool]bool{}
	for _, l := range build.Languages() {
		d.Languages = append(d.Languages, language{l.Name, s.Has(l.Engine), engine(s, l.Engine)})
		for _, t := range l.Tools {
			if !seen[t] {
				seen[t] = true
				d.Tools = append(d.Tools, tool(ctx, t))
			}
		}
	}
	if o.json {
		return o.PrintJSON(d)
	}
	_, err = fmt.Fprint(o.Out, d.text(term.NewPalette(o.Out)))
	return err
}

func engine(s engines.Store, e *engines.Engine) finding {
	f := finding{Name: e.Title}
	if s.Has(e) {
		f.Found = s.File(e)
	} else {
		f.Get = "wexec engine fetch " + e.Language
	}
	return f
}

func tool(ctx context.Context, t *toolchain.Tool) finding {
	f := finding{Name: t.Name, Use: t.Use}
	call, version, err := t.Find(ctx)
	if _, missing := errors.AsType[*toolchain.MissingError](err); missing {
		f.Get = t.Get()
	} else if err != nil {
		f.Get = err.Error()
	} else {
		f.Found = fmt.Sprintf("%s (%s)", version, call)
	}
	return f
}

// cacheFolder says where the cache is, and whether it can be used.
func cacheFolder() finding {
	f := finding{Name: "cache"}
	dir, err := cache.DefaultDir()
	if err == nil {
		_, err = cache.Open(dir)
	}
	if err != nil {
		f.Get = fmt.Sprintf("no cache: %v", err)
	} else {
		f.Found = dir
	}
	return f
}

// text describes the diagnosis to people.
func (d diagnosis) text(p term.Palette) string {
	line := func(name string, f finding) []string {
		return []string{name, p.Strong(mark(f.Found != "")), term.OneLine(f.Found+f.Get) + note(f)}
	}
	var languages, tools, folders [][]string
	for _, l := range d.Languages {
		said := l.Engine
		if l.Ready {
			said.Found = l.Engine.Name
		} else {
			said.Get = fmt.Sprintf("%s is not here: %s", l.Engine.Name, l.Engine.Get)
		}
		languages = append(languages, line(l.Name, said))
	}
	for _, f := range d.Tools {
		tools = append(tools, line(f.Name, f))
	}
	for _, f := range d.Folders {
		folders = append(folders, line(f.Name, f))
	}
	section := func(title string, rows [][]string) string { return p.Strong(title) + "\n" + term.Columns(rows) }
	return section("Languages", languages) + "\n" + section("Programs of others", tools) + "\n" +
		section("Folders", folders)
}

// mark is what a line begins with.
func mark(found bool) string {
	if found {
		return "ok"
	}
	return "missing"
}

func note(f finding) string {
	if f.Use == "" {
		return ""
	}
	return "\n" + f.Use
}
