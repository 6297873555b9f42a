package grant

import (
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wexec/wexec/cmd/wexec/internal/exit"
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
	f.StringArrayVar(&s.dirs, "dir", nil, "a folder to mount, `HOST[::GUEST][:ro]`; may be repeated")
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

// parseMount reads HOST[::GUEST][:ro], where HOST is a folder.
func parseMount(s string) (host.Mount, error) {
	from, to, named := strings.Cut(s, "::")
	if !named {
		return parseFolder(s)
	}
	to, access, limited := strings.Cut(to, ":")
	if from == "" || to == "" {
		return host.Mount{}, exit.Usagef("--dir %s: want HOST, HOST::GUEST or HOST::GUEST:ro, like .::/work:ro", s)
	}
	if limited && access != "ro" {
		folder := from + "::" + to
		return host.Mount{}, exit.Usagef("--dir %s: it can't end in :%s; want %s:ro to let it read, %s to let it write too",
			s, access, folder, folder)
	}
	if !isFolder(from) {
		return host.Mount{}, exit.Usagef("--dir %s: there is no folder %s", s, from)
	}
	return host.Mount{Host: from, Guest: to, ReadOnly: limited}, nil
}

// parseFolder reads HOST[:ro]. A guest finds the folder by the same path as the
// command: its working directory is /, so a relative path begins there.
func parseFolder(s string) (host.Mount, error) {
	from, limited := strings.CutSuffix(s, ":ro")
	switch {
	case !isFolder(from):
		return host.Mount{}, exit.Usagef("--dir %s: there is no folder %s; want HOST, HOST::GUEST or HOST::GUEST:ro, "+
			"like .::/work:ro", s, from)
	case filepath.VolumeName(from) != "", !filepath.IsAbs(from) && !filepath.IsLocal(from):
		return host.Mount{}, exit.Usagef("--dir %s: say where the task sees it, like %s::/work", s, from)
	}
	return host.Mount{Host: from, Guest: path.Join("/", filepath.ToSlash(from)), ReadOnly: limited}, nil
}

func isFolder(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
}
