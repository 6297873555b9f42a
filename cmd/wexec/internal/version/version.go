// Package version is the command version.
package version

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/wexec/wexec/cmd/wexec/internal/exit"
	"github.com/wexec/wexec/cmd/wexec/internal/term"
)

type options struct{ term.Streams }

// Command returns the command.
func Command(s term.Streams) *cobra.Command {
	o := &options{s}
	return &cobra.Command{
		Use:               "version",
		Short:             "Print the versions of wexec, Go and wazero",
		Args:              exit.UsageArgs(cobra.NoArgs),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprint(o.Out, Text())
			return err
		},
	}
}

// Text returns what the command prints.
func Text() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = &debug.BuildInfo{}
	}
	return fmt.Sprintf("wexec %s\n%s %s/%s\nwazero %s\n",
		ofWexec(info), runtime.Version(), runtime.GOOS, runtime.GOARCH, ofDependency(info, "github.com/tetratelabs/wazero"))
}

// ofWexec returns the version of wexec, and the revision that it was built from
// if that is known.
func ofWexec(info *debug.BuildInfo) string {
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

func ofDependency(info *debug.BuildInfo, path string) string {
	for _, d := range info.Deps {
		if d.Path == path {
			return d.Version
		}
	}
	return "(unknown)"
}
