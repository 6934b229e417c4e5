package kindcluster

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/kind/pkg/apis/config/v1alpha4"
)

// fakeDocker is an engine in memory, as far as the commands go that are run
// here. It notes every command.
type fakeDocker struct {
	mu         sync.Mutex
	commands   []string
	containers map[string]*fakeContainer
	networks   map[string]*network
	volumes    map[string]string // name to label
	images     map[string]bool
	cgroups    string
	// fail makes commands that begin with a text fail with another.
	fail map[string]string
	// ran is called after `docker run` and `docker start`.
	ran func(name string)
}

type fakeContainer struct {
	inspected
	kindCluster string
	files       map[string]string // by path, as docker cp wrote them
	logs        string
}

func newFakeDocker() *fakeDocker {
	return &fakeDocker{containers: map[string]*fakeContainer{}, networks: map[string]*network{}, volumes: map[string]string{},
		images: map[string]bool{"node:1": true, "registry:1": true}, cgroups: "2", fail: map[string]string{}}
}

func (d *fakeDocker) run(ctx context.Context, stdin io.Reader, args ...string) ([]byte, error) {
	if ctx.Err() != nil {
		return nil, fmt.Errorf("docker %s: %w", args[0], ctx.Err())
	}
	d.mu.Lock()
	command := strings.Join(args, " ")
	d.commands = append(d.commands, command)
	out, err := d.answer(stdin, command, args)
	d.mu.Unlock()
	if err == nil && (args[0] == "run" || args[0] == "start") && d.ran != nil {
		d.ran(command)
	}
	return []byte(out), err
}

func (d *fakeDocker) answer(stdin io.Reader, command string, args []string) (string, error) {
	for prefix, text := range d.fail {
		if strings.HasPrefix(command, prefix) {
			return "", &commandError{args: args, stderr: text, err: errors.New("exit status 1")}
		}
	}
	last := args[len(args)-1]
	switch args[0] {
	case "ps":
		return d.list(command), nil
	case "info":
		name, _ := os.Hostname()
		return fmt.Sprintf(`{"Name":%q,"CgroupVersion":%q}`, name, d.cgroups), nil
	case "inspect":
		return d.inspect(args[3:])
	case "image":
		if !d.images[last] {
			return "", missing("No such image: " + last)
		}
		return "sha256:1", nil
	case "network":
		return d.network(args)
	case "volume":
		return d.volume(args)
	case "rm":
		return "", d.remove(args[2:])
	case "cp":
		return d.copy(stdin, args)
	case "run":
		return "", d.runContainer(args)
	case "start":
		for _, name := range args[1:] {
			if name == "--" {
				continue
			}
			d.containers[name].State.Running = true
		}
		return "", nil
	case "logs":
		return d.containers[last].logs, nil
	case "exec", "pull":
		return "", nil
	}
	return "", fmt.Errorf("fake docker knows no %q", command)
}

func missing(text string) error { return &commandError{stderr: text, err: errors.New("exit status 1")} }

func (d *fakeDocker) list(command string) string {
	var names []string
	for name, c := range d.containers {
		if strings.Contains(command, labelKindCluster+"=") && strings.Contains(command+" ", "="+c.kindCluster+" ") && c.kindCluster != "" ||
			strings.Contains(command+" ", Label+"="+c.Config.Labels[Label]+" ") && c.Config.Labels[Label] != "" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return strings.Join(names, "\n")
}

func (d *fakeDocker) inspect(names []string) (string, error) {
	var found []inspected
	for _, name := range names {
		c, ok := d.containers[name]
		if !ok {
			return "", missing("Error: No such container: " + name)
		}
		found = append(found, c.inspected)
	}
	out, err := json.Marshal(found)
	return string(out), err
}

func (d *fakeDocker) network(args []string) (string, error) {
	name := args[len(args)-1]
	switch args[1] {
	case "inspect":
		n, ok := d.networks[args[2]]
		if !ok {
			return "", missing("Error: No such network: " + name)
		}
		attached := *n
		attached.Containers = map[string]struct{ Name string }{}
		for container, c := range d.containers {
			if _, on := c.NetworkSettings.Networks[name]; on {
				attached.Containers[container] = struct{ Name string }{container}
			}
		}
		out, err := json.Marshal([]network{attached})
		return string(out), err
	case "create":
		label := args[slices.Index(args, "--label")+1]
		_, value, _ := strings.Cut(label, "=")
		d.networks[name] = &network{Name: name, Labels: map[string]string{Label: value}}
	case "rm":
		delete(d.networks, name)
	case "ls":
		return d.labelled(args, func() (names []string) {
			for name, n := range d.networks {
				if strings.HasSuffix(args[3], "="+n.Labels[Label]) {
					names = append(names, name)
				}
			}
			return names
		}), nil
	}
	return "", nil
}

func (d *fakeDocker) labelled(_ []string, names func() []string) string {
	all := names()
	slices.Sort(all)
	return strings.Join(all, "\n")
}

func (d *fakeDocker) volume(args []string) (string, error) {
	name := args[len(args)-1]
	switch args[1] {
	case "inspect":
		label, ok := d.volumes[name]
		if !ok {
			return "", missing("Error: No such volume: " + name)
		}
		return label, nil
	case "create":
		_, value, _ := strings.Cut(args[3], "=")
		d.volumes[name] = value
	case "rm":
		delete(d.volumes, name)
	case "ls":
		return d.labelled(args, func() (names []string) {
			for name, label := range d.volumes {
				if strings.HasSuffix(args[3], "="+label) {
					names = append(names, name)
				}
			}
			return names
		}), nil
	}
	return "", nil
}

func (d *fakeDocker) remove(names []string) error {
	for _, name := range names {
		if _, ok := d.containers[name]; !ok && !strings.HasPrefix(name, "--") {
			return missing("Error: No such container: " + name)
		}
		delete(d.containers, name)
	}
	return nil
}

func (d *fakeDocker) copy(stdin io.Reader, args []string) (string, error) {
	if args[1] == "-" {
		name, _, _ := strings.Cut(args[2], ":")
		c, ok := d.containers[name]
		if !ok {
			return "", missing("No such container: " + name)
		}
		for file, content := range untar(stdin) {
			c.files["/"+file] = content
		}
		return "", nil
	}
	name, file, _ := strings.Cut(args[1], ":")
	c, ok := d.containers[name]
	if !ok {
		return "", missing("No such container: " + name)
	}
	content, ok := c.files[file]
	if !ok {
		return "", missing("Could not find the file " + file + " in container " + name)
	}
	archive, err := tarOf([]nodeFile{{path: "/etc/x", mode: 0o644, content: []byte(content)}})
	if err != nil {
		return "", err
	}
	return string(archive), nil
}

func (d *fakeDocker) runContainer(args []string) error {
	option := func(name string) string { return args[slices.Index(args, name)+1] }
	c := &fakeContainer{files: map[string]string{}}
	c.ID, c.Name, c.Config.Image = "id-"+option("--name"), "/"+option("--name"), args[len(args)-1]
	c.State.Running, c.State.Status = true, "running"
	_, value, _ := strings.Cut(option("--label"), "=")
	c.Config.Labels = map[string]string{Label: value}
	c.NetworkSettings.Networks = map[string]json.RawMessage{option("--network"): nil}
	parts := strings.Split(option("--publish"), ":")
	c.HostConfig.PortBindings = map[string][]struct{ HostIp, HostPort string }{parts[2] + "/tcp": {{parts[0], parts[1]}}}
	volume, destination, _ := strings.Cut(option("--volume"), ":")
	c.Mounts = append(c.Mounts, struct {
		Type, Name, Source, Destination string
		RW                              bool
	}{Name: volume, Destination: destination})
	d.containers[option("--name")] = c
	return nil
}

// node adds a node's container, as kind makes it.
func (d *fakeDocker) node(cluster, name, role, image, networkName string) *fakeContainer {
	d.mu.Lock()
	defer d.mu.Unlock()
	c := &fakeContainer{kindCluster: cluster, files: map[string]string{}}
	c.ID, c.Name, c.Config.Image = "id-"+name, "/"+name, image
	c.Config.Labels = map[string]string{labelKindCluster: cluster, labelKindRole: role}
	c.State.Running, c.State.Status, c.State.StartedAt = true, "running", time.Now()
	c.NetworkSettings.Networks = map[string]json.RawMessage{networkName: nil}
	d.containers[name] = c
	return c
}

func (d *fakeDocker) count(prefix string) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := 0
	for _, command := range d.commands {
		if strings.HasPrefix(command, prefix) {
			n++
		}
	}
	return n
}

// fakeKind makes nodes in a fakeDocker and serves an API for them.
type fakeKind struct {
	docker      *fakeDocker
	server      *fakeServer
	config      *v1alpha4.Cluster
	environment map[string]string
	err         error
	silent      bool // announces no step
	hang        chan struct{}
}

func (k *fakeKind) create(config *v1alpha4.Cluster, environment map[string]string, kubeconfig string, step Progress) error {
	k.config, k.environment = config, environment
	count := map[string]int{}
	for _, node := range config.Nodes {
		count[string(node.Role)]++
		name := fmt.Sprintf("%s-%s", config.Name, node.Role)
		if n := count[string(node.Role)]; n > 1 {
			name = fmt.Sprintf("%s%d", name, n)
		}
		k.docker.node(config.Name, name, string(node.Role), node.Image, environment["KIND_EXPERIMENTAL_DOCKER_NETWORK"])
		k.server.addNode(name)
	}
	if !k.silent {
		step("Writing configuration")
		step("Starting control-plane")
	}
	if k.hang != nil {
		// kind goes on until what it waits for is gone.
		for {
			k.docker.mu.Lock()
			left := len(k.docker.containers)
			k.docker.mu.Unlock()
			if left == 0 {
				return errors.New("the container is gone")
			}
			select {
			case k.hang <- struct{}{}:
			case <-time.After(time.Millisecond):
			}
		}
	}
	if k.err != nil {
		return k.err
	}
	return os.WriteFile(kubeconfig, []byte(k.server.kubeconfig()), 0o600)
}

func (k *fakeKind) kubeconfig(string) (string, error) {
	if k.server == nil {
		return "", errors.New("no admin.conf")
	}
	return k.server.kubeconfig(), nil
}

// fakeServer is an API server with a certificate of its own that asks for a
// client certificate.
type fakeServer struct {
	*httptest.Server
	mu      sync.Mutex
	uid     string
	nodes   map[string]string // name to the reason why it is not ready
	renewed map[string]time.Time
	cert    []byte
	key     []byte
}

func newFakeServer(t *testing.T, uid string) *fakeServer {
	t.Helper()
	s := &fakeServer{uid: uid, nodes: map[string]string{}, renewed: map[string]time.Time{}}
	s.Server = httptest.NewTLSServer(s)
	t.Cleanup(s.Close)
	s.cert, s.key = keyPair(t)
	return s
}

func (s *fakeServer) addNode(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.nodes[name], s.renewed[name] = "", time.Now()
}

func (s *fakeServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	items := []any{}
	switch r.URL.Path {
	case "/api/v1/namespaces/kube-system":
		_ = json.NewEncoder(w).Encode(map[string]any{"metadata": map[string]any{"uid": s.uid}})
		return
	case "/api/v1/nodes":
		for name, reason := range s.nodes {
			status := "True"
			if reason != "" {
				status = "False"
			}
			conditions := []any{map[string]any{"type": "MemoryPressure", "status": "False"}, map[string]any{"type": "Ready", "status": status, "message": reason}}
			items = append(items, map[string]any{"metadata": map[string]any{"name": name}, "status": map[string]any{"conditions": conditions}})
		}
	case "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases":
		for name, renewed := range s.renewed {
			items = append(items, map[string]any{"metadata": map[string]any{"name": name}, "spec": map[string]any{"renewTime": renewed.Format(time.RFC3339Nano)}})
		}
	default:
		http.NotFound(w, r)
		return
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"items": items})
}

func (s *fakeServer) credentials() Credentials {
	authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	return Credentials{Endpoint: s.URL, CACertificate: string(authority), ClientCertificate: string(s.cert), ClientKey: string(s.key)}
}

func (s *fakeServer) kubeconfig() string {
	c := s.credentials()
	encode := func(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }
	return fmt.Sprintf(`apiVersion: v1
kind: Config
clusters: [{name: kind-dev, cluster: {server: %q, certificate-authority-data: %q}}]
users: [{name: kind-dev, user: {client-certificate-data: %q, client-key-data: %q}}]
`, c.Endpoint, encode(c.CACertificate), encode(c.ClientCertificate), encode(c.ClientKey))
}

func keyPair(t *testing.T) (cert, key []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "admin"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	require.NoError(t, err)
	encoded, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(t, err)
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded})
}

// testing parts of one engine.
type bench struct {
	engine *Engine
	docker *fakeDocker
	kind   *fakeKind
	server *fakeServer
	steps  *steps
}

type steps struct {
	mu  sync.Mutex
	all []string
}

func (s *steps) add(step string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, step)
}

func (s *steps) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.all, "\n")
}

func newBench(t *testing.T) *bench {
	t.Helper()
	docker, server := newFakeDocker(), newFakeServer(t, "uid-1")
	kind := &fakeKind{docker: docker, server: server}
	engine := &Engine{docker: docker, kind: kind, proc: t.TempDir(), locks: t.TempDir(), poll: time.Millisecond, grace: 20 * time.Millisecond}
	return &bench{engine: engine, docker: docker, kind: kind, server: server, steps: &steps{}}
}

func untar(archive io.Reader) map[string]string {
	files := map[string]string{}
	content, _ := io.ReadAll(archive)
	for name, text := range readTar(bytes.NewReader(content)) {
		files[name] = text
	}
	return files
}

func oneNode() Spec {
	return Spec{Name: "dev", NodeImage: "node:1", Network: "kindling-dev", Wait: 2 * time.Second, Nodes: []NodeSpec{{Role: RoleControlPlane}}}
}

func twoNodes() Spec {
	spec := oneNode()
	spec.Nodes = append(spec.Nodes, NodeSpec{Role: RoleWorker})
	return spec
}
