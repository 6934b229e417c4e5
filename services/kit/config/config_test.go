package config_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"kindling.internal/services/kit/config"
)

type settings struct {
	Server struct {
		Port       int           `mapstructure:"port" default:"8080" validate:"min=1,max=65535"`
		DrainDelay time.Duration `mapstructure:"drain_delay" default:"3s"`
		Networks   []string      `mapstructure:"networks" default:"10.0.0.0/8,fc00::/7" validate:"dive,cidr"`
	} `mapstructure:"server"`
	Log struct {
		Level string `mapstructure:"level" default:"info" validate:"oneof=debug info warn error" reload:"true"`
	} `mapstructure:"log"`
	Database struct {
		Host     string `mapstructure:"host"`
		Password string `mapstructure:"password" secret:"true" validate:"omitempty,min=8"`
	} `mapstructure:"database"`
	Collector string `mapstructure:"collector" env:"OTEL_ENDPOINT"`
}

func file(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.yaml")
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	t.Setenv(config.FileVariable, path)
	return path
}

func TestDefaultsAreInTheStruct(t *testing.T) {
	live, err := config.Load[settings]()
	require.NoError(t, err)
	got := live.Get()
	assert.Equal(t, 8080, got.Server.Port)
	assert.Equal(t, 3*time.Second, got.Server.DrainDelay)
	assert.Equal(t, []string{"10.0.0.0/8", "fc00::/7"}, got.Server.Networks)
	assert.Equal(t, "info", got.Log.Level)
}

func TestEnvironmentOverridesFileOverridesDefault(t *testing.T) {
	file(t, "server: {port: 9000, drain_delay: 5s, networks: [192.168.0.0/16]}\nlog: {level: debug}\n")
	t.Setenv("SERVER_PORT", "9100")
	t.Setenv("OTEL_ENDPOINT", "http://collector:4318")
	live, err := config.Load[settings]()
	require.NoError(t, err)
	got := live.Get()
	assert.Equal(t, 9100, got.Server.Port)
	assert.Equal(t, 5*time.Second, got.Server.DrainDelay)
	assert.Equal(t, []string{"192.168.0.0/16"}, got.Server.Networks)
	assert.Equal(t, "debug", got.Log.Level)
	assert.Equal(t, "http://collector:4318", got.Collector)
}

func TestEveryMistakeIsToldAtOnce(t *testing.T) {
	file(t, "server: {prot: 1}\nlog: {level: loud}\n")
	t.Setenv("SERVER_PORT", "many")
	t.Setenv("SERVER_DRAIN_DELAY", "soon")
	t.Setenv("DATABASE_PASSWORD", "hunter2")
	_, err := config.Load[settings]()
	require.Error(t, err)
	for _, want := range []string{
		"server.prot: no such setting",
		`server.port (SERVER_PORT): "many" is not of type int`,
		`server.drain_delay (SERVER_DRAIN_DELAY): "soon"`,
		`log.level (LOG_LEVEL): "loud" breaks the rule oneof=debug info warn error`,
		"database.password (DATABASE_PASSWORD)",
	} {
		assert.ErrorContains(t, err, want)
	}
	assert.NotContains(t, err.Error(), "hunter2")
	assert.Equal(t, 5, strings.Count(err.Error(), "\n")+1, err.Error())
}

func TestFileThatCannotBeReadIsNamed(t *testing.T) {
	t.Setenv(config.FileVariable, "/nowhere/config.yaml")
	_, err := config.Load[settings]()
	require.ErrorContains(t, err, "/nowhere/config.yaml (named by CONFIG_FILE)")
}

func TestSecretsArePrintedMasked(t *testing.T) {
	t.Setenv("DATABASE_PASSWORD", "correct horse")
	live, err := config.Load[settings]()
	require.NoError(t, err)
	masked := config.Masked(live.Get())
	assert.Equal(t, "***", masked["database.password"])
	assert.Equal(t, 8080, masked["server.port"])
	assert.Equal(t, "3s", masked["server.drain_delay"])
}

func TestReload(t *testing.T) {
	path := file(t, "log: {level: info}\n")
	live, err := config.Load[settings]()
	require.NoError(t, err)
	var log syncBuffer
	applied := make(chan settings, 8)
	live.Watch(slog.New(slog.NewTextHandler(&log, nil)), func(s settings) { applied <- s })

	replace(t, path, "log: {level: loud}\n")
	require.Eventually(t, func() bool { return strings.Contains(log.String(), "refused") }, 5*time.Second, time.Millisecond)
	assert.Contains(t, log.String(), "loud")
	assert.Equal(t, "info", live.Get().Log.Level, "an invalid file changes nothing")

	replace(t, path, "log: {level: debug}\nserver: {port: 9000}\n")
	select {
	case got := <-applied:
		assert.Equal(t, "debug", got.Log.Level)
	case <-time.After(5 * time.Second):
		t.Fatal("the change was not noticed: " + log.String())
	}
	assert.Equal(t, "debug", live.Get().Log.Level)
	assert.Equal(t, 8080, live.Get().Server.Port, "the port is not reloadable")
	assert.Contains(t, log.String(), "server.port")
}

// replace swaps the file in one step, as an editor does.
func replace(t *testing.T, path, content string) {
	t.Helper()
	next := path + ".next"
	require.NoError(t, os.WriteFile(next, []byte(content), 0o600))
	require.NoError(t, os.Rename(next, path))
}
