package main

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wexec/wexec/host"
	"github.com/wexec/wexec/host/instrument"
)

// trust is something that --trust can say of a module.
type trust struct {
	word, loses string
	grant       func(*host.Options)
}

// trusts are all there are, each with what is lost by it.
var trusts = []trust{
	{
		"exceptions", "a catch may undo what was done to locals; a try costs memory",
		func(o *host.Options) { o.Exceptions = true },
	},
	{
		"shared-memory", "a task that waits on its memory can't be stopped",
		func(o *host.Options) { o.SharedMemory = true },
	},
	{
		"no-safepoints", "a task that computes can't be stopped; fuel is not counted",
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

// neededTrust returns the words without which the module in a file is refused,
// if it is not refused whatever they are. No code of the module is run.
func neededTrust(file string) (words []string) {
	wasm, err := os.ReadFile(file)
	accepts := func(exceptions, shared bool) bool {
		_, err := instrument.Rewrite(wasm, instrument.Options{Exceptions: exceptions, SharedMemory: shared})
		return err == nil
	}
	if err != nil || !accepts(true, true) {
		return nil
	}
	if !accepts(false, true) {
		words = append(words, "exceptions")
	}
	if !accepts(true, false) {
		words = append(words, "shared-memory")
	}
	return words
}
