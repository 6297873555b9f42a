// Package cache is the command cache, which looks after the compile cache.
package cache

import (
	"cmp"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/wexec/wexec/cmd/wexec/internal/exit"
	"github.com/wexec/wexec/cmd/wexec/internal/quantity"
	"github.com/wexec/wexec/cmd/wexec/internal/term"
	"github.com/wexec/wexec/host/cache"
)

// options are the flags of the command and of its subcommands.
type options struct {
	term.Streams
	dir    string
	unused time.Duration
	json   bool
}

// Command returns the command.
func Command(s term.Streams) *cobra.Command {
	o := &options{Streams: s}
	cmd := &cobra.Command{
		Use:   "cache",
		Short: "Look after the cache of compiled modules",
		Long: `Look after the cache of compiled modules. wexec compiles a module before it runs
it, and keeps the result in a folder of the user: the next run of the same
module starts at once.

Every entry is compared with its SHA-256 before it is used, and compiled again
if it is damaged. When the disk is full, wexec works without the cache.`,
		Args: exit.UsageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.PersistentFlags().StringVar(&o.dir, "dir", "", "the `FOLDER`, if it is not wexec in the user's cache folder")
	cmd.AddCommand(infoCommand(o), cleanCommand(o), pruneCommand(o))
	return cmd
}

func infoCommand(o *options) *cobra.Command {
	cmd := subcommand(o, "info", "Say where the cache is, and what is in it", info)
	cmd.Flags().BoolVar(&o.json, "json", false, "print it as JSON")
	return cmd
}

func cleanCommand(o *options) *cobra.Command {
	return subcommand(o, "clean", "Remove everything from the cache", clean)
}

func pruneCommand(o *options) *cobra.Command {
	cmd := subcommand(o, "prune", "Remove what this version can't use, and what was not used for long", prune)
	cmd.Flags().DurationVar(&o.unused, "unused", 30*24*time.Hour, "how long a `TIME` a module may go unused")
	return cmd
}

// subcommand returns a command that does something with the cache.
func subcommand(o *options, name, short string, run func(*options, *cache.Cache) error) *cobra.Command {
	return &cobra.Command{
		Use:               name,
		Short:             short,
		Args:              exit.UsageArgs(cobra.NoArgs),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(*cobra.Command, []string) error {
			c, err := open(o.dir)
			if err != nil {
				return &exit.UsageError{Err: err}
			}
			return run(o, c)
		},
	}
}

// open opens the cache in a folder, by default that of the user.
func open(dir string) (*cache.Cache, error) {
	if dir == "" {
		var err error
		if dir, err = cache.DefaultDir(); err != nil {
			return nil, err
		}
	}
	return cache.Open(dir)
}

// description is what info --json prints.
type description struct {
	Dir     string     `json:"dir"`
	Modules int        `json:"modules"`
	Others  int        `json:"others"`
	Bytes   int64      `json:"bytes"`
	Oldest  *time.Time `json:"oldest_use,omitempty"`
}

func info(o *options, c *cache.Cache) error {
	info, err := c.Info()
	if err != nil {
		return err
	}
	if o.json {
		d := description{Dir: info.Dir, Modules: info.Entries, Others: info.Others, Bytes: info.Bytes}
		if !info.Oldest.IsZero() {
			d.Oldest = &info.Oldest
		}
		return o.PrintJSON(d)
	}
	rows := [][]string{
		{"folder", term.OneLine(info.Dir)},
		{"modules", fmt.Sprint(info.Entries)},
		{"size", quantity.Bytes(uint64(info.Bytes))},
	}
	if !info.Oldest.IsZero() {
		rows = append(rows, []string{"unused", "up to " + age(info.Oldest)})
	}
	if info.Others > 0 {
		others := fmt.Sprintf("%d files of other versions or none: wexec cache prune removes them", info.Others)
		rows = append(rows, []string{"others", others})
	}
	_, err = fmt.Fprint(o.Out, term.Columns(rows))
	return err
}

// age says how long ago a time was.
func age(t time.Time) string {
	const day = 24 * time.Hour
	switch d := time.Since(t); {
	case d >= 2*day:
		return fmt.Sprintf("%d days", d/day)
	case d >= 2*time.Hour:
		return fmt.Sprintf("%d hours", d/time.Hour)
	}
	return "an hour or two"
}

func clean(o *options, c *cache.Cache) error {
	bytes, err := c.Clean()
	return report(o, bytes, err)
}

func prune(o *options, c *cache.Cache) error {
	if o.unused < 0 {
		return exit.Usagef("--unused %v: want a time, like 240h", o.unused)
	}
	bytes, err := c.Prune(o.unused)
	return report(o, bytes, err)
}

// report says how much was removed, also if an error stopped it half way.
func report(o *options, bytes int64, err error) error {
	_, failed := fmt.Fprintf(o.Out, "removed %s\n", quantity.Bytes(uint64(bytes)))
	return cmp.Or(err, failed)
}
