package policy

import (
	"cmp"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/wexec/wexec/host/capability"
	"github.com/wexec/wexec/host/capability/config"
	"github.com/wexec/wexec/host/capability/files"
	"github.com/wexec/wexec/host/capability/http"
	"github.com/wexec/wexec/host/capability/kv"
	"github.com/wexec/wexec/host/capability/system"
)

// document is the file as it is written.
type document struct {
	KV *struct {
		File string `toml:"file"`
	} `toml:"kv"`
	Secrets map[string]secret `toml:"secrets"`
	Rule    []ruleText        `toml:"rule"`
}

// secret is a header value that guests name and never see.
type secret struct {
	Env    string   `toml:"env"`
	File   string   `toml:"file"`
	Header string   `toml:"header"`
	For    []string `toml:"for"`
}

type ruleText struct {
	match
	HTTP   *httpText         `toml:"http"`
	KV     *kvText           `toml:"kv"`
	Files  []folderText      `toml:"files"`
	Config map[string]string `toml:"config"`
}

// httpText has the fields of http.Client that a rule may set.
type httpText struct {
	Allow         []string `toml:"allow"`
	Secrets       []string `toml:"secrets"`
	MaxRequest    size     `toml:"max_request"`
	MaxResponse   size     `toml:"max_response"`
	MaxStream     size     `toml:"max_stream"`
	MaxConcurrent int      `toml:"max_concurrent"`
	Rate          int      `toml:"rate"`
	Retries       int      `toml:"retries"`
	Timeout       span     `toml:"timeout"`
	StreamTimeout span     `toml:"stream_timeout"`
	StreamIdle    span     `toml:"stream_idle"`
}

// kvText has the fields of kv.Limits.
type kvText struct {
	Bytes size  `toml:"bytes"`
	Keys  int64 `toml:"keys"`
	Key   size  `toml:"key"`
	Value size  `toml:"value"`
}

// folderText is a capability.Mount.
type folderText struct {
	Host     string `toml:"host"`
	Guest    string `toml:"guest"`
	ReadOnly bool   `toml:"read_only"`
	Bytes    size   `toml:"bytes"`
	Files    int64  `toml:"files"`
}

// readSecrets returns the secrets with their values.
func (d *document) readSecrets(dir string) (map[string]http.Secret, error) {
	secrets := map[string]http.Secret{}
	for name, s := range d.Secrets {
		value, err := s.read(dir)
		if err != nil {
			return nil, fmt.Errorf("secrets.%s: %w", name, err)
		}
		secrets[name] = http.Secret{Value: value, Header: s.Header, For: s.For}
	}
	return secrets, nil
}

func (s *secret) read(dir string) (string, error) {
	switch {
	case (s.Env == "") == (s.File == ""):
		return "", errors.New("want one of env, a variable of the environment, and file")
	case s.Env != "":
		value, ok := os.LookupEnv(s.Env)
		if !ok {
			return "", fmt.Errorf("the environment has no variable %s", s.Env)
		}
		return value, nil
	}
	text, err := os.ReadFile(under(dir, s.File))
	return strings.TrimRight(string(text), "\r\n"), err
}

// open makes the capabilities that a rule grants. The caller closes them, also after an
// error.
func (r *ruleText) open(dir string, store *kv.Store, secrets map[string]http.Secret) ([]capability.Capability, error) {
	if digest, err := hex.DecodeString(r.Digest); r.Digest != "" && (err != nil || len(digest) != 32) {
		return nil, fmt.Errorf("digest %q: want a SHA-256, in 64 hexadecimal digits", r.Digest)
	}
	r.Digest = strings.ToLower(r.Digest)
	grants := []capability.Capability{system.System{}}
	if r.HTTP != nil {
		client, err := r.HTTP.client(secrets)
		if err != nil {
			return grants, err
		}
		grants = append(grants, client)
	}
	if r.KV != nil {
		if store == nil {
			return grants, errors.New("it has a section kv, but the file has none that names the store: [kv] file = …")
		}
		limited, err := store.Limited(kv.Limits{
			Bytes: int64(r.KV.Bytes), Keys: r.KV.Keys, Key: int(r.KV.Key), Value: int(r.KV.Value),
		})
		if err != nil {
			return grants, err
		}
		grants = append(grants, limited)
	}
	if len(r.Files) > 0 {
		mounts := make([]capability.Mount, len(r.Files))
		for i, f := range r.Files {
			mounts[i] = capability.Mount{
				Host: under(dir, f.Host), Guest: cmp.Or(f.Guest, "/"), ReadOnly: f.ReadOnly,
				Quota: capability.Quota{Bytes: int64(f.Bytes), Files: f.Files},
			}
		}
		folders, err := files.Open(mounts...)
		if err != nil {
			return grants, err
		}
		grants = append(grants, folders)
	}
	if r.Config != nil {
		grants = append(grants, config.Values(r.Config))
	}
	return grants, nil
}

func (h *httpText) client(secrets map[string]http.Secret) (*http.Client, error) {
	c := &http.Client{
		Allow: h.Allow, MaxRequestBytes: int64(h.MaxRequest), MaxResponseBytes: int64(h.MaxResponse),
		MaxStreamBytes: int64(h.MaxStream), MaxConcurrent: h.MaxConcurrent, Rate: h.Rate, Retries: h.Retries,
		Timeout: time.Duration(h.Timeout), StreamTimeout: time.Duration(h.StreamTimeout),
		StreamIdle: time.Duration(h.StreamIdle), Secrets: map[string]http.Secret{},
	}
	for _, name := range h.Secrets {
		s, ok := secrets[name]
		if !ok {
			return nil, fmt.Errorf("http.secrets: there is no secret %q: add [secrets.%s]", name, name)
		}
		c.Secrets[name] = s
	}
	return c, c.Check()
}

// size is a number of bytes, such as 4096 or "10MiB".
type size int64

// units are those of sizes.
var units = map[string]float64{"": 1, "B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40}

// UnmarshalTOML implements toml.Unmarshaler.
func (s *size) UnmarshalTOML(value any) error {
	switch v := value.(type) {
	case int64:
		*s = size(v)
		return nil
	case string:
		digits := strings.TrimRight(v, "BGKMTi")
		n, err := strconv.ParseFloat(strings.TrimSpace(digits), 64)
		unit, known := units[v[len(digits):]]
		if err == nil && known && n >= 0 && n*unit < math.MaxInt64 {
			*s = size(n * unit)
			return nil
		}
	}
	return fmt.Errorf(`%v: want a number of bytes, such as 4096 or "10MiB"`, value)
}

// span is a time, such as "10s".
type span time.Duration

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *span) UnmarshalText(text []byte) error {
	d, err := time.ParseDuration(string(text))
	if err != nil || d < 0 {
		return fmt.Errorf(`%q: want a time, such as "10s"`, text)
	}
	*s = span(d)
	return nil
}
