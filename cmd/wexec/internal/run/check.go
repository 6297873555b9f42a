package run

import (
	"os"
	"strings"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/cmd/wexec/internal/exit"
	"github.com/wexec/wexec/cmd/wexec/internal/trust"
	"github.com/wexec/wexec/host"
)

// given has the values of the flags that need parsing.
type given struct {
	wasi  host.WASI    // by --env and --dir
	trust host.Options // by --trust
}

// check checks the flags, and parses those that need it.
func (o *options) check() (g given, err error) {
	if o.timeout < 0 {
		return g, exit.Usagef("--timeout %v: want a time, or 0 for no limit", o.timeout)
	}
	if o.mode != "" {
		if _, err := abi.ParseMode(o.mode); err != nil {
			return g, exit.Usagef("--mode: %w", err)
		}
	}
	if g.trust, err = trust.Options(o.trust); err != nil {
		return g, err
	}
	if o.hasFuel && g.trust.Safepoints == host.Off {
		return g, exit.Usagef("--fuel %v: with --trust no-safepoints no fuel is counted", &o.fuel)
	}
	for _, kv := range o.env {
		if key, _, ok := strings.Cut(kv, "="); !ok || key == "" {
			return g, exit.Usagef("--env %s: want K=V", kv)
		}
	}
	g.wasi.Env, g.wasi.Devices = o.env, true
	for _, dir := range o.dirs {
		mount, err := parseMount(dir)
		if err != nil {
			return g, err
		}
		g.wasi.Mounts = append(g.wasi.Mounts, mount)
	}
	return g, nil
}

// parseMount reads HOST::GUEST[:ro], where HOST is a folder.
func parseMount(s string) (host.Mount, error) {
	from, to, ok := strings.Cut(s, "::")
	to, access, limited := strings.Cut(to, ":")
	if !ok || from == "" || to == "" {
		return host.Mount{}, exit.Usagef("--dir %s: want HOST::GUEST or HOST::GUEST:ro, like .::/work:ro", s)
	}
	if limited && access != "ro" {
		folder := from + "::" + to
		return host.Mount{}, exit.Usagef("--dir %s: it can't end in :%s; want %s:ro to let it read, %s to let it write too",
			s, access, folder, folder)
	}
	if info, err := os.Stat(from); err != nil || !info.IsDir() {
		return host.Mount{}, exit.Usagef("--dir %s: there is no folder %s", s, from)
	}
	return host.Mount{Host: from, Guest: to, ReadOnly: limited}, nil
}
