package host_test

import (
	"fmt"
	"io"
	nethttp "net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/wexec/wexec/host"
	"github.com/wexec/wexec/host/capability"
	"github.com/wexec/wexec/host/capability/config"
	"github.com/wexec/wexec/host/capability/http"
	"github.com/wexec/wexec/host/hosttest"
)

// web returns the configuration of a host that may reach a server, and the server's URL.
func web(t *testing.T) (host.Config, string) {
	t.Helper()
	server := httptest.NewServer(nethttp.HandlerFunc(func(w nethttp.ResponseWriter, r *nethttp.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("X-Method", r.Method)
		w.Header().Set("X-Type", r.Header.Get("Content-Type"))
		switch r.URL.Path {
		case "/missing":
			w.WriteHeader(nethttp.StatusNotFound)
		case "/hang":
			<-r.Context().Done()
		}
		fmt.Fprintf(w, `{"path": %q, "body": %q}`, r.URL.RequestURI(), body)
	}))
	t.Cleanup(server.Close)
	return host.Config{Capabilities: []capability.Capability{
		&http.Client{Allow: []string{server.Listener.Addr().String()}}, config.Values{"color": "red"},
	}}, server.URL
}

// TestScriptWeb runs the exported functions of testdata/web.js, which check what a script
// has of the web's API. They throw if something is wrong.
func TestScriptWeb(t *testing.T) {
	text, err := os.ReadFile("testdata/web.js")
	if err != nil {
		t.Fatal(err)
	}
	cfg, url := web(t)
	var log hosttest.Log
	cfg.Logger = log.Logger()
	m := javascript(t, cfg, string(text))
	for _, task := range m.Tasks() {
		if task.Program {
			continue
		}
		t.Run(task.Name, func(t *testing.T) {
			if got := callText(t, m, task.Name, fmt.Sprintf("%q", url)); got != "" {
				t.Error(got)
			}
		})
	}
	for _, want := range []string{"level=INFO msg=\"a {n: 1}\"", "level=WARN msg=careful", "level=ERROR msg=bad"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("%s is not in the log:\n%s", want, &log)
		}
	}
}
