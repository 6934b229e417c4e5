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

// ingressRatio compares requests/s through the ingress controller, over HTTPS, with those straight
// to a pod of the service, both asked from the node that both run on.
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
		return loadInNode(ctx, "-url=https://shop.localhost:8443/api/products", "-address="+controller+":8443", "-authority="+authorityInNode)
	}, func(int) (float64, error) {
		return loadInNode(ctx, "-url=http://shop.localhost:8080/api/products", "-address="+pod+":8080")
	})
	if err != nil {
		return result{}, err
	}
	return s.higherIsBetter(), nil
}

// Where the node has this program, and the certificate authority that signs for the ingress.
const (
	programInNode   = "/usr/local/bin/bench"
	authorityInNode = "/usr/local/share/bench-ca.crt"
)

// installLoad puts into the node what makes the load there.
func (b *bench) installLoad(ctx context.Context) error {
	program := filepath.Join(b.temp, "bench")
	if _, err := b.command(ctx, filepath.Join(b.copy, "tests"), []string{"GOWORK=off", "CGO_ENABLED=0"}, "go", "build", "-o", program, "./bench"); err != nil {
		return err
	}
	authority, err := b.authority(ctx)
	if err != nil {
		return err
	}
	for file, inNode := range map[string]string{program: programInNode, authority: authorityInNode} {
		if _, err := b.command(ctx, b.temp, nil, "docker", "cp", file, node+":"+inNode); err != nil {
			return err
		}
	}
	return nil
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
	command := append([]string{"exec", node, programInNode, "load", fmt.Sprintf("-requests=%d", throughputRequests), fmt.Sprintf("-connections=%d", throughputConnections)}, args...)
	text, err := output(exec.CommandContext(ctx, "docker", command...))
	if err != nil {
		return 0, err
	}
	return strconv.ParseFloat(strings.TrimSpace(text), 64)
}
