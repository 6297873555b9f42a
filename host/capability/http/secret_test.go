package http

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host/capability"
)

const hidden = "Bearer hidden-4711"

// echo is a server that keeps what it is shown of a secret, and redirects to ?to=.
func echo(t *testing.T) (addr string, seen func() []string) {
	var mu sync.Mutex
	var all []string
	addr = serve(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		all = append(all, r.URL.Path+" "+r.Header.Get("Authorization")+r.Header.Get("X-Api-Key"))
		mu.Unlock()
		if to := r.URL.Query().Get("to"); to != "" {
			w.Header().Set("Location", to)
			w.WriteHeader(http.StatusTemporaryRedirect)
		}
		io.WriteString(w, "fine")
	})
	return addr, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return all
	}
}

func withSecret(url, header, name string) []byte {
	arg, _ := json.Marshal(map[string]any{"url": url, "secrets": map[string]string{header: name}})
	return arg
}

func TestSecret(t *testing.T) {
	addr, seen := echo(t)
	c := newClient(t, nil, addr)
	c.Secrets = map[string]Secret{
		"token": {Value: hidden, For: []string{"http://" + addr + "/api"}},
		"key":   {Value: hidden, Header: "x-api-key", For: []string{"GET http://" + addr}},
	}
	for _, arg := range [][]byte{
		withSecret("http://"+addr+"/api/a", "Authorization", "token"),
		withSecret("http://"+addr+"/b", "x-api-key", "key"),
	} {
		u := &capability.Use{Op: abi.CapFetch, Arg: arg}
		answer, err := c.fetch(t.Context(), "", u)
		if err != nil || strings.Contains(string(answer)+u.Detail, hidden) {
			t.Errorf("%s, %q, %v", answer, u.Detail, err)
		}
	}
	if got, want := fmt.Sprint(seen()), fmt.Sprintf("[/api/a %s /b %s]", hidden, hidden); got != want {
		t.Errorf("the server saw %s, want %s", got, want)
	}
}

// TestSecretRefused: what a guest may try to have a secret sent elsewhere, or shown.
func TestSecretRefused(t *testing.T) {
	addr, seen := echo(t)
	c := newClient(t, map[string][]string{"api.example": {"127.0.0.1"}}, addr, "api.example", onPort("localhost", addr))
	c.Secrets = map[string]Secret{"token": {Value: hidden, For: []string{"GET http://" + addr + "/api", "api.example"}}}
	refused := func(arg []byte, check func(testing.TB, error, string), text string) {
		t.Helper()
		_, err := c.Fetch(t.Context(), arg)
		if check(t, err, text); err != nil && strings.Contains(err.Error(), hidden) {
			t.Errorf("the error shows the secret: %v", err)
		}
	}
	other := "http://" + onPort("localhost", addr)
	refused(withSecret(other+"/api", "authorization", "token"), wantDenied, `may not get the secret "token"`)
	refused(withSecret("http://"+addr+"/", "authorization", "token"), wantDenied, `may not get the secret "token"`)
	refused(withSecret("http://"+addr+"/api/../x", "authorization", "token"), wantDenied, `may not get`)
	refused(withSecret("http://api.example/", "authorization", "token"), wantDenied, `may not get`) // in plain text
	refused(withSecret("http://"+addr+"/api", "x-request-id", "token"), wantDenied, "only in the header authorization")
	refused(withSecret("http://"+addr+"/api", "host", "token"), wantDenied, "only in the header authorization")
	refused(withSecret("http://"+addr+"/api", "authorization", "tok"), wantBadRequest, `no secret "tok"`)
	refused([]byte(`{"url":"http://`+addr+`/api","headers":{"authorization":"x"},"secrets":{"Authorization":"token"}}`),
		wantBadRequest, "given twice")
	refused([]byte(`{"url":"http://`+addr+`/api","secrets":{"authorization":"token","Authorization":"token"}}`),
		wantBadRequest, "given twice")
	refused([]byte(`{"method":"POST","url":"http://`+addr+`/api","secrets":{"authorization":"token"}}`),
		wantDenied, "with POST /api")
	refused(withSecret("http://"+hidden+"@"+addr, "authorization", "token"), wantBadRequest, "")
	if len(seen()) > 0 {
		t.Errorf("the server saw %s", seen())
	}
}

// TestSecretInRedirects: a redirect takes a secret only where it may go, and one that
// was lost on the way does not come back.
func TestSecretInRedirects(t *testing.T) {
	addr, seen := echo(t)
	api, elsewhere := "http://"+addr, "http://"+onPort("localhost", addr)
	c := newClient(t, nil, addr, onPort("localhost", addr))
	c.Secrets = map[string]Secret{"key": {Value: hidden, Header: "X-Api-Key", For: []string{api + "/api"}}}
	for to, want := range map[string][]string{
		api + "/api/b":                           {"/api/b " + hidden},
		"/api/b":                                 {"/api/b " + hidden},
		elsewhere + "/api/b":                     {"/api/b "},
		api + "/public":                          {"/public "},
		elsewhere + "/c?to=" + api + "/api/back": {"/c ", "/api/back "},
	} {
		before := len(seen())
		if _, err := c.Fetch(t.Context(), withSecret(api+"/api/a?to="+to, "x-api-key", "key")); err != nil {
			t.Error(err)
			continue
		}
		if got := seen()[before+1:]; fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("to %s: seen %q, want %q", to, got, want)
		}
	}
}

// TestSecretIsNotShown: neither errors of each kind, nor printing and logging the
// configuration show a secret.
func TestSecretIsNotShown(t *testing.T) {
	reset := serve(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	start := redirector(t)
	secret := Secret{Value: hidden, For: []string{"http://" + reset, "http://" + start, "https://" + reset}}
	c := newClient(t, nil, reset, start)
	c.Secrets = map[string]Secret{"token": secret}
	for _, url := range []string{
		"http://" + reset, "https://" + reset, "http://" + start + "/?to=http://denied.example",
		"http://" + start + "/?to=http://%25%25", "http://" + start + "/?to=/%3Fto=ftp://x",
	} {
		_, err := c.Fetch(t.Context(), withSecret(url, "authorization", "token"))
		if err == nil || strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, err), "hidden") {
			t.Errorf("%s: %v", url, err)
		}
	}
	var log strings.Builder
	for _, handler := range []slog.Handler{slog.NewTextHandler(&log, nil), slog.NewJSONHandler(&log, nil)} {
		slog.New(handler).Info("configured", "secret", secret, "all", c.Secrets, "client", c)
	}
	encoded, err := json.Marshal(c.Secrets)
	if err != nil {
		t.Error(err)
	}
	shown := fmt.Sprintf("%v %+v %#v %s %q %v %+v %#v", secret, secret, &secret, secret, secret, c, c, c)
	if shown += log.String() + string(encoded); strings.Contains(shown, "hidden") {
		t.Errorf("the secret is shown: %s", shown)
	}
}

func TestSecretsAreChecked(t *testing.T) {
	ok := []string{"https://example.com"}
	for text, s := range map[string]Secret{
		"no value":            {For: ok},
		"no entry":            {Value: "x"},
		"control character":   {Value: hidden + "\r\nX: y", For: ok},
		"ends with a space":   {Value: hidden + " ", For: ok},
		"is not the guest's":  {Value: hidden, Header: "host", For: ok},
		"is not one":          {Value: hidden, Header: "a b", For: ok},
		"log in a connection": {Value: "NTLM hidden", For: ok},
		"http or https":       {Value: hidden, For: []string{"ftp://example.com"}},
		"more than":           {Value: strings.Repeat("hidden", maxHeaderBytes), For: ok},
	} {
		err := (&Client{Secrets: map[string]Secret{"a": s}}).Check()
		if err == nil || !strings.Contains(err.Error(), text) || strings.Contains(err.Error(), "hidden") {
			t.Errorf("%s: got %v", text, err)
		}
	}
}

// A guest can't log in a connection that other guests use after it.
func TestConnectionLogins(t *testing.T) {
	var c Client
	for _, value := range []string{"NTLM abc", "negotiate abc", " Negotiate", "ntlm"} {
		_, err := c.Fetch(t.Context(), []byte(`{"url":"http://a","headers":{"Authorization":"`+value+`"}}`))
		wantBadRequest(t, err, "others share")
	}
}
