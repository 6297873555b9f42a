package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wexec/wexec/host"
)

// trust is something that --trust can say of a module.
type trust struct {
	word, field, loses string // field is that of host.Options
	grant              func(*host.Options)
}

// trusts are all there are, each with what is lost by it.
var trusts = []trust{
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

// trustHelp returns the part of a help text that says what the words mean.
func trustHelp() string {
	text := `--trust runs a module in ways that suit only one that you trust. What is lost:`
	for _, t := range trusts {
		text += fmt.Sprintf("\n  %-14s %s", t.word, t.loses)
	}
	return text + `
No limit ends what can't be stopped: the second ctrl-C does, or else a kill.`
}

// addTrustFlag gives a command the flag --trust.
func addTrustFlag(cmd *cobra.Command, words *[]string) {
	cmd.Flags().StringSliceVar(words, "trust", nil, "trust the module with `WHAT`: "+trustWords()+"; may be repeated")
	cmd.RegisterFlagCompletionFunc("trust", completeTrust)
}

// completeTrust completes the last word of a list with commas.
func completeTrust(_ *cobra.Command, _ []string, list string) ([]string, cobra.ShellCompDirective) {
	before := list[:strings.LastIndex(list, ",")+1]
	completions := make([]string, len(trusts))
	for i, t := range trusts {
		completions[i] = cobra.CompletionWithDesc(before+t.word, t.loses)
	}
	return completions, cobra.ShellCompDirectiveNoFileComp
}

// trustWords returns the words as they stand in a sentence.
func trustWords() string {
	words := make([]string, len(trusts))
	for i, t := range trusts {
		words[i] = t.word
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

// trustOptions returns what a module is loaded with that is trusted so.
func trustOptions(words []string) (host.Options, error) {
	var o host.Options
	for _, word := range words {
		i := slices.IndexFunc(trusts, func(t trust) bool { return t.word == word })
		if i < 0 {
			return o, usagef("--trust %s: want %s", word, trustWords())
		}
		trusts[i].grant(&o)
	}
	return o, nil
}

// trustWord returns the word that sets a field of host.Options.
func trustWord(field string) string {
	i := slices.IndexFunc(trusts, func(t trust) bool { return t.field == field })
	return trusts[i].word
}
