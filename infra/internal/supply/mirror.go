package supply

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
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

// ProviderParts are the names of the parts that are providers.
func ProviderParts() []string {
	names := make([]string, 0, len(Providers))
	for _, p := range Providers {
		names = append(names, p.Part)
	}
	return names
}

func providerBinary(name, version string) string {
	return fmt.Sprintf("terraform-provider-%s_v%s", name, version)
}

// WriteMirror lays built providers out as Terraform's filesystem mirror wants them: links into
// the cache, by HOST/NAMESPACE/NAME/VERSION/OS_ARCH. dirs are the parts' folders.
func WriteMirror(dir string, dirs map[string]string) error {
	for _, p := range Providers {
		binary := providerBinary(filepath.Base(p.Source), p.Version)
		target := filepath.Join(dirs[p.Part], "bin", binary)
		folder := filepath.Join(dir, filepath.FromSlash(p.Source), p.Version, runtime.GOOS+"_"+runtime.GOARCH)
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return err
		}
		if err := replaceLink(filepath.Join(folder, binary), target); err != nil {
			return fmt.Errorf("write the provider mirror: %w", err)
		}
	}
	return nil
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

// CLIConfig is the text of a Terraform CLI configuration that takes providers from the mirror.
// With direct, what the mirror does not have comes from Terraform's registry.
func CLIConfig(mirror string, direct bool) string {
	text := fmt.Sprintf("provider_installation {\n  filesystem_mirror {\n    path = %q\n  }\n", mirror)
	if direct {
		text += "  direct {\n    exclude = [\"kindling.internal/*/*\"]\n  }\n"
	}
	return text + "}\n\ndisable_checkpoint = true\n"
}
