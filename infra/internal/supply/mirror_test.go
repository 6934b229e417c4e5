package supply

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// providerDirs are folders of built providers.
func providerDirs(t *testing.T) map[string]string {
	t.Helper()
	dirs := map[string]string{}
	for _, p := range Providers {
		dirs[p.Part] = t.TempDir()
		write(t, filepath.Join(dirs[p.Part], "bin", providerBinary(filepath.Base(p.Source), p.Version)), p.Part)
	}
	return dirs
}

func mirrored(mirror string) string {
	return filepath.Join(mirror, "registry.terraform.io", "hashicorp", "random", randomProviderVersion,
		runtime.GOOS+"_"+runtime.GOARCH, "terraform-provider-random_v"+randomProviderVersion)
}

func TestTheMirrorLinksEveryProviderWhereTerraformLooks(t *testing.T) {
	mirror := t.TempDir()
	require.NoError(t, WriteMirror(mirror, providerDirs(t)))
	content, err := os.ReadFile(mirrored(mirror))
	require.NoError(t, err)
	assert.Equal(t, "provider-random", string(content))
	assert.FileExists(t, strings.Replace(mirrored(mirror), "registry.terraform.io", "registry.opentofu.org", 1))
	assert.FileExists(t, filepath.Join(mirror, "kindling.internal", "kindling", "kind", kindProviderVersion,
		runtime.GOOS+"_"+runtime.GOARCH, "terraform-provider-kind_v"+kindProviderVersion))
}

func TestMirrorLinksAreReplacedWhenAProviderChanged(t *testing.T) {
	mirror, dirs := t.TempDir(), providerDirs(t)
	require.NoError(t, WriteMirror(mirror, dirs))
	fresh := providerDirs(t)
	write(t, filepath.Join(fresh["provider-random"], "bin", filepath.Base(mirrored(mirror))), "newer")
	// A process of the same number died between making its link and renaming it.
	require.NoError(t, os.Symlink("/nowhere", mirrored(mirror)+"."+strconv.Itoa(os.Getpid())))

	for range 2 {
		require.NoError(t, WriteMirror(mirror, fresh))
		content, err := os.ReadFile(mirrored(mirror))
		require.NoError(t, err)
		assert.Equal(t, "newer", string(content))
	}
	entries, err := os.ReadDir(filepath.Dir(mirrored(mirror)))
	require.NoError(t, err)
	assert.Len(t, entries, 1, "Terraform would take another file for a provider")
}

func TestTheCLIConfigurationNamesTheMirrorAlone(t *testing.T) {
	assert.Equal(t, `provider_installation {
  filesystem_mirror {
    path = "/a/b \"c\""
  }
}

disable_checkpoint = true
`, CLIConfig(`/a/b "c"`, false, ""))
}

func TestWithARegistryOnlyTheOwnProviderComesFromTheMirror(t *testing.T) {
	assert.Equal(t, `provider_installation {
  filesystem_mirror {
    path    = "/mirror"
    include = ["kindling.internal/*/*"]
  }
  direct {
    exclude = ["kindling.internal/*/*"]
  }
}

disable_checkpoint = true
`, CLIConfig("/mirror", true, ""))
}

func TestANetworkMirrorStandsForTheRegistry(t *testing.T) {
	assert.Equal(t, `provider_installation {
  filesystem_mirror {
    path    = "/mirror"
    include = ["kindling.internal/*/*"]
  }
  network_mirror {
    url     = "https://mirror.example.com/terraform/"
    exclude = ["kindling.internal/*/*"]
  }
}

disable_checkpoint = true
`, CLIConfig("/mirror", true, "https://mirror.example.com/terraform/"))
	assert.Equal(t, CLIConfig("/mirror", false, ""), CLIConfig("/mirror", false, "https://mirror.example.com/terraform/"), "everything was built here")
}

func TestANetworkMirrorThatTerraformWouldNotTakeIsRefused(t *testing.T) {
	for _, url := range []string{"http://mirror.example.com/", "https://mirror.example.com/terraform"} {
		assert.ErrorContains(t, CheckProviderMirror(url), "KINDLING_PROVIDER_MIRROR is")
	}
	assert.NoError(t, CheckProviderMirror(""))
	assert.NoError(t, CheckProviderMirror("https://mirror.example.com/"))
}

func TestAFolderStandsForTheRegistryToo(t *testing.T) {
	folder := t.TempDir()
	require.NoError(t, CheckProviderMirror(folder))
	for _, mistake := range []string{"mirror", filepath.Join(folder, "nothing")} {
		assert.ErrorContains(t, CheckProviderMirror(mistake), "the path of a folder from the root", mistake)
	}
	second := fmt.Sprintf("  filesystem_mirror {\n    path    = %q\n    exclude = [\"kindling.internal/*/*\"]\n  }\n", folder)
	upstream := CLIConfig("/mirror", true, folder)
	assert.Contains(t, upstream, second)
	assert.Contains(t, upstream, "include = [\"kindling.internal/*/*\"]")
	assert.NotContains(t, upstream, "direct")
	source := CLIConfig("/mirror", false, folder)
	assert.Contains(t, source, second, "what is not among the parts may be there")
	assert.NotContains(t, source, "include")
}

func TestProvidersAreFoundByTheirSources(t *testing.T) {
	assert.Equal(t, []string{"provider-kubernetes", "provider-kind"}, ProviderPartsOf([]string{"hashicorp/kubernetes", "kindling.internal/kindling/kind", "hashicorp/none"}))
	assert.Equal(t, []string{"provider-random"}, ProviderPartsOf([]string{"registry.terraform.io/hashicorp/random"}))
	assert.Empty(t, ProviderPartsOf(nil))
}
