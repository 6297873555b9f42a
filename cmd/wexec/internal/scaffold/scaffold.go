// Package scaffold is the command new, which makes the folder of a new project.
package scaffold

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wexec/wexec/cmd/wexec/internal/exit"
	"github.com/wexec/wexec/cmd/wexec/internal/term"
	"github.com/wexec/wexec/host/build"
	"github.com/wexec/wexec/sdk/js"
)

// templates has a folder for each language. In its files NAME is the project's name.
//
//go:embed templates
var templates embed.FS

// more are files of a language's folder that are elsewhere.
var more = map[string]map[string]string{
	"javascript": {"wexec.d.ts": js.Types},
	"typescript": {"wexec.d.ts": js.Types},
}

type options struct {
	term.Streams
	language string
	dir      string
}

// Command returns the command.
func Command(s term.Streams) *cobra.Command {
	o := &options{Streams: s}
	cmd := &cobra.Command{
		Use:   "new --lang LANGUAGE NAME",
		Short: "Make the folder of a new project",
		Long: `Make a folder NAME with a source file that has two tasks and a program, a test,
and a README that says how to run them.`,
		Example: `  wexec new --lang py hello
  wexec new --lang ts hello`,
		Args:                  exit.UsageArgs(cobra.ExactArgs(1)),
		DisableFlagsInUseLine: true,
		RunE: func(_ *cobra.Command, args []string) error {
			o.dir = args[0]
			return run(o)
		},
	}
	names := languages()
	cmd.Flags().StringVar(&o.language, "lang", "", "the `LANGUAGE`: "+strings.Join(names, ", "))
	cmd.RegisterFlagCompletionFunc("lang", cobra.FixedCompletions(names, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func languages() (names []string) {
	for _, l := range build.Languages() {
		names = append(names, l.Short[0])
	}
	return names
}

// name is what a project may be called.
const name = `^[\pL_][\pL\pN_.-]*$`

func run(o *options) error {
	if o.language == "" {
		return exit.Usagef("which language? --lang %s", strings.Join(languages(), ", "))
	}
	l, err := build.LanguageNamed(o.language)
	if err != nil {
		return exit.Usagef("--lang: %w", err)
	}
	project := filepath.Base(o.dir)
	if ok, err := regexp.MatchString(name, project); err != nil || !ok {
		return exit.Usagef("%q can't be a project's name: want letters, digits, and _ . -", project)
	}
	if err := os.Mkdir(o.dir, 0o777); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return exit.Usagef("%s is there already", o.dir)
		}
		return &exit.UsageError{Err: err}
	}
	main, err := fill(o.dir, project, l.Name)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(o.Out, "made %s; now:\n  cd %s\n  wexec run %s --fetch\n", o.dir, o.dir, main)
	return err
}

// fill writes the files of a language into a folder. It returns the name of the source.
func fill(dir, project, language string) (main string, err error) {
	files := map[string]string{}
	for name, content := range more[language] {
		files[name] = content
	}
	from := path.Join("templates", language)
	entries, err := templates.ReadDir(from)
	if err != nil {
		return "", err
	}
	for _, e := range entries {
		content, err := templates.ReadFile(path.Join(from, e.Name()))
		if err != nil {
			return "", err
		}
		files[e.Name()] = strings.ReplaceAll(string(content), "NAME", project)
		if strings.HasPrefix(e.Name(), "task.") {
			main = e.Name()
		}
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o666); err != nil {
			return "", err
		}
	}
	return main, nil
}
