package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// productsURL is where the ingress answers for the service.
const productsURL = "https://shop.localhost:19443/api/products"

// client reaches the environment's ingress over at most so many connections, which it keeps.
func (b *bench) client(ctx context.Context, connections int) (*http.Client, error) {
	authority, err := b.authority(ctx)
	if err != nil {
		return nil, err
	}
	return newClient("127.0.0.1:19443", authority, connections)
}

// authority is the file with the certificate authority that signs for the ingress.
func (b *bench) authority(ctx context.Context) (string, error) {
	text, err := b.kindling(ctx, b.site(), "status", "--env", "dev", "--output", "json")
	if err != nil {
		return "", err
	}
	var report struct {
		Authority string `json:"ca_certificate"`
	}
	err = json.Unmarshal([]byte(text), &report)
	return report.Authority, err
}

// What the ingress is asked, and the service's pod: enough requests for some seconds, over
// connections that keep two processors busy.
const (
	throughputRequests    = 20000
	throughputConnections = 16
)

// ingressRatio compares requests/s through the ingress controller with those straight to a pod of
// the service, both over HTTP and asked from the node that both run on.
func ingressRatio(ctx context.Context, b *bench) (result, error) {
	defer b.removeAfter(ctx)
	if err := b.up(ctx); err != nil {
		return result{}, err
	}
	if err := b.installLoad(ctx); err != nil {
		return result{}, err
	}
	controller, err := podAddress(ctx, "ingress-nginx", "app.kubernetes.io/component=controller")
	if err != nil {
		return result{}, err
	}
	pod, err := podAddress(ctx, "apps", "app.kubernetes.io/name="+service)
	if err != nil {
		return result{}, err
	}
	s, err := b.inTurns("requests/s", func(int) (float64, error) {
		return loadInNode(ctx, "-address="+controller+":8080")
	}, func(int) (float64, error) {
		return loadInNode(ctx, "-address="+pod+":8080")
	})
	if err != nil {
		return result{}, err
	}
	return s.higherIsBetter(), nil
}

// programInNode is where the node has this program.
const programInNode = "/usr/local/bin/bench"

// installLoad puts into the node what makes the load there.
func (b *bench) installLoad(ctx context.Context) error {
	program := filepath.Join(b.temp, "bench")
	if _, err := b.command(ctx, filepath.Join(b.copy, "tests"), []string{"GOWORK=off", "CGO_ENABLED=0"}, "go", "build", "-o", program, "./bench"); err != nil {
		return err
	}
	_, err := b.command(ctx, b.temp, nil, "docker", "cp", program, node+":"+programInNode)
	return err
}

func podAddress(ctx context.Context, namespace, selector string) (string, error) {
	text, err := kubectl(ctx, "get", "pods", "--namespace="+namespace, "--selector="+selector, "--field-selector=status.phase=Running",
		"--output=jsonpath={.items[*].status.podIP}")
	if err != nil {
		return "", err
	}
	addresses := strings.Fields(text)
	if len(addresses) == 0 {
		return "", fmt.Errorf("no pod runs in %s with %s", namespace, selector)
	}
	return addresses[0], nil
}

// loadInNode returns the requests/s that this program reaches in the node.
func loadInNode(ctx context.Context, args ...string) (float64, error) {
	command := append([]string{"exec", node, programInNode, "load", "-url=http://shop.localhost/api/products", fmt.Sprintf("-requests=%d", throughputRequests), fmt.Sprintf("-connections=%d", throughputConnections)}, args...)
	text, err := output(exec.CommandContext(ctx, "docker", command...))
	if err != nil {
		return 0, err
	}
	return strconv.ParseFloat(strings.TrimSpace(text), 64)
}
