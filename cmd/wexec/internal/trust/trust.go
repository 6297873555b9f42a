// Package trust is the flag --trust, which runs a module in ways that only
// trusted modules may have.
package trust

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wexec/wexec/cmd/wexec/internal/exit"
	"github.com/wexec/wexec/host"
)

// grant is what one word of the flag allows.
type grant struct {
	word  string
	field string // of host.Options
	cost  string // what the user loses by it
	apply func(*host.Options)
}

var grants = []grant{
	{
		"exceptions", "Exceptions", "a catch may undo what was done to locals; a try costs memory",
		func(o *host.Options) { o.Exceptions = true },
	},
	{
		"shared-memory", "SharedMemory", "a task that waits on its memory can't be stopped",
		func(o *host.Options) { o.SharedMemory = true },
	},
	{
		"no-safepoints", "Safepoints", "a task that computes can't be stopped; fuel is not counted",
		func(o *host.Options) { o.Safepoints = host.Off },
	},
}

// Help returns the part of a help text that says what the words mean.
func Help() string {
	text := `--trust runs a module in ways that suit only a trusted one. Each has a cost:`
	for _, g := range grants {
		text += fmt.Sprintf("\n  %-14s %s", g.word, g.cost)
	}
	return text + `
No limit ends a task that can't be stopped: press ctrl-C twice, or kill wexec.`
}

// AddFlag adds the flag to a command.
func AddFlag(cmd *cobra.Command, words *[]string) {
	cmd.Flags().StringSliceVar(words, "trust", nil, "trust the module with `WHAT`: "+choices()+"; may be repeated")
	cmd.RegisterFlagCompletionFunc("trust", complete)
}

// complete completes the last word of a list with commas.
func complete(_ *cobra.Command, _ []string, list string) ([]string, cobra.ShellCompDirective) {
	before := list[:strings.LastIndex(list, ",")+1]
	completions := make([]string, len(grants))
	for i, g := range grants {
		completions[i] = cobra.CompletionWithDesc(before+g.word, g.cost)
	}
	return completions, cobra.ShellCompDirectiveNoFileComp
}

// choices returns the words for use in a sentence.
func choices() string {
	words := make([]string, len(grants))
	for i, g := range grants {
		words[i] = g.word
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

// Options returns the options of a module for which the flag has these words.
func Options(words []string) (host.Options, error) {
	var o host.Options
	for _, word := range words {
		i := slices.IndexFunc(grants, func(g grant) bool { return g.word == word })
		if i < 0 {
			return o, exit.Usagef("--trust %s: want %s", word, choices())
		}
		grants[i].apply(&o)
	}
	return o, nil
}

// Words returns the words that set these fields of host.Options.
func Words(fields []string) (words []string) {
	for _, g := range grants {
		if slices.Contains(fields, g.field) {
			words = append(words, g.word)
		}
	}
	return words
}
