package kindcluster

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// api is a cluster's API server, read with the administrator's certificate.
type api struct {
	endpoint string
	client   *http.Client
}

// requestTimeout bounds one request; an API server that is up answers the
// requests made here within milliseconds.
const requestTimeout = 5 * time.Second

func newAPI(c Credentials) (*api, error) {
	pair, err := tls.X509KeyPair([]byte(c.ClientCertificate), []byte(c.ClientKey))
	if err != nil {
		return nil, fmt.Errorf("read the client certificate: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM([]byte(c.CACertificate)) {
		return nil, errors.New("read the certificate of the cluster's authority: it is not PEM")
	}
	// No proxy: the endpoint is a published port of the engine's host.
	transport := &http.Transport{
		TLSClientConfig:     &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout: requestTimeout,
	}
	return &api{endpoint: c.Endpoint, client: &http.Client{Transport: transport, Timeout: requestTimeout}}, nil
}

func (a *api) close() { a.client.CloseIdleConnections() }

// statusError is an answer other than 200.
type statusError struct {
	code    int
	message string
}

func (e *statusError) Error() string {
	return fmt.Sprintf("the API server answered %d: %s", e.code, e.message)
}

func (a *api) get(ctx context.Context, path string, into any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, a.endpoint+path, nil)
	if err != nil {
		return err
	}
	response, err := a.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(response.Body, 1024))
		return &statusError{response.StatusCode, strings.TrimSpace(string(text))}
	}
	if err := json.NewDecoder(response.Body).Decode(into); err != nil {
		return fmt.Errorf("read the answer to GET %s: %w", path, err)
	}
	return nil
}

// uid returns the UID of the namespace kube-system.
func (a *api) uid(ctx context.Context) (string, error) {
	var namespace struct{ Metadata struct{ UID string } }
	if err := a.get(ctx, "/api/v1/namespaces/kube-system", &namespace); err != nil {
		return "", err
	}
	return namespace.Metadata.UID, nil
}

// nodeReadiness is a Kubernetes node and why it is not ready; Reason is empty
// when it is.
type nodeReadiness struct{ Name, Reason string }

func (a *api) nodes(ctx context.Context) ([]nodeReadiness, error) {
	var list struct {
		Items []struct {
			Metadata struct{ Name string }
			Status   struct {
				Conditions []struct{ Type, Status, Message string }
			}
		}
	}
	if err := a.get(ctx, "/api/v1/nodes", &list); err != nil {
		return nil, err
	}
	var nodes []nodeReadiness
	for _, item := range list.Items {
		node := nodeReadiness{Name: item.Metadata.Name, Reason: "it has not reported yet"}
		for _, condition := range item.Status.Conditions {
			if condition.Type == "Ready" {
				node.Reason = condition.Message
				if condition.Status == "True" {
					node.Reason = ""
				}
			}
		}
		nodes = append(nodes, node)
	}
	return nodes, nil
}

// renewals returns when each node's kubelet last renewed its lease.
func (a *api) renewals(ctx context.Context) (map[string]time.Time, error) {
	var list struct {
		Items []struct {
			Metadata struct{ Name string }
			Spec     struct{ RenewTime time.Time }
		}
	}
	if err := a.get(ctx, "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases", &list); err != nil {
		return nil, err
	}
	renewals := map[string]time.Time{}
	for _, item := range list.Items {
		renewals[item.Metadata.Name] = item.Spec.RenewTime
	}
	return renewals, nil
}

// isOtherCluster tells an answer of another cluster, whose authority or users
// are not the expected ones, from silence.
func isOtherCluster(err error) bool {
	var unknown x509.UnknownAuthorityError
	var status *statusError
	return errors.As(err, &unknown) || errors.As(err, &status) && status.code == http.StatusUnauthorized
}
