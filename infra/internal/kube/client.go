// Package kube watches workloads until they are ready and says why they are
// not. It is the only importer of client-go.
package kube

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// Config says how to reach a cluster: by endpoint and certificates (PEM), or by
// the content of a kubeconfig when Kubeconfig is set. Without CA, the authorities
// of this machine are trusted.
type Config struct {
	Endpoint              string
	CA                    []byte
	ClientCert, ClientKey []byte
	Kubeconfig            []byte
	Exec                  *Exec // in place of a client certificate
}

// Exec is a credential plugin: a command that prints a token, such as aws eks
// get-token. It is run anew when the token has expired.
type Exec struct {
	APIVersion string // client.authentication.k8s.io/v1beta1 or v1
	Command    string
	Args       []string
}

// Client talks to one cluster.
type Client struct {
	api kubernetes.Interface
	now func() time.Time
}

// answerTimeout bounds single requests to the API server.
const answerTimeout = 10 * time.Second

// New makes a client. It does not talk to the cluster yet.
func New(config Config) (*Client, error) {
	settings, err := config.rest()
	if err != nil {
		return nil, err
	}
	// Client-side throttling would delay what a person waits for; the server
	// has its own priorities.
	settings.QPS = -1
	settings.UserAgent = "kindling"
	// What the server warns of is for those who write manifests.
	settings.WarningHandler = rest.NoWarnings{}
	api, err := kubernetes.NewForConfig(settings)
	if err != nil {
		return nil, fmt.Errorf("make a client for %s: %w", settings.Host, err)
	}
	return &Client{api: api, now: time.Now}, nil
}

func (c Config) rest() (*rest.Config, error) {
	if len(c.Kubeconfig) > 0 {
		settings, err := clientcmd.RESTConfigFromKubeConfig(c.Kubeconfig)
		if err != nil {
			return nil, fmt.Errorf("read the kubeconfig: %w", err)
		}
		return settings, nil
	}
	if c.Endpoint == "" {
		return nil, errors.New("the cluster has no endpoint; apply the cluster root first")
	}
	return &rest.Config{
		Host:            c.Endpoint,
		TLSClientConfig: rest.TLSClientConfig{CAData: c.CA, CertData: c.ClientCert, KeyData: c.ClientKey},
		ExecProvider:    c.Exec.plugin(),
	}, nil
}

func (e *Exec) plugin() *clientcmdapi.ExecConfig {
	if e == nil {
		return nil
	}
	return &clientcmdapi.ExecConfig{
		APIVersion: e.APIVersion, Command: e.Command, Args: e.Args,
		InteractiveMode:    clientcmdapi.NeverExecInteractiveMode, // progress is shown meanwhile
		ProvideClusterInfo: true,                                  // gke-gcloud-auth-plugin wants it
		InstallHint:        "install " + e.Command + " and log in to the cloud",
	}
}

// ServerInfo is what a cluster says of itself.
type ServerInfo struct {
	Version string // "v1.36.1"
	Nodes   int
}

// UnreachableError is a cluster whose API server does not answer.
type UnreachableError struct{ Err error }

func (e *UnreachableError) Error() string {
	return fmt.Sprintf("the cluster's API server does not answer: %v", e.Err)
}

func (e *UnreachableError) Unwrap() error { return e.Err }

// ServerInfo asks the cluster for its version and number of nodes.
func (c *Client) ServerInfo(ctx context.Context) (ServerInfo, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	nodes, err := c.api.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return ServerInfo{}, explain("list the nodes", err)
	}
	version, err := c.api.Discovery().ServerVersion()
	if err != nil {
		return ServerInfo{}, explain("read the version", err)
	}
	return ServerInfo{Version: version.GitVersion, Nodes: len(nodes.Items)}, nil
}

// NamespaceUID is the UID of a namespace; that of kube-system identifies a cluster.
func (c *Client) NamespaceUID(ctx context.Context, name string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	namespace, err := c.api.CoreV1().Namespaces().Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return "", explain("read namespace "+name, err)
	}
	return string(namespace.UID), nil
}

// answers asks whether the API server answers and lets this client in.
func (c *Client) answers(ctx context.Context) error {
	_, err := c.NamespaceUID(ctx, metav1.NamespaceSystem)
	return err
}

// explain tells a server that answers with an error from one that does not answer.
func explain(what string, err error) error {
	var answer apierrors.APIStatus
	if errors.As(err, &answer) && answer.Status().Code != http.StatusServiceUnavailable {
		return fmt.Errorf("%s: %w", what, err)
	}
	return &UnreachableError{Err: err}
}
