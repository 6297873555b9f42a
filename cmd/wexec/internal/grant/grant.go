// Package grant has the flags by which a command gives modules something of the
// outside world, and keeps a record of what they do with it.
package grant

import (
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
	"github.com/wexec/wexec/host/capability/system"
)

// Flags are the flags of a command.
type Flags struct {
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
	f.StringArrayVar(&g.allowHTTP, "allow-http", nil,
		"a `HOST`, HOST:PORT or *.HOST that it may reach by HTTP, or more exactly "+
			"[METHOD ][SCHEME://]HOST[:PORT][/PATH]; may be repeated")
	f.StringArrayVar(&g.secrets, "secret", nil,
		"`NAME@HOST`: the variable NAME has a header, authorization, that it may send to HOST and not see, "+
			"or more exactly "+secretForm+"; may be repeated")
	f.StringArrayVar(&g.config, "config", nil, "a value `K=V` that it may ask for (config.get); may be repeated")
	f.StringVar(&g.kv, "kv", "", kvUsage)
	f.StringVar(&g.audit, "audit", "", "append a line of JSON to `FILE` for each use of a capability")
	g.system.add(cmd)
}

// Given is what the flags give. Close frees it after the host is closed.
type Given struct {
	WASI *host.WASI // what system calls see

	capabilities []capability.Capability
	audit        io.WriteCloser // may be nil
}

// Open checks the flags, and opens what they name.
func (g *Flags) Open() (*Given, error) {
	client := &http.Client{Allow: g.allowHTTP}
	if err := client.Check(); err != nil {
		return nil, exit.Usagef("--allow-http: %w", err)
	}
	secrets, err := parseSecrets(g.secrets)
	if err != nil {
		return nil, err
	}
	client = &http.Client{Allow: g.allowHTTP, Secrets: secrets}
	if err := client.Check(); err != nil {
		return nil, exit.Usagef("--secret: %w", err)
	}
	wasi, err := g.system.wasi()
	if err != nil {
		return nil, err
	}
	given := &Given{WASI: wasi, capabilities: []capability.Capability{client, system.System{}}}
	values := config.Values{}
	for _, kv := range g.config {
		key, value, ok := strings.Cut(kv, "=")
		if !ok || key == "" {
			return nil, exit.Usagef("--config %s: want K=V", kv)
		}
		values[key] = value
	}
	if len(values) > 0 {
		given.capabilities = append(given.capabilities, values)
	}
	store, err := g.openKV()
	if err != nil {
		return nil, err
	}
	given.capabilities = append(given.capabilities, store...)
	if len(wasi.Mounts) > 0 {
		folders, err := files.Open(wasi.Mounts...)
		if err != nil {
			return nil, exit.Usagef("--dir: %w", err)
		}
		given.capabilities = append(given.capabilities, folders)
	}
	if g.audit != "" {
		file, err := os.OpenFile(g.audit, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			return nil, exit.Usagef("--audit: %w", err)
		}
		given.audit = file
	}
	return given, nil
}

// Configure adds what is given to the configuration of a host, which then owns the
// capabilities.
func (g *Given) Configure(c *host.Config) {
	c.Capabilities = append(c.Capabilities, g.capabilities...)
	if g.audit != nil {
		c.Audit = g.audit
	}
}

// Close closes the audit.
func (g *Given) Close() error {
	if g.audit == nil {
		return nil
	}
	if err := g.audit.Close(); err != nil {
		return fmt.Errorf("--audit: %w", err)
	}
	return nil
}
