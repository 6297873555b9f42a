package root

import (
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
)

// spelled returns a command line as cobra understands it. Two things that hands type
// by habit mean something else to cobra: a module in place of a command, and a
// negative number, which looks like a flag.
func spelled(root *cobra.Command, args []string) []string {
	if len(args) > 2 && strings.HasPrefix(args[0], cobra.ShellCompRequestCmd) {
		return append(args[:1:1], spelled(root, args[1:])...) // for a shell that completes the last word
	}
	if len(args) > 0 && impliesRun(root, args[0]) {
		args = slices.Insert(slices.Clone(args), 0, "run")
	}
	return spaced(root, args)
}

// impliesRun reports whether a command line that begins with a word is for the
// command run: the word is no command, but a module or a flag of run.
func impliesRun(root *cobra.Command, word string) bool {
	isNamed := func(c *cobra.Command) bool { return c.Name() == word }
	switch {
	case slices.ContainsFunc(root.Commands(), isNamed):
		return false
	case word == "-" || strings.HasSuffix(word, ".wasm"):
		return true
	case strings.HasPrefix(word, "-"):
		run, _, err := root.Find([]string{"run"})
		known, _ := flag(run, word)
		return err == nil && known
	}
	info, err := os.Stat(word)
	return err == nil && !info.IsDir()
}

// spaced puts a space before each negative number that is an argument. It is a number
// still, and does not look like a flag any more.
func spaced(root *cobra.Command, args []string) []string {
	cmd, _, err := root.Find(args)
	if err != nil {
		return args
	}
	args = slices.Clone(args)
	for i := 1; i < len(args) && args[i] != "--"; i++ {
		_, isValue := flag(cmd, args[i-1])
		if isNegative(args[i]) && !isValue {
			args[i] = " " + args[i]
		}
	}
	return args
}

func isNegative(word string) bool {
	digits, negative := strings.CutPrefix(word, "-")
	_, err := strconv.ParseFloat(digits, 64)
	return negative && err == nil && strings.Trim(digits[:1], ".0123456789") == "" // not -inf, which is -i nf
}

// flag reports whether a word is a flag of the command, such as --dir, --dir=. or -i,
// and whether the next word is its value.
func flag(cmd *cobra.Command, word string) (known, needsValue bool) {
	word, _, hasValue := strings.Cut(word, "=")
	name, long := strings.CutPrefix(word, "--")
	f := cmd.Flags().Lookup(name)
	if !long {
		if len(word) != 2 || word[0] != '-' {
			return false, false
		}
		f = cmd.Flags().ShorthandLookup(word[1:])
	}
	return f != nil, f != nil && f.NoOptDefVal == "" && !hasValue
}
