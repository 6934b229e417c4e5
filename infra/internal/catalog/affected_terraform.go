package catalog

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/zclconf/go-cty/cty"
)

// terraformFolder is a folder with Terraform files, below modules/ or environments/.
type terraformFolder struct {
	path          string   // relative to root, with slashes
	calls         []string // folders of the modules it calls, relative to root
	readsServices bool     // reads services/*/service.yaml
}

func affectedTerraform(root string, files []changedFile) ([]reason, error) {
	folders, err := terraformFolders(root)
	if err != nil {
		return nil, err
	}
	var reasons []reason
	for _, file := range files {
		if own, ok := owner(file.path, folders); ok {
			reasons = append(reasons, reason{kindOfFolder(own), nameOfFolder(own), changedIn(file)})
		}
		for _, target := range slices.Sorted(maps.Keys(folders)) {
			if text, ok := folders[target].reasonFor(file, folders); ok {
				reasons = append(reasons, reason{kindOfFolder(target), nameOfFolder(target), text})
			}
		}
	}
	return reasons, nil
}

// reasonFor says why a changed file outside a folder changes what it plans.
func (f terraformFolder) reasonFor(file changedFile, folders map[string]terraformFolder) (string, bool) {
	if folder, rest, _ := splitUnder(file.path, "services"); folder != "" && rest == File && f.readsServices {
		return "reads " + File + " of " + folder + ", " + changedIn(file), true
	}
	if isDocumentation(file.path) || isTerraformTest(file.path) {
		return "", false
	}
	changed, ok := owner(file.path, folders)
	if !ok || changed == f.path {
		return "", false
	}
	hop, reached := f.hopTo(changed, folders)
	if !reached {
		return "", false
	}
	return throughText("calls", changed, hop, file), true
}

// hopTo returns the module that f calls itself on the shortest way to target.
func (f terraformFolder) hopTo(target string, folders map[string]terraformFolder) (string, bool) {
	type step struct{ folder, hop string }
	var queue []step
	for _, called := range f.calls {
		queue = append(queue, step{called, called})
	}
	for seen := map[string]bool{}; len(queue) > 0; queue = queue[1:] {
		at := queue[0]
		if at.folder == target {
			return at.hop, true
		}
		if seen[at.folder] {
			continue
		}
		seen[at.folder] = true
		for _, called := range folders[at.folder].calls {
			queue = append(queue, step{called, at.hop})
		}
	}
	return "", false
}

// owner is the innermost module or environment that a file lies in. Examples
// and tests belong to their module; files of an environment outside its roots
// belong to the environment.
func owner(file string, folders map[string]terraformFolder) (string, bool) {
	if !strings.HasPrefix(file, "modules/") && !strings.HasPrefix(file, "environments/") {
		return "", false
	}
	for dir := path.Dir(file); dir != "."; dir = path.Dir(dir) {
		if _, ok := folders[dir]; ok {
			return dir, true
		}
	}
	if name, _, inside := splitUnder(file, "environments"); inside {
		return "environments/" + name, true
	}
	return "", false
}

func kindOfFolder(folder string) Kind {
	if strings.HasPrefix(folder, "modules/") {
		return KindModule
	}
	return KindEnvironment
}

// nameOfFolder is "cluster/kind" for modules/cluster/kind, "dev" for environments/dev/workloads.
func nameOfFolder(folder string) string {
	if name, ok := strings.CutPrefix(folder, "modules/"); ok {
		return name
	}
	name, _, _ := strings.Cut(strings.TrimPrefix(folder, "environments/"), "/")
	return name
}

func isTerraformTest(file string) bool {
	return strings.Contains(file, "/tests/") || strings.Contains(file, "/examples/") || strings.HasSuffix(file, ".tftest.hcl")
}

func terraformFolders(root string) (map[string]terraformFolder, error) {
	folders := map[string]terraformFolder{}
	for _, top := range []string{"modules", "environments"} {
		err := filepath.WalkDir(filepath.Join(root, top), func(file string, entry fs.DirEntry, err error) error {
			if os.IsNotExist(err) {
				return nil
			}
			if err != nil {
				return err
			}
			if name := entry.Name(); entry.IsDir() {
				if strings.HasPrefix(name, ".") || name == "tests" || name == "examples" {
					return filepath.SkipDir
				}
				return nil
			}
			return addTerraformFile(root, file, folders)
		})
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", top, err)
		}
	}
	return folders, nil
}

func addTerraformFile(root, file string, folders map[string]terraformFolder) error {
	if !strings.HasSuffix(file, ".tf") && !strings.HasSuffix(file, ".tf.json") {
		return nil
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	dir, err := filepath.Rel(root, filepath.Dir(file))
	if err != nil {
		return err
	}
	dir = filepath.ToSlash(dir)
	folder := folders[dir]
	folder.path = dir
	for _, source := range localSources(file, content) {
		folder.calls = append(folder.calls, path.Join(dir, source))
	}
	folder.readsServices = folder.readsServices || strings.Contains(string(content), File)
	folders[dir] = folder
	return nil
}

// localSources lists the local sources of the module blocks in a file. A file
// that Terraform could not read either calls nothing; `terraform validate` tells.
func localSources(file string, content []byte) []string {
	parser := hclparse.NewParser()
	parse := parser.ParseHCL
	if strings.HasSuffix(file, ".json") {
		parse = parser.ParseJSON
	}
	parsed, _ := parse(content, file)
	if parsed == nil {
		return nil
	}
	body, _, _ := parsed.Body.PartialContent(&hcl.BodySchema{
		Blocks: []hcl.BlockHeaderSchema{{Type: "module", LabelNames: []string{"name"}}},
	})
	var sources []string
	for _, block := range body.Blocks {
		attributes, _, _ := block.Body.PartialContent(&hcl.BodySchema{Attributes: []hcl.AttributeSchema{{Name: "source"}}})
		source, ok := attributes.Attributes["source"]
		if !ok {
			continue
		}
		value, diagnostics := source.Expr.Value(nil)
		if !diagnostics.HasErrors() && value.Type() == cty.String && strings.HasPrefix(value.AsString(), ".") {
			sources = append(sources, value.AsString())
		}
	}
	return sources
}
