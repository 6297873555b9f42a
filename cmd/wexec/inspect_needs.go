package main

import (
	"slices"
	"strings"

	"github.com/wexec/wexec/host"
)

// need is something that a module may ask for: outside of the sandbox, or that
// weakens it.
type need struct {
	What string `json:"what"`
	// Allow is how it is allowed.
	Allow string `json:"allow"`
	// Imports are why it is thought so, if they are.
	Imports []string `json:"imports"`
}

// asks lists what imports, or all that begin so, lead to. Clocks, random
// numbers and standard streams are not here: they are never refused.
var asks = []struct {
	need
	prefix string
}{
	{need{What: "files", Allow: "--dir HOST::GUEST[:ro]"}, "wasi_snapshot_preview1.path_"},
	{need{What: "environment", Allow: "--env K=V"}, "wasi_snapshot_preview1.environ_get"},
	{need{What: "sockets", Allow: "not supported"}, "wasi_snapshot_preview1.sock_"},
	{need{What: "capabilities, by name as it runs", Allow: "--allow-http HOST for http.fetch"}, "wexec/v1.op_start"},
}

// needs derives from a module's imports what it may ask for. Whether it does
// is known only when it runs.
func needs(info host.Info) []need {
	found := []need{}
	for _, ask := range asks {
		n := ask.need
		for _, name := range info.Imports {
			if strings.HasPrefix(name, ask.prefix) {
				n.Imports = append(n.Imports, name[strings.Index(name, ".")+1:])
			}
		}
		if len(n.Imports) > 0 {
			slices.Sort(n.Imports)
			found = append(found, n)
		}
	}
	return found
}

// trustNeeds returns the trust without which a module is refused.
func trustNeeds(info host.Info) (found []need) {
	for _, field := range info.Needs {
		word := trustWord(field)
		found = append(found, need{What: strings.ReplaceAll(word, "-", " "), Allow: "--trust " + word, Imports: []string{}})
	}
	return found
}
