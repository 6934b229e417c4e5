package kindcluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
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
	// answers is what commands that begin with a text print.
	answers map[string]string
	// ran is called after `docker run` and `docker start`.
	ran func(name string)
}

type fakeContainer struct {
	inspected
	kindCluster string
	publishes   string
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
	for prefix, text := range d.answers {
		if strings.HasPrefix(command, prefix) {
			return text, nil
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
		if c.publishes != "" && strings.Contains(command, "publish="+c.publishes+" ") || strings.Contains(command, labelKindCluster+"=") && strings.Contains(command+" ", "="+c.kindCluster+" ") && c.kindCluster != "" ||
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
		labels := map[string]string{}
		for name, n := range d.networks {
			labels[name] = n.Labels[Label]
		}
		return labelled(labels, args[3]), nil
	}
	return "", nil
}

// labelled lists the names whose label a filter asks for.
func labelled(labels map[string]string, filter string) string {
	var names []string
	for name, label := range labels {
		if label != "" && strings.HasSuffix(filter, "="+label) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return strings.Join(names, "\n")
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
		return labelled(d.volumes, args[3]), nil
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
	c.HostConfig.PortBindings = map[string][]portBinding{parts[2] + "/tcp": {{parts[0], parts[1]}}}
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
