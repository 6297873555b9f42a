// Package grant has the flags by which a command gives modules something of the
// outside world, and keeps a record of what they do with it.
package grant

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wexec/wexec/cmd/wexec/internal/exit"
	"github.com/wexec/wexec/host"
	"github.com/wexec/wexec/host/capability"
	"github.com/wexec/wexec/host/capability/config"
	"github.com/wexec/wexec/host/capability/files"
	"github.com/wexec/wexec/host/capability/http"
	"github.com/wexec/wexec/host/capability/kv"
	"github.com/wexec/wexec/host/capability/system"
	"github.com/wexec/wexec/host/policy"
)

// Flags are the flags of a command.
type Flags struct {
	policy    string
	allowHTTP []string
	secrets   []string
	config    []string
	kv        string
	audit     string
	system    systemFlags
}

// Add adds the flags to a command.
func (g *Flags) Add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&g.policy, "policy", "",
		"a `FILE` in TOML that says what each module may use, in place of --allow-http, --secret, --config and --kv")
	f.StringArrayVar(&g.allowHTTP, "allow-http", nil,
		"a `HOST`, HOST:PORT or *.HOST that it may reach by HTTP, or more exactly "+
			"[METHOD ][SCHEME://]HOST[:PORT][/PATH]; may be repeated")
	f.StringArrayVar(&g.secrets, "secret", nil,
		"`NAME@HOST`: the variable NAME has a header, authorization, that it may send to HOST and not see, "+
			"or more exactly "+secretForm+"; may be repeated")
	f.StringArrayVar(&g.config, "config", nil, "a value `K=V` that it may ask for (config.get); may be repeated")
	f.StringVar(&g.kv, "kv", "",
		"a `FILE` in which it may keep keys and values (kv.get, kv.put …); it is made if there is none")
	f.StringVar(&g.audit, "audit", "", "append a line of JSON to `FILE` for each use of a capability")
	g.system.add(cmd)
}

// Given is what the flags give. Close frees it after the host is closed.
type Given struct {
	WASI *host.WASI // what system calls see

	capabilities []capability.Capability // until a host owns them
	audit        io.WriteCloser          // may be nil
}

// Open checks the flags, and opens what they name.
func (g *Flags) Open() (*Given, error) {
	given := &Given{}
	for _, open := range []func(*Given) error{g.openSystem, g.openCapabilities, g.openAudit} {
		if err := open(given); err != nil {
			return nil, errors.Join(err, given.Close())
		}
	}
	return given, nil
}

func (g *Flags) openSystem(given *Given) (err error) {
	given.WASI, err = g.system.wasi()
	return err
}

// openCapabilities opens those of the policy, or else those of the flags.
func (g *Flags) openCapabilities(given *Given) error {
	if g.policy != "" {
		if len(g.allowHTTP)+len(g.secrets)+len(g.config)+len(g.kv) > 0 {
			return exit.Usagef("--policy takes the place of --allow-http, --secret, --config and --kv: " +
				"write in the file what they say")
		}
		p, err := policy.Load(g.policy)
		if err != nil {
			return exit.Usagef("--policy: %w", err)
		}
		given.give(p)
		return nil
	}
	given.give(system.System{})
	for _, open := range []func(*Given) error{g.openHTTP, g.openConfig, g.openKV, g.openFiles} {
		if err := open(given); err != nil {
			return err
		}
	}
	return nil
}

func (g *Given) give(c capability.Capability) { g.capabilities = append(g.capabilities, c) }

func (g *Flags) openHTTP(given *Given) error {
	if err := (&http.Client{Allow: g.allowHTTP}).Check(); err != nil {
		return exit.Usagef("--allow-http: %w", err)
	}
	secrets, err := parseSecrets(g.secrets)
	if err != nil {
		return err
	}
	client := &http.Client{Allow: g.allowHTTP, Secrets: secrets}
	if err := client.Check(); err != nil {
		return exit.Usagef("--secret: %w", err)
	}
	given.give(client)
	return nil
}

func (g *Flags) openConfig(given *Given) error {
	values := config.Values{}
	for _, kv := range g.config {
		key, value, ok := strings.Cut(kv, "=")
		if !ok || key == "" {
			return exit.Usagef("--config %s: want K=V", kv)
		}
		values[key] = value
	}
	if len(values) > 0 {
		given.give(values)
	}
	return nil
}

func (g *Flags) openKV(given *Given) error {
	if g.kv == "" {
		return nil
	}
	store, err := kv.Open(g.kv, kv.Limits{})
	if err != nil {
		return exit.Usagef("--kv: %w", err)
	}
	given.give(store)
	return nil
}

// openFiles gives the folders of --dir to guests that have no WASI.
func (g *Flags) openFiles(given *Given) error {
	if len(given.WASI.Mounts) == 0 {
		return nil
	}
	folders, err := files.Open(given.WASI.Mounts...)
	if err != nil {
		return exit.Usagef("--dir: %w", err)
	}
	given.give(folders)
	return nil
}

func (g *Flags) openAudit(given *Given) error {
	if g.audit == "" {
		return nil
	}
	file, err := os.OpenFile(g.audit, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return exit.Usagef("--audit: %w", err)
	}
	given.audit = file
	return nil
}

// Configure adds what is given to the configuration of a host, which then owns the
// capabilities.
func (g *Given) Configure(c *host.Config) {
	c.Capabilities = append(c.Capabilities, g.capabilities...)
	g.capabilities = nil
	if g.audit != nil {
		c.Audit = g.audit
	}
}

// Close closes the audit, and the capabilities unless a host owns them.
func (g *Given) Close() error {
	var errs []error
	for _, c := range g.capabilities {
		errs = append(errs, c.Close())
	}
	if g.audit != nil {
		if err := g.audit.Close(); err != nil {
			errs = append(errs, fmt.Errorf("--audit: %w", err))
		}
	}
	return errors.Join(errs...)
}
