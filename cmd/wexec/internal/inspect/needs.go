package inspect

import (
	"slices"
	"strings"

	"github.com/wexec/wexec/cmd/wexec/internal/grant"
	"github.com/wexec/wexec/cmd/wexec/internal/trust"
	"github.com/wexec/wexec/host"
)

// need is something that a module may ask for: access to something outside of
// the sandbox, or a weaker sandbox.
type need struct {
	What string `json:"what"`
	// Allow is the flag that allows it.
	Allow string `json:"allow"`
	// Imports are the imports that ask for it, if imports do.
	Imports []string `json:"imports"`
}

// importing lists the needs that imports show, by how the imports' names begin.
// Clocks, random numbers and standard streams are missing: they are never
// refused.
var importing = []struct {
	need
	prefix string
}{
	{need{What: "files", Allow: "--dir HOST::GUEST[:ro]"}, "wasi_snapshot_preview1.path_"},
	{need{What: "environment", Allow: "--env K=V"}, "wasi_snapshot_preview1.environ_get"},
	{need{What: "sockets", Allow: "not supported"}, "wasi_snapshot_preview1.sock_"},
	{unnamed, "wexec/v1.op_start"},
}

// unnamed stands for capabilities that the manifest does not name.
var unnamed = need{What: "capabilities, by name as it runs", Allow: "--allow-http, --kv, --dir, --config or --policy"}

// usesNeeds returns the capabilities that tasks say they use, and that a flag must give.
// said is false if some task does not say it.
func usesNeeds(info host.Info) (found []need, said bool) {
	found = []need{}
	said = true
	for _, t := range info.Tasks {
		said = said && (t.Uses != nil || t.Mode == host.CPU) // cpu tasks can't use any
		for _, name := range t.Uses {
			flag, known := grant.Way(name)
			if !known {
				flag = "a host that has it"
			}
			n := need{What: name, Allow: flag, Imports: []string{}}
			same := func(other need) bool { return other.What == name }
			if flag != "" && !slices.ContainsFunc(found, same) {
				found = append(found, n)
			}
		}
	}
	return found, said
}

// outsideNeeds returns what a module may ask for by its manifest and its imports.
// Whether an import is used is only known when it runs.
func outsideNeeds(info host.Info) []need {
	found, said := usesNeeds(info)
	for _, i := range importing {
		if said && i.need.What == unnamed.What {
			continue
		}
		n := i.need
		for _, name := range info.Imports {
			if strings.HasPrefix(name, i.prefix) {
				n.Imports = append(n.Imports, name[strings.Index(name, ".")+1:])
			}
		}
		if len(n.Imports) > 0 {
			slices.Sort(n.Imports)
			found = append(found, n)
		}
	}
	if info.Style == host.Script && !said { // it has no imports that would show it
		n := unnamed
		n.Imports = []string{}
		found = append(found, n)
	}
	return found
}

// trustNeeds returns the trust without which a module is refused.
func trustNeeds(info host.Info) (found []need) {
	for _, word := range trust.Words(info.Needs) {
		what := strings.ReplaceAll(word, "-", " ")
		found = append(found, need{What: what, Allow: "--trust " + word, Imports: []string{}})
	}
	return found
}
