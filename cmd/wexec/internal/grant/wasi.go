package grant

import (
	"math"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wexec/wexec/cmd/wexec/internal/exit"
	"github.com/wexec/wexec/cmd/wexec/internal/quantity"
	"github.com/wexec/wexec/host"
)

// systemFlags are the flags that say what system calls see.
type systemFlags struct {
	env  []string
	dirs []string
}

func (s *systemFlags) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringArrayVar(&s.env, "env", nil,
		"a variable `K=V` of its environment, or K with the value that it has here; may be repeated")
	f.StringArrayVar(&s.dirs, "dir", nil,
		"a folder to mount, `HOST[::GUEST][:ro][:max=SIZE]`: to read only, or to hold at most SIZE "+
			"(default 1GiB more than is there, 0 for no limit); may be repeated")
	cmd.MarkFlagDirname("dir")
}

// wasi checks the flags, and returns what system calls see.
func (s *systemFlags) wasi() (*host.WASI, error) {
	w := &host.WASI{Devices: true}
	for _, variable := range s.env {
		kv, err := parseVariable(variable)
		if err != nil {
			return nil, err
		}
		w.Env = append(w.Env, kv)
	}
	for _, dir := range s.dirs {
		mount, err := parseMount(dir)
		if err != nil {
			return nil, err
		}
		w.Mounts = append(w.Mounts, mount)
	}
	return w, nil
}

// parseVariable reads K=V, or K, which has its value in the environment.
func parseVariable(s string) (string, error) {
	key, _, hasValue := strings.Cut(s, "=")
	if key == "" {
		return "", exit.Usagef("--env %s: want K=V, or K to pass on the value that it has here", s)
	}
	if hasValue {
		return s, nil
	}
	value, ok := os.LookupEnv(key)
	if !ok {
		return "", exit.Usagef("--env %s: it is not set here; --env %s=VALUE gives it a value", key, key)
	}
	return key + "=" + value, nil
}

// parseMount reads HOST[::GUEST][:ro][:max=SIZE], where HOST is a folder.
func parseMount(s string) (host.Mount, error) {
	from, to, named := strings.Cut(s, "::")
	if !named {
		return parseFolder(s)
	}
	to, endings, limited := strings.Cut(to, ":")
	if from == "" || to == "" {
		return host.Mount{}, exit.Usagef("--dir %s: want HOST, HOST::GUEST or HOST::GUEST:ro, like .::/work:ro", s)
	}
	m := host.Mount{Host: from, Guest: to}
	if limited && !parseEndings(&m, endings) {
		folder := from + "::" + to
		return host.Mount{}, exit.Usagef("--dir %s: it can't end in :%s; want %s:ro to let it read, "+
			"%s to let it write too, %s:max=100MiB to let it write so much", s, endings, folder, folder, folder)
	}
	if !isFolder(from) {
		return host.Mount{}, exit.Usagef("--dir %s: there is no folder %s", s, from)
	}
	return m, nil
}

// parseFolder reads HOST[:ro][:max=SIZE]. A guest finds the folder by the same path as
// the command: its working directory is /, so a relative path begins there.
func parseFolder(s string) (host.Mount, error) {
	from, endings := s, ""
	var m host.Mount
	for at := strings.LastIndexByte(from, ':'); at >= 0; at = strings.LastIndexByte(from, ':') {
		next := strings.TrimSuffix(from[at+1:]+":"+endings, ":")
		if !parseEndings(&host.Mount{}, next) {
			break
		}
		from, endings = from[:at], next
	}
	if endings != "" {
		parseEndings(&m, endings)
	}
	m.Host, m.Guest = from, path.Join("/", filepath.ToSlash(from))
	switch {
	case !isFolder(from):
		return host.Mount{}, exit.Usagef("--dir %s: there is no folder %s; want HOST, HOST::GUEST or HOST::GUEST:ro, "+
			"like .::/work:ro", s, from)
	case filepath.VolumeName(from) != "", !filepath.IsAbs(from) && !filepath.IsLocal(from):
		return host.Mount{}, exit.Usagef("--dir %s: say where the task sees it, like %s::/work", s, from)
	}
	return m, nil
}

// parseEndings reads ro and max=SIZE, each at most once, and reports whether it is no
// more than that.
func parseEndings(m *host.Mount, endings string) bool {
	seen := map[string]bool{}
	for ending := range strings.SplitSeq(endings, ":") {
		name, size, isMax := strings.Cut(ending, "=")
		most := quantity.Value{Units: quantity.Memory}
		switch {
		case seen[name]:
			return false
		case ending == "ro":
			m.ReadOnly = true
		case name != "max" || !isMax || most.Set(size) != nil || most.N > math.MaxInt64:
			return false
		case most.N == 0:
			m.Quota = host.Quota{Bytes: host.NoLimit, Files: host.NoLimit}
		default:
			m.Quota.Bytes = int64(most.N)
		}
		seen[name] = true
	}
	return true
}

func isFolder(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
}
