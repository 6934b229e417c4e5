package kindcluster

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"path"
	"slices"
	"strings"
)

// mirrorsDir is where containerd 2 looks for registries when its
// configuration says nothing else.
const mirrorsDir = "/etc/containerd/certs.d"

// mirrorFiles returns containerd's configuration of registry hosts.
func mirrorFiles(mirrors map[string][]string) []nodeFile {
	var files []nodeFile
	for _, host := range slices.Sorted(maps.Keys(mirrors)) {
		files = append(files, nodeFile{path: path.Join(mirrorsDir, host, "hosts.toml"), mode: 0o644, content: []byte(hostsTOML(host, mirrors[host]))})
	}
	return files
}

// hostsTOML asks the mirrors in order, then the registry itself; a host that
// in a node would be the node is not asked, since its silence would hide
// what the mirror said.
func hostsTOML(host string, mirrors []string) string {
	var text strings.Builder
	fmt.Fprintf(&text, "server = %q\n", upstream(host, mirrors))
	for _, mirror := range mirrors {
		fmt.Fprintf(&text, "\n[host.%q]\n  capabilities = [\"pull\", \"resolve\"]\n", strings.TrimSuffix(mirror, "/"))
		if u, err := url.Parse(mirror); err == nil && strings.Trim(u.Path, "/") != "" {
			// The path stands for /v2, so containerd must not add its own.
			text.WriteString("  override_path = true\n")
		}
	}
	return text.String()
}

func upstream(host string, mirrors []string) string {
	name, _, _ := strings.Cut(host, ":")
	switch name {
	case "localhost", "127.0.0.1":
		return strings.TrimSuffix(mirrors[len(mirrors)-1], "/")
	case "docker.io":
		return "https://registry-1.docker.io"
	}
	return "https://" + host
}

// changeMirrors makes nodes use mirrors instead of old. containerd reads the
// files at every pull, so nothing is restarted.
func (e *Engine) changeMirrors(ctx context.Context, nodes []string, old, mirrors map[string][]string) error {
	remove := []string{"rm", "-rf"}
	for _, host := range slices.Sorted(maps.Keys(old)) {
		if _, kept := mirrors[host]; !kept {
			remove = append(remove, path.Join(mirrorsDir, host))
		}
	}
	return onNodes(ctx, nodes, func(ctx context.Context, node string) error {
		if len(remove) > 2 {
			if _, err := e.docker.run(ctx, nil, slices.Concat([]string{"exec", node}, remove)...); err != nil {
				return fmt.Errorf("remove registry mirrors from node %s: %w", node, err)
			}
		}
		return e.writeFiles(ctx, node, mirrorFiles(mirrors))
	})
}
