package http_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	nethttp "net/http"
	"net/http/httptest"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host/capability/http"
)

// A guest names a secret, and the host sends it.
func ExampleSecret() {
	server := httptest.NewServer(nethttp.HandlerFunc(func(w nethttp.ResponseWriter, r *nethttp.Request) {
		w.Header()["Date"] = nil
		fmt.Fprintln(w, r.URL.Path, r.Header.Get("Authorization") == "Bearer 4711")
	}))
	defer server.Close()

	c := &http.Client{
		Allow:   []string{server.URL},
		Secrets: map[string]http.Secret{"api": {Value: "Bearer 4711", For: []string{"GET " + server.URL + "/v1"}}},
	}
	defer c.Close()
	for _, path := range []string{"/v1/users", "/login"} {
		answer, err := c.Fetch(context.Background(),
			[]byte(`{"url":"`+server.URL+path+`","secrets":{"authorization":"api"}}`))
		_, body := abi.SplitMessage(answer)
		var denied *http.DeniedError
		fmt.Printf("%s %v\n", bytes.TrimSpace(body), errors.As(err, &denied))
	}
	fmt.Println(c.Secrets)
	// Output:
	// /v1/users true false
	//  true
	// map[api:(secret)]
}

func Example() {
	server := httptest.NewServer(nethttp.HandlerFunc(func(w nethttp.ResponseWriter, r *nethttp.Request) {
		w.Header()["Date"] = nil
		fmt.Fprintln(w, "hello, guest")
	}))
	defer server.Close()

	c := &http.Client{Allow: []string{server.Listener.Addr().String()}}
	if err := c.Check(); err != nil {
		panic(err)
	}
	defer c.Close()

	answer, err := c.Fetch(context.Background(), []byte(`{"url":"`+server.URL+`"}`))
	if err != nil {
		panic(err)
	}
	head, body := abi.SplitMessage(answer)
	fmt.Printf("%s\n%s", head, body)

	_, err = c.Fetch(context.Background(), []byte(`{"url":"https://example.com"}`))
	var denied *http.DeniedError
	fmt.Println(errors.As(err, &denied))
	fmt.Println(err)
	// Output:
	// {"status":200,"headers":{"content-length":"13","content-type":"text/plain; charset=utf-8"}}
	// hello, guest
	// true
	// http: example.com:443 is not on the allow-list: add "example.com" to http.Client.Allow
}
