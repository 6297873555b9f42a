package grant

import (
	"regexp"
	"strings"
)

// ways says which flag gives a capability, by the first word of its name. Those with
// none are always there.
var ways = map[string]string{
	"clock":  "",
	"config": "--config K=V",
	"files":  "--dir HOST",
	"http":   "--allow-http HOST",
	"kv":     "--kv FILE",
	"random": "",
	"stream": "",
	"task":   "",
}

// Way returns the flag that gives a capability, or "" if none is needed. known is false
// for a capability that no flag gives.
func Way(capability string) (flag string, known bool) {
	word, _, _ := strings.Cut(capability, ".")
	flag, known = ways[word]
	return flag, known
}

// lacking matches the host's words for a capability that it does not have. Tasks pass
// them on as text.
var lacking = regexp.MustCompile(`\b([a-z][a-z0-9_.]*) is denied: this host has no such capability`)

// Hint returns what the user can do about an error that says that a capability is
// missing, or "".
func Hint(err error) string {
	found := lacking.FindStringSubmatch(err.Error())
	if found == nil {
		return ""
	}
	if flag, known := Way(found[1]); known && flag != "" {
		return flag + " gives it"
	}
	return ""
}
