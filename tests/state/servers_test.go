package state

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/gruntwork-io/terratest/modules/retry"
	"github.com/stretchr/testify/require"
)

// The servers' credentials. That they end up in no file is one of the cases.
const (
	accessKey = "state-tests-access-key"
	secretKey = "state-tests-secret-key-7c1d52e0"
	token     = "state-tests-token-9a61f3b4"
	region    = "us-east-1"
)

// programs builds the servers, which takes no time when that was done before, and returns their folder.
func programs(t *testing.T) string {
	t.Helper()
	root := checkout(t)
	dir := filepath.Join(root, ".kindling", "test", "servers")
	require.NoError(t, os.MkdirAll(dir, 0o755))
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", dir, "./s3server", "github.com/fsouza/fake-gcs-server")
	cmd.Dir, cmd.Env = filepath.Join(root, "tests", "state", "servers"), append(os.Environ(), "GOWORK=off")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return dir
}

// serve runs a server until the test ends, and returns when it takes connections.
func serve(t *testing.T, port int, program string, args ...string) {
	t.Helper()
	log, err := os.Create(filepath.Join(t.TempDir(), "server.log"))
	require.NoError(t, err)
	cmd := exec.Command(program, args...)
	cmd.Stdout, cmd.Stderr = log, log
	require.NoError(t, cmd.Start())
	ended := make(chan struct{})
	var failure error // once it has ended
	go func() {
		failure = cmd.Wait()
		close(ended)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-ended
		_ = log.Close()
		if text, err := os.ReadFile(log.Name()); t.Failed() && err == nil {
			t.Logf("%s said:\n%.4000s", filepath.Base(program), text)
		}
	})
	retry.DoWithRetryContext(t, t.Context(), filepath.Base(program)+" listens", 100, 100*time.Millisecond, func() (string, error) {
		select {
		case <-ended:
			return "", retry.FatalError{Underlying: fmt.Errorf("it ended: %w", failure)}
		default:
		}
		connection, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			err = connection.Close()
		}
		return "", err
	})
}

func freePort(t *testing.T) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port
}

// s3Server is a server that speaks S3, on this machine.
type s3Server struct {
	endpoint string
	client   *s3.Client
}

// newS3 runs one, and gives everything that is run later its credentials by the environment.
func newS3(t *testing.T, options ...string) s3Server {
	t.Helper()
	t.Setenv("AWS_ACCESS_KEY_ID", accessKey)
	t.Setenv("AWS_SECRET_ACCESS_KEY", secretKey)
	for _, name := range []string{"AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_DEFAULT_REGION"} {
		t.Setenv(name, "")
		require.NoError(t, os.Unsetenv(name))
	}
	port := freePort(t)
	serve(t, port, filepath.Join(programs(t), "s3server"), append([]string{fmt.Sprintf("127.0.0.1:%d", port), t.TempDir()}, options...)...)
	endpoint := fmt.Sprintf("http://127.0.0.1:%d", port)
	client := s3.New(s3.Options{Region: region, BaseEndpoint: aws.String(endpoint), UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider(accessKey, secretKey, "")})
	return s3Server{endpoint: endpoint, client: client}
}

// address is a bucket of the server, as the tool is told of it.
func (s s3Server) address(name string) string {
	return "s3://" + name + "/kindling?endpoint=" + s.endpoint
}

// newGCS runs a server that speaks the protocol of Google Cloud Storage, and returns its URL.
func newGCS(t *testing.T) string {
	t.Helper()
	t.Setenv("GOOGLE_OAUTH_ACCESS_TOKEN", token)
	for _, name := range []string{"GOOGLE_CREDENTIALS", "GOOGLE_BACKEND_CREDENTIALS", "GOOGLE_APPLICATION_CREDENTIALS", "STORAGE_EMULATOR_HOST"} {
		t.Setenv(name, "")
		require.NoError(t, os.Unsetenv(name))
	}
	port := freePort(t)
	host := fmt.Sprintf("127.0.0.1:%d", port)
	serve(t, port, filepath.Join(programs(t), "fake-gcs-server"), "-backend", "memory", "-scheme", "http", "-host", "127.0.0.1", "-port", fmt.Sprint(port),
		"-public-host", host, "-external-url", "http://"+host)
	return "http://" + host
}

// checkout is the root of this repository.
func checkout(t *testing.T) string {
	t.Helper()
	out, err := exec.CommandContext(context.Background(), "git", "rev-parse", "--show-toplevel").Output()
	require.NoError(t, err)
	return strings.TrimSpace(string(out))
}
