package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func noEnvironment(string) (string, bool) { return "", false }

func TestOptionsComeFromFlagsThenTheEnvironmentThenDefaults(t *testing.T) {
	environment := func(name string) (string, bool) {
		value, found := map[string]string{"REGISTRY_ADDRESS": ":6000", "REGISTRY_ROOT": "/images", "REGISTRY_DELETE": "true"}[name]
		return value, found
	}
	defaults, err := parseOptions(nil, noEnvironment, io.Discard)
	require.NoError(t, err)
	assert.Equal(t, options{address: ":5000", root: "/var/lib/registry"}, defaults)

	set, err := parseOptions([]string{"-address", "127.0.0.1:7000"}, environment, io.Discard)
	require.NoError(t, err)
	assert.Equal(t, options{address: "127.0.0.1:7000", root: "/images", deletes: true}, set)
}

func TestBadOptionsAreRefused(t *testing.T) {
	maybe := func(name string) (string, bool) { return "maybe", name == "REGISTRY_DELETE" }
	_, err := parseOptions(nil, maybe, io.Discard)
	assert.EqualError(t, err, `REGISTRY_DELETE is "maybe"; it must be true or false`)
	_, err = parseOptions([]string{"serve"}, noEnvironment, io.Discard)
	assert.EqualError(t, err, `unexpected argument "serve"`)
}

func TestAnAddressInUseIsSaid(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	err = run(t.Context(), []string{"-address", taken.Addr().String(), "-root", t.TempDir()}, noEnvironment, io.Discard)
	assert.ErrorContains(t, err, "address already in use")
}

func TestCheckFailsWhereNothingListens(t *testing.T) {
	err := run(t.Context(), []string{"-check", "-address", "127.0.0.1:1"}, noEnvironment, io.Discard)
	assert.ErrorContains(t, err, "the registry does not answer")
}

func TestAPushUnderWayIsAnsweredBeforeItStops(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	root := t.TempDir()
	go func() {
		served <- serve(ctx, listener, options{root: root}, slog.New(slog.NewTextHandler(io.Discard, nil)))
	}()
	location := startUpload(t, listener.Addr().String())
	body, writer := io.Pipe()
	answered := make(chan int, 1)
	go func() {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPatch, location, body)
		if err != nil {
			answered <- 0
			return
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			answered <- 0
			return
		}
		defer response.Body.Close()
		answered <- response.StatusCode
	}()
	_, err = writer.Write(make([]byte, 256<<10))
	require.NoError(t, err)
	require.Eventually(t, func() bool { return storedBytes(root) > 0 }, 5*time.Second, time.Millisecond, "the push must be under way")

	stop()
	_, err = fmt.Fprint(writer, "second half")
	require.NoError(t, err)
	require.NoError(t, writer.Close())

	assert.Equal(t, http.StatusAccepted, <-answered)
	assert.NoError(t, <-served)
}

// storedBytes returns how much of uploads has reached the folder.
func storedBytes(root string) (total int64) {
	uploads, _ := filepath.Glob(filepath.Join(root, "docker/registry/v2/repositories/*/_uploads/*/data"))
	for _, file := range uploads {
		if info, err := os.Stat(file); err == nil {
			total += info.Size()
		}
	}
	return total
}

func startUpload(t *testing.T, host string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+host+"/v2/catalog/blobs/uploads/", nil)
	require.NoError(t, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusAccepted, response.StatusCode)
	return response.Header.Get("Location")
}
