package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

type versionOptions struct{ streams }

func newVersionCommand(s streams) *cobra.Command {
	o := &versionOptions{s}
	return &cobra.Command{
		Use:               "version",
		Short:             "Print the versions of wexec, Go and wazero",
		Args:              usage(cobra.NoArgs),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              func(*cobra.Command, []string) error { return o.run() },
	}
}

func (o *versionOptions) run() error {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = &debug.BuildInfo{}
	}
	_, err := fmt.Fprintf(o.out, "wexec %s\n%s %s/%s\nwazero %s\n",
		wexecVersion(info), runtime.Version(), runtime.GOOS, runtime.GOARCH, dependency(info, "github.com/tetratelabs/wazero"))
	return err
}

// wexecVersion returns the module's version, and the revision that it was
// built from if that is known.
func wexecVersion(info *debug.BuildInfo) string {
	version, revision, modified := info.Main.Version, "", ""
	if version == "" {
		version = "(devel)"
	}
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			revision = s.Value[:min(len(s.Value), 12)]
		case s.Key == "vcs.modified" && s.Value == "true":
			modified = ", modified"
		}
	}
	if revision == "" {
		return version
	}
	return fmt.Sprintf("%s (%s%s)", version, revision, modified)
}

func dependency(info *debug.BuildInfo, path string) string {
	for _, d := range info.Deps {
		if d.Path == path {
			return d.Version
		}
	}
	return "(unknown)"
}
