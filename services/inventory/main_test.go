package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// service is the whole program, running.
type service struct {
	t   *testing.T
	url string
}

// start runs the program on a free port, with a store of its own, until the
// test ends; its end must be clean.
func start(t *testing.T, catalog *fakeCatalog) service {
	t.Helper()
	t.Setenv("CATALOG_URL", catalog.url)
	t.Setenv("SERVER_PORT", "0")
	t.Setenv("LOG_FORMAT", "json")
	t.Setenv("STORE_PATH", filepath.Join(t.TempDir(), "inventory.db"))
	ctx, cancel := context.WithCancel(t.Context())
	reader, writer := io.Pipe()
	done := make(chan error, 1)
	go func() {
		done <- run(ctx, nil, writer, io.Discard)
		_ = writer.Close()
	}()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-done)
	})
	return service{t, "http://127.0.0.1:" + listeningPort(t, reader)}
}

// listeningPort reads the log until the record that tells the port.
func listeningPort(t *testing.T, log io.Reader) string {
	t.Helper()
	decoder := json.NewDecoder(log)
	for {
		var record struct{ Msg, Address string }
		require.NoError(t, decoder.Decode(&record), "the service stopped before it listened")
		if record.Msg == "listening" {
			go func() { _, _ = io.Copy(io.Discard, log) }()
			return record.Address[strings.LastIndex(record.Address, ":")+1:]
		}
	}
}

type answer struct {
	status int
	header http.Header
	body   string
}

func (s service) do(method, path, body string, headers ...string) answer {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, strings.NewReader(body))
	require.NoError(s.t, err)
	request.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	require.NoError(s.t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(s.t, err)
	return answer{response.StatusCode, response.Header, string(text)}
}

func TestServiceAnswersAndIsReady(t *testing.T) {
	s := start(t, newCatalog(t))
	assert.Equal(t, 200, s.do("GET", "/livez", "").status)
	assert.JSONEq(t, `{"status":"ready","checks":{"store":"ok"}}`, s.do("GET", "/readyz", "").body)
	assert.Contains(t, s.do("GET", "/metrics", "").body, `build_info{go_version=`)
}

func TestLevelsComeWithTheirProducts(t *testing.T) {
	catalog := newCatalog(t)
	s := start(t, catalog)
	got := s.do("GET", "/api/stock?limit=2", "")
	require.Equal(t, 200, got.status, got.body)
	assert.Contains(t, got.body, `"sku":"candle-beeswax","quantity":120,"reserved":0`)
	assert.Contains(t, got.body, `"name":"Beeswax candle","price":{"amount":890,"currency":"EUR"}`)
	assert.Contains(t, got.body, `"product":null`, "the catalog does not have the second one")
	assert.NotContains(t, got.body, "degraded")
	assert.EqualValues(t, 1, catalog.asked.Load(), "one question for the whole page")

	var page struct {
		Next string `json:"next_cursor"`
	}
	require.NoError(t, json.Unmarshal([]byte(got.body), &page))
	assert.Contains(t, s.do("GET", "/api/stock?limit=2&cursor="+page.Next, "").body, "lighter-storm")
	assert.Contains(t, s.do("GET", "/api/stock/candle-beeswax", "").body, `"available":120,"product":{"id"`)
}

func TestReadsGoOnWithoutTheCatalogAndWritesSayWhenToTryAgain(t *testing.T) {
	catalog := newCatalog(t)
	s := start(t, catalog)
	catalog.down.Store(true)
	for _, path := range []string{"/api/stock", "/api/stock/candle-beeswax"} {
		got := s.do("GET", path, "")
		require.Equal(t, 200, got.status, got.body)
		assert.Contains(t, got.body, `"product":null,"degraded":true`)
	}
	assert.Equal(t, 200, s.do("GET", "/readyz", "").status)
	for _, write := range []answer{
		s.do("POST", "/api/stock/candle-beeswax/adjustments", `{"delta":1,"reason":"delivery"}`),
		s.do("POST", "/api/stock/candle-beeswax/reservations", `{"quantity":1}`, "Idempotency-Key", "k"),
	} {
		assert.Equal(t, 503, write.status, write.body)
		assert.Equal(t, "5", write.header.Get("Retry-After"))
		assert.Equal(t, "application/problem+json", write.header.Get("Content-Type"))
	}
}

func TestQuantityIsAdjustedWithAReason(t *testing.T) {
	s := start(t, newCatalog(t))
	got := s.do("POST", "/api/stock/candle-beeswax/adjustments", `{"delta":-20,"reason":"broken"}`)
	require.Equal(t, 200, got.status, got.body)
	assert.Contains(t, got.body, `"quantity":100`)
	assert.Contains(t, s.do("GET", "/api/stock/candle-beeswax/adjustments", "").body, `"delta":-20,"reason":"broken"`)
}

func TestReservationIsMadeOnceAndTakenBack(t *testing.T) {
	s := start(t, newCatalog(t))
	reserve := func(quantity string) answer {
		return s.do("POST", "/api/stock/candle-beeswax/reservations", `{"quantity":`+quantity+`}`, "Idempotency-Key", "order-7")
	}
	made := reserve("2")
	require.Equal(t, 201, made.status, made.body)
	again := reserve("2")
	assert.Equal(t, 200, again.status)
	assert.JSONEq(t, made.body, again.body)
	assert.Equal(t, 422, reserve("3").status)
	assert.Contains(t, s.do("GET", "/api/stock/candle-beeswax", "").body, `"available":118`)

	path := made.header.Get("Location")
	assert.JSONEq(t, made.body, s.do("GET", path, "").body)
	assert.Equal(t, 204, s.do("DELETE", path, "").status)
	assert.Equal(t, 404, s.do("DELETE", path, "").status)
	assert.Contains(t, s.do("GET", "/api/stock/candle-beeswax", "").body, `"available":120`)
}

func TestMistakesOfCallersAreExplained(t *testing.T) {
	s := start(t, newCatalog(t))
	cases := []struct {
		name, method, path, body, key string
		status                        int
		want                          string
	}{
		{"unknown sku to adjust", "POST", "/api/stock/none/adjustments", `{"delta":1,"reason":"x"}`, "", 422, "unknown-product"},
		{"unknown sku to reserve", "POST", "/api/stock/none/reservations", `{"quantity":1}`, "k", 422, "unknown-product"},
		{"no stock level", "GET", "/api/stock/none", "", "", 404, "no such stock level"},
		{"too few", "POST", "/api/stock/candle-beeswax/reservations", `{"quantity":121}`, "k", 409, "insufficient-stock"},
		{"below zero", "POST", "/api/stock/candle-beeswax/adjustments", `{"delta":-121,"reason":"x"}`, "", 409, "insufficient-stock"},
		{"no key", "POST", "/api/stock/candle-beeswax/reservations", `{"quantity":1}`, "", 400, "Idempotency-Key"},
		{"no delta", "POST", "/api/stock/candle-beeswax/adjustments", `{"reason":"x"}`, "", 422, `"field":"delta"`},
		{"no reason", "POST", "/api/stock/candle-beeswax/adjustments", `{"delta":1}`, "", 422, `"field":"reason"`},
		{"nothing to reserve", "POST", "/api/stock/candle-beeswax/reservations", `{"quantity":-1}`, "k", 422, "at least 1"},
		{"no such page", "GET", "/api/stock?limit=1000", "", "", 422, "limit"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := s.do(c.method, c.path, c.body, "Idempotency-Key", c.key)
			assert.Equal(t, c.status, got.status, got.body)
			assert.Equal(t, "application/problem+json", got.header.Get("Content-Type"))
			assert.Contains(t, got.body, c.want)
		})
	}
}

func TestArgumentsAndWrongSettingsAreRefused(t *testing.T) {
	require.ErrorContains(t, run(t.Context(), []string{"--help"}, io.Discard, io.Discard), "settings come from the environment")
	t.Setenv("CATALOG_URL", "catalog")
	t.Setenv("CATALOG_CLIENT_ATTEMPTS", "0")
	err := run(t.Context(), nil, io.Discard, io.Discard)
	require.ErrorContains(t, err, "CATALOG_URL")
	require.ErrorContains(t, err, "CATALOG_CLIENT_ATTEMPTS")
}
