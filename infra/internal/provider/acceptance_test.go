package provider

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"kindling.internal/infra/internal/kindcluster"
)

// acceptance is what the tests on a real engine share. They make clusters of
// names of their own and leave nothing.
type acceptance struct {
	t        *testing.T
	name     string
	engine   *kindcluster.Engine
	node     string // image
	registry string // image
}

func newAcceptance(t *testing.T) *acceptance {
	t.Helper()
	if os.Getenv("TF_ACC") == "" {
		t.Skip("tests on a real engine run with TF_ACC=1, KINDLING_NODE_IMAGE and KINDLING_REGISTRY_IMAGE")
	}
	// Locks of clusters that no one will make again belong to the test.
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	a := &acceptance{
		t: t, name: fmt.Sprintf("acc-%06x", rand.Uint32N(1<<24)),
		node: os.Getenv("KINDLING_NODE_IMAGE"), registry: os.Getenv("KINDLING_REGISTRY_IMAGE"),
		// A paused API server is to be an error at once.
		engine: kindcluster.New(kindcluster.WithGrace(time.Second)),
	}
	require.NotEmpty(t, a.node, "KINDLING_NODE_IMAGE names the node image to test with")
	require.NotEmpty(t, a.registry, "KINDLING_REGISTRY_IMAGE names the registry image to test with")
	if os.Getenv("TF_ACC_TERRAFORM_PATH") == "" {
		terraform, err := exec.LookPath("terraform")
		require.NoError(t, err)
		t.Setenv("TF_ACC_TERRAFORM_PATH", terraform)
	}
	t.Cleanup(a.nothingIsLeft)
	return a
}

func (a *acceptance) providers() map[string]func() (tfprotov6.ProviderServer, error) {
	constructor := New(NewLifetime(a.t.Context()), a.engine)
	return map[string]func() (tfprotov6.ProviderServer, error){"kind": func() (tfprotov6.ProviderServer, error) {
		return providerserver.NewProtocol6WithError(constructor())()
	}}
}

// nothingIsLeft fails the test when it left anything, and removes it.
func (a *acceptance) nothingIsLeft() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	left, err := a.engine.Leftovers(ctx, a.name)
	assert.NoError(a.t, err)
	if !assert.Empty(a.t, left, "left by %s", a.name) {
		network := "kindling-" + a.name
		_ = a.engine.DeleteRegistry(ctx, kindcluster.RegistrySpec{Name: a.name + "-registry", Volume: a.name + "-registry", Network: network})
		_ = a.engine.Delete(ctx, a.name, network, func(string) {})
	}
}

func (a *acceptance) docker(args ...string) string {
	a.t.Helper()
	out, err := exec.CommandContext(a.t.Context(), "docker", args...).CombinedOutput()
	require.NoError(a.t, err, "docker %s: %s", strings.Join(args, " "), out)
	return strings.TrimSpace(string(out))
}

// kubectl runs the node's own.
func (a *acceptance) kubectl(args ...string) string {
	a.t.Helper()
	return a.docker(append([]string{"exec", a.name + "-control-plane", "kubectl", "--kubeconfig=/etc/kubernetes/admin.conf"}, args...)...)
}

// freePort returns a port of 127.0.0.1 that is free now.
func freePort(t *testing.T) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port
}

// settings are what the steps of the test change.
type settings struct {
	port, registryPort int
	mirror             string // host for which the registry stands in
}

func (a *acceptance) config(s settings) string {
	return fmt.Sprintf(`
resource "kind_cluster" "test" {
  name            = %[1]q
  node_image      = %[2]q
  encrypt_secrets = true
  audit_policy    = yamlencode({ apiVersion = "audit.k8s.io/v1", kind = "Policy", rules = [{ level = "Metadata" }] })
  manifests       = { probe = yamlencode({ apiVersion = "v1", kind = "Namespace", metadata = { name = "from-manifest" } }) }
  runtime_config  = { "api/alpha" = "false" }
  nodes = [{
    role          = "control-plane"
    labels        = { "ingress-ready" = "true" }
    port_mappings = [{ container_port = 80, host_port = %[4]d }]
  }]
  registry_mirrors = { %[6]q = ["http://%[1]s-registry:5000/v2/mirrored"] }
}

resource "kind_registry" "test" {
  name    = "%[1]s-registry"
  image   = %[3]q
  network = kind_cluster.test.network
  port    = %[5]d
}
`, a.name, a.node, a.registry, s.port, s.registryPort, s.mirror)
}

func TestAccTheLifeOfACluster(t *testing.T) {
	a := newAcceptance(t)
	first := settings{port: freePort(t), registryPort: freePort(t), mirror: "first.example"}
	moved := first
	moved.mirror, moved.registryPort = "second.example", freePort(t)
	other := moved
	other.port = freePort(t)
	var uid string

	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: a.providers(),
		Steps: []resource.TestStep{
			{ // What a killed creation left is replaced; after the step, the plan is empty.
				PreConfig: a.leaveHalfMade,
				Config:    a.config(first),
				Check: resource.ComposeAggregateTestCheckFunc(
					resource.TestCheckResourceAttr("kind_cluster.test", "status", "running"),
					resource.TestCheckResourceAttr("kind_cluster.test", "network", "kindling-"+a.name),
					resource.TestMatchResourceAttr("kind_cluster.test", "endpoint", regexp.MustCompile(`^https://127\.0\.0\.1:\d+$`)),
					resource.TestMatchResourceAttr("kind_cluster.test", "client_key", regexp.MustCompile(`^-----BEGIN [A-Z ]*PRIVATE KEY-----`)),
					resource.TestCheckResourceAttrWith("kind_cluster.test", "uid", func(value string) error { uid = value; return nil }),
					resource.TestCheckResourceAttr("kind_registry.test", "host", fmt.Sprintf("localhost:%d", first.registryPort)),
				),
			},
			{ // The cluster is as it was asked for, and is imported as it is.
				PreConfig:    func() { a.isAsConfigured(uid); a.pullsThrough(first, "first.example") },
				ResourceName: "kind_cluster.test", ImportState: true, ImportStateId: a.name,
				ImportStateVerify: true, ImportStateVerifyIdentifierAttribute: "name",
			},
			{
				ResourceName: "kind_registry.test", ImportState: true, ImportStateId: a.name + "-registry",
				ImportStateVerify: true, ImportStateVerifyIdentifierAttribute: "name",
			},
			{ // Stopped: planned to be started, in place.
				PreConfig: func() { a.docker("stop", "-t", "2", a.name+"-control-plane", a.name+"-registry") },
				Config:    a.config(first),
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
					plancheck.ExpectResourceAction("kind_cluster.test", plancheck.ResourceActionUpdate),
					plancheck.ExpectResourceAction("kind_registry.test", plancheck.ResourceActionUpdate),
				}},
				Check: resource.TestCheckResourceAttrWith("kind_cluster.test", "uid", func(value string) error { return same(uid, value) }),
			},
			{ // Mirrors and the registry's port change in place; images stay.
				Config: a.config(moved),
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
					plancheck.ExpectResourceAction("kind_cluster.test", plancheck.ResourceActionUpdate),
					plancheck.ExpectResourceAction("kind_registry.test", plancheck.ResourceActionUpdate),
				}},
			},
			{ // A changed port recreates the cluster; here it is only planned.
				PreConfig: func() { a.mirrorsAre("second.example"); a.stillHasTheImage(moved) },
				Config:    a.config(other), PlanOnly: true, ExpectNonEmptyPlan: true,
			},
			{ // Unreachable: an error with the cause.
				PreConfig:   func() { a.docker("pause", a.name+"-control-plane") },
				Config:      a.config(moved),
				ExpectError: regexp.MustCompile(`(?s)cluster ` + a.name + ` does not answer.*its API server does not\s+answer\s+at\s+https://127`),
			},
			{ // Gone: planned to be created, beside the registry that stayed.
				PreConfig: func() {
					a.docker("unpause", a.name+"-control-plane")
					a.docker("rm", "--force", "--volumes", a.name+"-control-plane")
				},
				Config: a.config(other),
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
					plancheck.ExpectResourceAction("kind_cluster.test", plancheck.ResourceActionCreate),
					plancheck.ExpectResourceAction("kind_registry.test", plancheck.ResourceActionNoop),
				}},
				Check: resource.TestCheckResourceAttrWith("kind_cluster.test", "uid", func(value string) error { return another(uid, value) }),
			},
		},
	})
}

func same(a, b string) error {
	if a != b {
		return fmt.Errorf("%s became %s", a, b)
	}
	return nil
}

func another(a, b string) error {
	if a == b || b == "" {
		return fmt.Errorf("%q is not another than %q", b, a)
	}
	return nil
}

func TestAccAnInterruptedCreationLeavesNothing(t *testing.T) {
	a := newAcceptance(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	spec := kindcluster.Spec{Name: a.name, NodeImage: a.node, Network: "kindling-" + a.name, Wait: time.Minute,
		Nodes: []kindcluster.NodeSpec{{Role: kindcluster.RoleControlPlane}, {Role: kindcluster.RoleWorker}}}
	_, err := a.engine.Create(ctx, spec, func(step string) {
		if strings.HasPrefix(step, "Starting control-plane") {
			cancel()
		}
	})
	assert.ErrorContains(t, err, "the creation of cluster "+a.name+" was interrupted")
	a.nothingIsLeft()
}

func TestAccAPortInUseIsNamedWithItsUser(t *testing.T) {
	a := newAcceptance(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	taken := listener.Addr().(*net.TCPAddr).Port
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: a.providers(),
		Steps: []resource.TestStep{{
			Config:      a.config(settings{port: taken, registryPort: freePort(t), mirror: "first.example"}),
			ExpectError: regexp.MustCompile(fmt.Sprintf(`port %d of 127\.0\.0\.1 is in use by\s+provider\.test\s+\(pid\s+%d\)`, taken, os.Getpid())),
		}},
	})
}
