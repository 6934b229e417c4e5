package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
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
func start(t *testing.T) service {
	t.Helper()
	t.Setenv("SERVER_PORT", "0")
	t.Setenv("LOG_FORMAT", "json")
	t.Setenv("STORE_PATH", filepath.Join(t.TempDir(), "catalog.db"))
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
	s := start(t)
	assert.Equal(t, 200, s.do("GET", "/livez", "").status)
	assert.JSONEq(t, `{"status":"ready","checks":{"store":"ok"}}`, s.do("GET", "/readyz", "").body)
	assert.Contains(t, s.do("GET", "/metrics", "").body, `build_info{go_version=`)
}

func TestProductLivesThroughItsChanges(t *testing.T) {
	s := start(t)
	made := s.do("POST", "/api/products", `{"sku":"poker-iron","name":"Poker","price":{"amount":1500,"currency":"EUR"}}`)
	require.Equal(t, 201, made.status, made.body)
	assert.Equal(t, `"1"`, made.header.Get("ETag"))
	path := made.header.Get("Location")

	got := s.do("GET", path, "")
	assert.JSONEq(t, made.body, got.body)
	assert.Equal(t, 304, s.do("GET", path, "", "If-None-Match", `"1"`).status)

	change := `{"name":"Iron poker","price":{"amount":1600,"currency":"EUR"}}`
	assert.Equal(t, 428, s.do("PUT", path, change).status)
	assert.Equal(t, 412, s.do("PUT", path, change, "If-Match", `"7"`).status)
	assert.Equal(t, 412, s.do("PUT", path, change, "If-Match", `1`).status, "an ETag has quotes")
	updated := s.do("PUT", path, change, "If-Match", `"1"`)
	require.Equal(t, 200, updated.status, updated.body)
	assert.Equal(t, `"2"`, updated.header.Get("ETag"))
	assert.Contains(t, updated.body, `"name":"Iron poker"`)

	assert.Equal(t, 412, s.do("DELETE", path, "", "If-Match", `"1"`).status)
	assert.Equal(t, 204, s.do("DELETE", path, "", "If-Match", `*`).status)
	assert.Equal(t, 404, s.do("GET", path, "").status)
}

func TestPagesTogetherAreTheWholeList(t *testing.T) {
	s := start(t)
	var skus []string
	cursor := ""
	for pages := 0; pages == 0 || cursor != ""; pages++ {
		require.Less(t, pages, 4)
		var body struct {
			Items []struct{ SKU string } `json:"items"`
			Next  string                 `json:"next_cursor"`
		}
		got := s.do("GET", "/api/products?limit=2&cursor="+cursor, "")
		require.NoError(t, json.NewDecoder(bytes.NewBufferString(got.body)).Decode(&body))
		for _, item := range body.Items {
			skus = append(skus, item.SKU)
		}
		cursor = body.Next
	}
	assert.Equal(t, []string{"candle-beeswax", "kindling-birch", "lighter-storm", "matches-long", "stove-camp"}, skus)
	assert.Contains(t, s.do("GET", "/api/products?name=STOVE", "").body, "stove-camp")
	assert.Equal(t, `{"items":[]}`, s.do("GET", "/api/products?sku=none", "").body)
}

func TestMistakesOfCallersAreExplained(t *testing.T) {
	s := start(t)
	cases := []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"GET", "/api/products?limit=0&cursor=*", "", 422, "limit"},
		{"GET", "/api/products?limit=0&cursor=*", "", 422, "cursor"},
		{"GET", "/api/products/7", "", 404, "no such product"},
		{"POST", "/api/products", `{"sku":"stove-camp","name":"x","price":{"amount":1,"currency":"EUR"}}`, 409, "sku-taken"},
		{"POST", "/api/products", `{"sku":"Not A Slug","price":{"amount":-1,"currency":"EUX"}}`, 422, "price.currency"},
		{"PATCH", "/api/products", "", 405, "takes"},
	}
	for _, c := range cases {
		t.Run(fmt.Sprint(c.method, c.status, c.want), func(t *testing.T) {
			got := s.do(c.method, c.path, c.body)
			assert.Equal(t, c.status, got.status)
			assert.Equal(t, "application/problem+json", got.header.Get("Content-Type"))
			assert.Contains(t, got.body, c.want)
		})
	}
}

func TestArgumentsAndWrongSettingsAreRefused(t *testing.T) {
	require.ErrorContains(t, run(t.Context(), []string{"--help"}, io.Discard, io.Discard), "settings come from the environment")
	t.Setenv("SERVER_PORT", "eighty")
	t.Setenv("DATABASE_HOST", "database")
	err := run(t.Context(), nil, io.Discard, io.Discard)
	require.ErrorContains(t, err, "SERVER_PORT")
	require.ErrorContains(t, err, "DATABASE_NAME")
}
