package main

import (
	"cmp"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/wexec/wexec/host/cache"
)

// cacheOptions are the flags of the cache commands.
type cacheOptions struct {
	streams
	dir    string
	unused time.Duration
	json   bool
}

func newCacheCommand(s streams) *cobra.Command {
	o := &cacheOptions{streams: s}
	cmd := &cobra.Command{
		Use:   "cache",
		Short: "Look after the modules that are compiled already",
		Long: `Look after the cache: what wexec makes of a module before it runs it is kept in
a folder of the user's, so that the next run of the same module starts at once.

Every entry is compared with its SHA-256 before it is used. One that is damaged
is made again, and without room on the disk wexec works without.`,
		Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.PersistentFlags().StringVar(&o.dir, "dir", "", "the `FOLDER`, if it is not wexec in the user's cache folder")
	add := func(sub *cobra.Command, run func(*cache.Cache) error) *cobra.Command {
		sub.Args, sub.ValidArgsFunction = usage(cobra.NoArgs), cobra.NoFileCompletions
		sub.RunE = func(*cobra.Command, []string) error {
			c, err := o.open()
			if err != nil {
				return err
			}
			return run(c)
		}
		cmd.AddCommand(sub)
		return sub
	}
	info := add(&cobra.Command{Use: "info", Short: "Say where the cache is, and what is in it"}, o.info)
	info.Flags().BoolVar(&o.json, "json", false, "print it as JSON")
	add(&cobra.Command{Use: "clean", Short: "Remove everything from the cache"}, o.clean)
	prune := add(&cobra.Command{Use: "prune", Short: "Remove what this version can't use, and what was not used for long"}, o.prune)
	prune.Flags().DurationVar(&o.unused, "unused", 30*24*time.Hour, "how long a `TIME` a module may go unused")
	return cmd
}

func (o *cacheOptions) open() (*cache.Cache, error) {
	dir := o.dir
	if dir == "" {
		var err error
		if dir, err = cache.DefaultDir(); err != nil {
			return nil, &usageError{err}
		}
	}
	c, err := cache.Open(dir)
	if err != nil {
		return nil, &usageError{err}
	}
	return c, nil
}

// cacheInfo is what cache info --json prints.
type cacheInfo struct {
	Dir     string     `json:"dir"`
	Modules int        `json:"modules"`
	Others  int        `json:"others"`
	Bytes   int64      `json:"bytes"`
	Oldest  *time.Time `json:"oldest_use,omitempty"`
}

func (o *cacheOptions) info(c *cache.Cache) error {
	info, err := c.Info()
	if err != nil {
		return err
	}
	if o.json {
		d := cacheInfo{Dir: info.Dir, Modules: info.Entries, Others: info.Others, Bytes: info.Bytes}
		if !info.Oldest.IsZero() {
			d.Oldest = &info.Oldest
		}
		return o.printJSON(d)
	}
	rows := [][]string{
		{"folder", oneLine(info.Dir)},
		{"modules", fmt.Sprint(info.Entries)},
		{"size", bytesText(uint64(info.Bytes))},
	}
	if !info.Oldest.IsZero() {
		rows = append(rows, []string{"unused", "up to " + age(info.Oldest)})
	}
	if info.Others > 0 {
		rows = append(rows, []string{"others", fmt.Sprintf("%d files of other versions or none: wexec cache prune removes them", info.Others)})
	}
	_, err = fmt.Fprint(o.out, columns(rows))
	return err
}

// age says how long ago something was.
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

func (o *cacheOptions) clean(c *cache.Cache) error {
	bytes, err := c.Clean()
	return o.removed(bytes, err)
}

func (o *cacheOptions) prune(c *cache.Cache) error {
	if o.unused < 0 {
		return usagef("--unused %v: want a time, like 240h", o.unused)
	}
	bytes, err := c.Prune(o.unused)
	return o.removed(bytes, err)
}

func (o *cacheOptions) removed(bytes int64, err error) error {
	_, failed := fmt.Fprintf(o.out, "removed %s\n", bytesText(uint64(bytes)))
	return cmp.Or(err, failed)
}
