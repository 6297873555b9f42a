// Package setting rewrites texts of package host for the command line. An error
// of the library names the field of its configuration that would help. Here the
// flag that sets the field takes its place.
package setting

import (
	"regexp"
	"slices"
	"strings"
	"sync"
)

// flags has the flag for every field that a text of the library names, or "" if
// no flag of the command sets it. A test compares it with the library's source.
var flags = map[string]string{
	"Config.Audit":           "--audit",
	"Config.Capabilities":    "",
	"Config.Compile.Memory":  "--compile-memory",
	"Config.Compile.Timeout": "--compile-timeout",
	"Config.Engines":         "",
	"Config.Grants":          "",
	"Config.Observe":         "",
	"Config.Memory":          "", // of all instances together

	"Limits.Capabilities": "",
	"Limits.Depth":        "",
	"Limits.Fuel":         "", // a manifest may be what limits it: run says --fuel if that helps
	"Limits.Held":         "",
	"Limits.Input":        "",
	"Limits.LogLine":      "",
	"Limits.LogRate":      "",
	"Limits.Memory":       "--memory",
	"Limits.Module":       "",
	"Limits.Ops":          "",
	"Limits.Orphans":      "",
	"Limits.Output":       "",
	"Limits.QueueTimeout": "",
	"Limits.RunTimeout":   "--timeout",
	"Limits.Stack":        "",
	"Limits.Streams":      "",
	"Limits.Table":        "",
	"Limits.TurnTimeout":  "",

	"Options.Fetch":     "--fetch",
	"Options.Grants":    "",
	"Options.Isolation": "",
	"Options.Mode":      "--mode",
	"Options.WASI":      "",

	"http.Client.Allow":            "--allow-http",
	"http.Client.MaxRequestBytes":  "",
	"http.Client.MaxResponseBytes": "",
	"http.Client.MaxStreamBytes":   "",
	"http.Client.Rate":             "",
	"http.Client.Secrets":          "--secret",

	"Mount.Quota":    "--dir",
	"Mount.ReadOnly": "--dir",

	"kv.Limits.Bytes": "",
	"kv.Limits.Key":   "",
	"kv.Limits.Keys":  "",
	"kv.Limits.Value": "",
}

// owners are what the fields of the table belong to.
var owners = []string{"Config", "Limits", "Options", "http.Client", "Mount", "kv.Limits"}

// AsFlags returns a text with the flags in place of the fields:
//
//	(Config.Limits.Memory)                   (--memory)
//	(Config.Limits.Output)                   nothing: no flag sets it
//	Options.Mode: unknown mode               --mode: unknown mode
//	add "example.com" to http.Client.Allow   allow it with --allow-http example.com
//
// It works on texts because guests pass errors on as texts, and log them.
func AsFlags(text string) string {
	mentioned := func(owner string) bool { return strings.Contains(text, owner) }
	if !slices.ContainsFunc(owners, mentioned) {
		return text // guests may log much, and most of it is like this
	}
	return mention().ReplaceAllStringFunc(text, func(found string) string {
		parts := mention().FindStringSubmatch(found)
		added, list, aside, plain := parts[1], parts[2], parts[3], parts[4]
		flag, known := flags[fullName(list+aside+plain)]
		switch {
		case known && flag == "" && aside != "":
			return ""
		case flag == "":
			return found
		case list != "":
			if strings.Contains(added, " ") {
				added = "'" + added + "'"
			}
			return "allow it with " + flag + " " + added
		case aside != "":
			return " (" + flag + ")"
		}
		return flag
	})
}

// mention matches a field in a text: as the list that something is to be added
// to, in parentheses of its own, or anywhere else. It is compiled when it is
// first needed, since most runs end without an error.
var mention = sync.OnceValue(func() *regexp.Regexp {
	field := `((?:` + strings.Join(owners, "|") + `)(?:\.[A-Z]\w*)+)`
	return regexp.MustCompile(`\badd "([^"]+)" to ` + field + `| \(` + field + `\)|\b` + field)
})

// fullName returns a field's name as the table has it: limits are named both
// with and without the Config that they are part of.
func fullName(field string) string {
	if limit, ok := strings.CutPrefix(field, "Config.Limits."); ok {
		return "Limits." + limit
	}
	return field
}
