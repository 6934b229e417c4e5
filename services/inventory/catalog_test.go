package main

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"sync/atomic"
	"testing"
)

// fakeCatalog answers as the catalog service does. It has one product.
type fakeCatalog struct {
	url   string
	down  atomic.Bool
	asked atomic.Int32
}

const oneProduct = `{"items":[{"id":"0193a000-0000-7000-8000-000000000001","sku":"candle-beeswax","name":"Beeswax candle",` +
	`"price":{"amount":890,"currency":"EUR"},"version":1}]}`

func newCatalog(t *testing.T) *fakeCatalog {
	t.Helper()
	catalog := &fakeCatalog{}
	server := httptest.NewServer(catalog)
	t.Cleanup(server.Close)
	catalog.url = server.URL
	return catalog
}

func (f *fakeCatalog) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.asked.Add(1)
	answer := `{"items":[]}`
	switch {
	case f.down.Load():
		w.WriteHeader(http.StatusServiceUnavailable)
	case r.URL.Path != "/api/products":
		w.WriteHeader(http.StatusNotFound)
	case slices.Contains(r.URL.Query()["sku"], "candle-beeswax"):
		answer = oneProduct
	}
	_, _ = w.Write([]byte(answer))
}
