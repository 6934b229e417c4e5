package supply

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// Provider is a Terraform provider that the source supply builds.
type Provider struct {
	Part    string
	Source  string // HOST/NAMESPACE/NAME
	Version string
}

// Providers are the providers that environments on this machine use.
var Providers = []Provider{
	{Part: "provider-kubernetes", Source: "registry.terraform.io/hashicorp/kubernetes", Version: kubernetesProviderVersion},
	{Part: "provider-random", Source: "registry.terraform.io/hashicorp/random", Version: randomProviderVersion},
	{Part: "provider-kind", Source: "kindling.internal/kindling/kind", Version: kindProviderVersion},
}

// CloudProviders are the providers of environments in a cloud, beside those of all: by the flavour of
// their cluster. Compiling one takes longer than all other parts together.
var CloudProviders = map[string]Provider{
	"eks": {Part: "provider-aws", Source: "registry.terraform.io/hashicorp/aws", Version: awsProviderVersion},
	"gke": {Part: "provider-google", Source: "registry.terraform.io/hashicorp/google", Version: googleProviderVersion},
}

// allProviders are Providers and CloudProviders.
func allProviders() []Provider {
	all := slices.Clone(Providers)
	for _, flavour := range slices.Sorted(maps.Keys(CloudProviders)) {
		all = append(all, CloudProviders[flavour])
	}
	return all
}

// published tells whether Terraform's registry has the provider.
func (p Provider) published() bool { return strings.HasPrefix(p.Source, "registry.terraform.io/") }

// ProviderParts are the names of the parts that are providers.
func ProviderParts() []string {
	names := make([]string, 0, len(Providers))
	for _, p := range Providers {
		names = append(names, p.Part)
	}
	return names
}

// ProviderPartsOf are the parts that are providers of these sources, with or without Terraform's
// registry in their names: hashicorp/random.
func ProviderPartsOf(sources []string) []string {
	var names []string
	for _, p := range allProviders() {
		if slices.Contains(sources, p.Source) || slices.Contains(sources, strings.TrimPrefix(p.Source, "registry.terraform.io/")) {
			names = append(names, p.Part)
		}
	}
	return names
}

func providerBinary(name, version string) string {
	return fmt.Sprintf("terraform-provider-%s_v%s", name, version)
}

// WriteMirror lays built providers out as Terraform's filesystem mirror wants them: links into
// the cache, by HOST/NAMESPACE/NAME/VERSION/OS_ARCH. dirs are the parts' folders; a provider
// without one is left alone.
func WriteMirror(dir string, dirs map[string]string) error {
	for _, p := range allProviders() {
		if dirs[p.Part] == "" {
			continue
		}
		for _, source := range p.addresses() {
			if err := p.link(filepath.Join(dir, filepath.FromSlash(source)), dirs[p.Part]); err != nil {
				return fmt.Errorf("write the provider mirror: %w", err)
			}
		}
	}
	return nil
}

// addresses are what Terraform and OpenTofu call the provider: a source without a host, such as
// hashicorp/random, is of the registry of the one that reads it.
func (p Provider) addresses() []string {
	if rest, ok := strings.CutPrefix(p.Source, "registry.terraform.io/"); ok {
		return []string{p.Source, "registry.opentofu.org/" + rest}
	}
	return []string{p.Source}
}

// link puts the provider, which was built in the folder part, into its folder of the mirror.
func (p Provider) link(folder, part string) error {
	folder = filepath.Join(folder, p.Version, runtime.GOOS+"_"+runtime.GOARCH)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	binary := providerBinary(filepath.Base(p.Source), p.Version)
	return replaceLink(filepath.Join(folder, binary), filepath.Join(part, "bin", binary))
}

// replaceLink makes path a link to target, without a moment in which there is none.
func replaceLink(path, target string) error {
	if now, err := os.Readlink(path); err == nil && now == target {
		return nil
	}
	fresh := fmt.Sprintf("%s.%d", path, os.Getpid())
	if err := os.Remove(fresh); err != nil && !os.IsNotExist(err) { // of a killed process with this one's number
		return err
	}
	if err := os.Symlink(target, fresh); err != nil {
		return err
	}
	return os.Rename(fresh, path)
}

// CLIConfig is the text of a Terraform CLI configuration that takes providers from the mirror. With
// others, only those that no registry has come from there, whatever else an earlier supply left in
// it, and the others from another mirror, or without one from Terraform's registry. The other mirror
// is an https URL or a folder; a folder is looked into in either case.
func CLIConfig(mirror string, others bool, other string) string {
	local, rest := fmt.Sprintf("    path = %q\n", mirror), ""
	switch {
	case isFolder(other):
		rest = fmt.Sprintf("  filesystem_mirror {\n    path    = %q\n    exclude = [\"kindling.internal/*/*\"]\n  }\n", other)
	case others && other != "":
		rest = fmt.Sprintf("  network_mirror {\n    url     = %q\n    exclude = [\"kindling.internal/*/*\"]\n  }\n", other)
	case others:
		rest = "  direct {\n    exclude = [\"kindling.internal/*/*\"]\n  }\n"
	}
	if others {
		local = fmt.Sprintf("    path    = %q\n    include = [\"kindling.internal/*/*\"]\n", mirror)
	}
	return fmt.Sprintf(`provider_installation {
  filesystem_mirror {
%s  }
%s}

disable_checkpoint = true
`, local, rest)
}

// isFolder tells a mirror that is a folder from one that is an URL.
func isFolder(mirror string) bool { return filepath.IsAbs(mirror) }
