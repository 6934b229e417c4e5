package main

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
)

// module has the configuration that servers get in a cluster.
const module = "../../../../modules/messaging/files"

// password is one that begins as a number does, and one that the configuration must not take for one.
func password(user string) string { return "1k" + user }

// configure writes the configuration of modules/messaging into a folder, as the module does, and sets
// the environment of a server's container.
func configure(t *testing.T, dir string, clients ...string) {
	t.Helper()
	t.Setenv("MAX_FILE_STORE", "966367641")
	t.Setenv("SETUP_PASSWORD", quoted(password("_setup")))
	users := fill(t, "setup.conf", "stream", "EVENTS")
	for _, client := range clients {
		variable := strings.ToUpper(strings.ReplaceAll(client, "-", "_"))
		t.Setenv("CLIENT_"+variable+"_PASSWORD", quoted(password(client)))
		users += fill(t, "client.conf", "client", client, "variable", variable, "stream", "EVENTS", "prefix", "events")
	}
	put(t, filepath.Join(dir, "nats.conf"), fill(t, "server.conf"))
	put(t, filepath.Join(dir, "clients.conf"), "users: [\n"+users+"]\n")
	put(t, filepath.Join(dir, "cluster.conf"), "")
}

func quoted(text string) string { return `"` + text + `"` }

// fill reads a file of the module and puts values where Terraform's templatefile would.
func fill(t *testing.T, name string, values ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(module, name))
	require.NoError(t, err)
	filled := string(text)
	for i := 0; i < len(values); i += 2 {
		filled = strings.ReplaceAll(filled, "${"+values[i]+"}", values[i+1])
	}
	require.NotContains(t, filled, "${", "%s has a placeholder that the test does not know", name)
	return filled
}

func put(t *testing.T, path, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
}

// broker is a server with the module's configuration. What it stores outlives it.
type broker struct {
	dir   string
	name  string
	route int // the port where other servers find it; 0: there are none
	*server.Server
}

func newBroker(t *testing.T, name string, clients ...string) *broker {
	t.Helper()
	b := &broker{dir: t.TempDir(), name: name}
	configure(t, b.dir, clients...)
	return b
}

// start runs the server until the test ends.
func (b *broker) start(t *testing.T) {
	t.Helper()
	b.listenOn(t, server.RANDOM_PORT)
}

func (b *broker) listenOn(t *testing.T, port int) {
	t.Helper()
	t.Setenv("SERVER_NAME", quoted(b.name))
	options := &server.Options{}
	require.NoError(t, options.ProcessConfigFile(filepath.Join(b.dir, "nats.conf")))
	require.Equal(t, 4222, options.Port)
	require.Equal(t, "/data", options.StoreDir)
	// Beside other tests it needs ports and a folder of its own.
	options.Host, options.Port, options.HTTPHost, options.HTTPPort = "127.0.0.1", port, "127.0.0.1", server.RANDOM_PORT
	options.StoreDir, options.PidFile, options.NoSigs, options.NoLog = filepath.Join(b.dir, "data"), "", true, true
	if b.route > 0 {
		require.Equal(t, 6222, options.Cluster.Port)
		options.Cluster.Host, options.Cluster.Port = "127.0.0.1", b.route
	}
	var err error
	b.Server, err = server.NewServer(options)
	require.NoError(t, err)
	b.Start()
	t.Cleanup(b.stop)
	require.True(t, b.ReadyForConnections(20*time.Second), "the server does not accept connections")
}

func (b *broker) stop() {
	b.Shutdown()
	b.WaitForShutdown()
}

// environment is what a Job has in its environment.
func (b *broker) environment(stream string) func(string) string {
	return environmentOf(b.ClientURL(), stream)
}

func environmentOf(address, stream string) func(string) string {
	values := map[string]string{
		"MESSAGING_URL": address, "MESSAGING_USER": "_setup", "MESSAGING_PASSWORD": password("_setup"),
		"WAIT_SECONDS": "20", "STREAM": stream,
	}
	return func(name string) string { return values[name] }
}

// describe is a stream as the module describes it.
func describe(replicas, hours int) string {
	return fmt.Sprintf(`{"name":"EVENTS","subjects":["events.>"],"replicas":%d,"max_age_hours":%d,"max_bytes":715827882,"duplicate_seconds":120}`, replicas, hours)
}

// as connects as a service does. Errors that the server tells later go to the channel.
func (b *broker) as(t *testing.T, service string) (*nats.Conn, jetstream.JetStream, <-chan error) {
	t.Helper()
	refusals := make(chan error, 10)
	connection, err := nats.Connect(b.ClientURL(), nats.UserInfo(service, password(service)), nats.CustomInboxPrefix("_INBOX_"+service),
		nats.MaxReconnects(-1), nats.ReconnectWait(50*time.Millisecond),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { refusals <- err }))
	require.NoError(t, err)
	t.Cleanup(connection.Close)
	js, err := jetstream.New(connection, jetstream.WithDefaultTimeout(5*time.Second))
	require.NoError(t, err)
	return connection, js, refusals
}

// port is where a server listens.
func port(t *testing.T, address string) int {
	t.Helper()
	parsed, err := url.Parse(address)
	require.NoError(t, err)
	var number int
	_, err = fmt.Sscan(parsed.Port(), &number)
	require.NoError(t, err)
	return number
}
