package kindcluster

import (
	"net/url"
	"slices"
	"strings"
)

// environment returns what kind is to find in its environment: the network,
// and behind a proxy the hosts that nodes must reach without it. kind itself
// excepts addresses and nodes; registries beside the nodes have other names.
func environment(spec Spec, lookup func(string) (string, bool)) map[string]string {
	variables := map[string]string{"KIND_EXPERIMENTAL_DOCKER_NETWORK": spec.Network}
	hosts := neighbours(spec.RegistryMirrors)
	if len(hosts) == 0 || !anySet(lookup, "HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy") {
		return variables
	}
	for _, name := range []string{"NO_PROXY", "no_proxy"} {
		if value, _ := lookup(name); value != "" {
			hosts = append(hosts, value)
			break
		}
	}
	variables["NO_PROXY"] = strings.Join(hosts, ",")
	variables["no_proxy"] = variables["NO_PROXY"]
	return variables
}

func anySet(lookup func(string) (string, bool), names ...string) bool {
	return slices.ContainsFunc(names, func(name string) bool {
		value, _ := lookup(name)
		return value != ""
	})
}

// neighbours returns the hosts of mirrors that only the cluster's network
// knows: names without a dot.
func neighbours(mirrors map[string][]string) []string {
	var hosts []string
	for _, urls := range mirrors {
		for _, text := range urls {
			if u, err := url.Parse(text); err == nil && !strings.Contains(u.Hostname(), ".") {
				hosts = append(hosts, u.Hostname())
			}
		}
	}
	slices.Sort(hosts)
	return slices.Compact(hosts)
}
