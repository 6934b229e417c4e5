package bucket

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// server answers what a test says, by method and path with query, and records what it was asked.
type server struct {
	url     string
	mu      sync.Mutex
	asked   []string
	bodies  map[string]string
	headers map[string]http.Header
	answers map[string]answer
}

type answer struct {
	status int
	body   string
	header map[string]string
}

func newServer(t *testing.T, answers map[string]answer) *server {
	t.Helper()
	s := &server{answers: answers, bodies: map[string]string{}, headers: map[string]http.Header{}}
	listening := httptest.NewServer(s)
	t.Cleanup(listening.Close)
	s.url = listening.URL
	return s
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	body, _ := io.ReadAll(r.Body)
	key := r.Method + " " + r.URL.RequestURI()
	if r.Header.Get("If-None-Match") != "" {
		key += " if none"
	}
	key = probeName(key)
	for _, next := range []string{" again", " a third time"} {
		if _, ok := s.answers[key+next]; ok && slices.Contains(s.asked, key) && !slices.Contains(s.asked, key+next) {
			key += next
			break
		}
	}
	s.asked = append(s.asked, key)
	s.bodies[key], s.headers[key] = string(body), r.Header
	a, ok := s.answers[key]
	if !ok {
		a = answer{status: http.StatusNotImplemented, body: s3Error("NotImplemented")}
	}
	for name, value := range a.header {
		w.Header().Set(name, value)
	}
	w.WriteHeader(a.status)
	if r.Method != http.MethodHead {
		fmt.Fprint(w, a.body)
	}
}

// probeName gives the probe, whose name is drawn, one name.
func probeName(key string) string {
	before, after, found := strings.Cut(key, probe)
	if !found {
		return key
	}
	_, rest, _ := strings.Cut(after, "?")
	return before + "PROBE?" + rest
}

func (s *server) was(key string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Contains(s.asked, key)
}

func s3Error(code string) string {
	return `<?xml version="1.0" encoding="UTF-8"?><Error><Code>` + code + `</Code><Message>it is so</Message></Error>`
}

// openOn opens a bucket of the server, with credentials from the environment.
func openOn(t *testing.T, kind string, s *server) *Store {
	t.Helper()
	t.Setenv("AWS_ACCESS_KEY_ID", "key")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	t.Setenv("AWS_REGION", "eu-central-1")
	t.Setenv("AWS_MAX_ATTEMPTS", "1")
	t.Setenv("GOOGLE_OAUTH_ACCESS_TOKEN", "token")
	store, err := Open(t.Context(), Address{Kind: kind, Name: "states", Endpoint: s.url, Project: "shop"})
	require.NoError(t, err)
	return store
}

func nothing() error { return nil }
