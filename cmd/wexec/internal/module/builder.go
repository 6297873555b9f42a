package module

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wexec/wexec/cmd/wexec/internal/exit"
	"github.com/wexec/wexec/cmd/wexec/internal/term"
	"github.com/wexec/wexec/host/build"
	"github.com/wexec/wexec/host/build/engines"
)

// Builder builds modules of source files. The zero value downloads nothing.
type Builder struct {
	// Program says that the module is to be run as a program.
	Program bool
	// Fetch says that what a script lacks may be downloaded.
	Fetch bool

	path []string
}

// AddFlags adds the flags for source files to a command.
func (b *Builder) AddFlags(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&b.Fetch, "fetch", false,
		"download what a script lacks: its engine, and the packages in its requirements.txt")
	cmd.Flags().StringArrayVar(&b.path, "with-path", nil,
		"a `FOLDER` of packages that a script in Python can import; may be repeated")
}

// Flags returns the flags that were given, for a command line of another command.
func (b *Builder) Flags() (flags []string) {
	if b.Fetch {
		flags = append(flags, "--fetch")
	}
	for _, dir := range b.path {
		flags = append(flags, "--with-path", dir)
	}
	return flags
}

// Help is the part of a help text that says what a source file is.
const Help = `A module may also be a source file in Python, JavaScript or TypeScript. It is
built each time that it has changed; what it imports is built in. Its engine must
be here: wexec engine fetch LANGUAGE, or --fetch.`

// Engines returns the engines that the user has, for host.Config.
func Engines() fs.FS {
	s, err := engines.DefaultStore()
	if err != nil {
		return nil // then there is no folder that could have any
	}
	return s.FS()
}

// Build builds the module of a source file. It prints what is doubtful in it.
func (b *Builder) Build(ctx context.Context, s term.Streams, file string) (*build.Module, error) {
	built, err := build.Build(ctx, file, build.Options{
		Path: b.path, Program: b.Program, Fetch: func(what string) bool { return b.mayFetch(s, what) },
	})
	if err != nil {
		return nil, explained(file, err)
	}
	for _, w := range built.Warnings {
		fmt.Fprintf(s.Err, "%s warning: %s\n", term.Signature(s.Err), term.Visible(w.String()))
	}
	return built, nil
}

// explained returns an error as the user's mistake, if it is one.
func explained(file string, err error) error {
	_, noEngine := errors.AsType[*engines.MissingError](err)
	_, notFetched := errors.AsType[*build.DownloadError](err)
	_, noFile := errors.AsType[*fs.PathError](err)
	switch {
	case noFile && errors.Is(err, fs.ErrNotExist):
		if _, missing := os.Stat(file); missing != nil {
			return noSuchFile(file)
		}
		return &exit.UsageError{Err: err}
	case noFile, noEngine, notFetched:
		return &exit.UsageError{Err: err}
	}
	return err
}

// mayFetch asks whether something may be downloaded. Without a terminal --fetch alone
// says yes.
func (b *Builder) mayFetch(s term.Streams, what string) bool {
	if b.Fetch || !term.IsTerminal(s.In) || !term.IsTerminal(s.Err) {
		return b.Fetch
	}
	fmt.Fprintf(s.Err, "%s download %s? [y/N] ", term.Signature(s.Err), term.OneLine(what))
	line, _ := bufio.NewReader(s.In).ReadString('\n')
	answer := strings.ToLower(strings.TrimSpace(line))
	return answer == "y" || answer == "yes"
}
