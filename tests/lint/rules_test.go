// Package lint shows that .golangci.yml is what golangci-lint takes it for, and that each of its
// import rules refuses what it is there to refuse.
package lint

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

const config = "../../.golangci.yml"

// linter is golangci-lint as tests/tools/lint pins it; the first build of it takes minutes.
func linter(t *testing.T) string {
	t.Helper()
	text, err := exec.Command("../tools/build.sh", "golangci-lint").CombinedOutput()
	require.NoError(t, err, string(text))
	path, err := filepath.Abs("../../.kindling/bin/golangci-lint")
	require.NoError(t, err)
	return path
}

func TestTheConfigurationFitsTheSchemaOfItsVersion(t *testing.T) {
	text, err := exec.Command(linter(t), "config", "verify", "--config", config).CombinedOutput()
	require.NoError(t, err, string(text))

	broken := filepath.Join(t.TempDir(), ".golangci.yml")
	content, err := os.ReadFile(config)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(broken, bytes.Replace(content, []byte("list-mode: lax"), []byte("list-mode: loose"), 1), 0o644))
	text, err = exec.Command(linter(t), "config", "verify", "--config", broken).CombinedOutput()
	require.Error(t, err)
	assert.Contains(t, string(text), "list-mode")
}

// violation is an import that a rule refuses: in a file of a package, of another package.
type violation struct{ rule, file, imports string }

const (
	infra    = "kindling.internal/infra/internal/"
	services = "kindling.internal/services/"
)

// special violations break the rules that are about more than the imports of one package or the
// importers of one library.
var special = []violation{
	{"cli-is-the-top", "infra/internal/scaffold/a.go", infra + "cli"},
	{"stack-is-walked-by-cli", "infra/internal/kube/b.go", infra + "stack"},
	{"kind-provider-is-a-program-of-its-own", "infra/internal/engine/d.go", infra + "kindcluster"},
	{"infra", "infra/internal/catalog/w.go", services + "kit/log"},
	{"services", "services/kit/x/x.go", "kindling.internal/tests/e2e"},
	{"kit", "services/kit/y/y.go", services + "shop"},
	{"tests", "tests/e2e/z.go", services + "kit/log"},
}

type rule struct {
	Files []string `yaml:"files"`
	Deny  []denial `yaml:"deny"`
}

type denial struct {
	Pkg  string `yaml:"pkg"`
	Desc string `yaml:"desc"`
}

var onePackage = regexp.MustCompile(`^\*\*/(infra/internal/[a-z]+)/\*\.go$`)

// violations break each rule once: the special ones; for each rule about the imports of one package
// that package and another, which makes no circle; for each about a library another that imports it.
func violations(t *testing.T) []violation {
	t.Helper()
	all := slices.Clone(special)
	for name, r := range rules(t) {
		if slices.ContainsFunc(special, func(v violation) bool { return v.rule == name }) {
			continue
		}
		if match := onePackage.FindStringSubmatch(r.Files[0]); match != nil && len(r.Files) == 1 {
			all = append(all, violation{name, match[1] + "/broken.go", infra + "other"})
		} else if library := r.Deny[0].Pkg; !strings.HasPrefix(library, "kindling.internal/") {
			if strings.HasSuffix(library, "-") { // all whose names begin so
				library += "framework"
			}
			all = append(all, violation{name, "infra/internal/other/" + name + ".go", library})
		}
	}
	return all
}

// rules are depguard's, by name.
func rules(t *testing.T) map[string]rule {
	t.Helper()
	content, err := os.ReadFile(config)
	require.NoError(t, err)
	var file struct {
		Linters struct {
			Settings struct {
				Depguard struct {
					Rules map[string]rule `yaml:"rules"`
				} `yaml:"depguard"`
			} `yaml:"settings"`
		} `yaml:"linters"`
	}
	require.NoError(t, yaml.Unmarshal(content, &file))
	return file.Linters.Settings.Depguard.Rules
}

// A new rule of another kind has to be added to the special violations.
func TestEachImportRuleRefusesWhatItIsThereFor(t *testing.T) {
	broken := violations(t)
	output := lintViolations(t, broken)
	all := rules(t)
	seen := map[string]bool{}
	for _, v := range broken {
		seen[v.rule] = true
		require.Contains(t, all, v.rule)
		found := slices.ContainsFunc(all[v.rule].Deny, func(d denial) bool {
			return regexp.MustCompile(regexp.QuoteMeta(v.file) + `:\d+:\d+: .*'` + v.rule + `'.*` + regexp.QuoteMeta(d.Desc)).MatchString(output)
		})
		assert.True(t, found, "%s: %s imports %s, and rule %s is silent", v.rule, v.file, v.imports, v.rule)
	}
	for name := range all {
		assert.True(t, seen[name], "rule %s has no violation in this test", name)
	}
	assert.NotContains(t, output, "allowed.go", "what the rules allow is not reported")
}

// lintViolations writes a repository of its own, in which each rule is broken, and returns what
// golangci-lint says of it.
func lintViolations(t *testing.T, broken []violation) string {
	t.Helper()
	root := t.TempDir()
	content, err := os.ReadFile(config)
	require.NoError(t, err)
	write(t, root, ".golangci.yml", string(content))
	var outside []string // libraries, which empty modules stand in for
	for _, v := range broken {
		if !strings.HasPrefix(v.imports, "kindling.internal/") {
			outside = append(outside, v.imports)
		}
	}
	var requires strings.Builder
	for _, module := range append(outside, "kindling.internal/infra", services+"kit", services+"shop", "kindling.internal/tests") {
		requires.WriteString("require " + module + " v0.0.0\nreplace " + module + " => " + filepath.Join(root, folderOf(module)) + "\n")
	}
	for _, module := range append(outside, services+"shop") {
		write(t, root, folderOf(module)+"/go.mod", "module "+module+"\n\ngo 1.26.0\n")
		write(t, root, folderOf(module)+"/it.go", "// Package it stands in.\npackage it\n")
	}
	for _, folder := range []string{"infra", "services/kit", "tests"} {
		own := "kindling.internal/" + folder
		text := regexp.MustCompile(`(require|replace) `+regexp.QuoteMeta(own)+` .*\n`).ReplaceAllString(requires.String(), "")
		write(t, root, folder+"/go.mod", "module "+own+"\n\ngo 1.26.0\n\n"+text)
	}
	for _, v := range broken {
		breakRule(t, root, v)
	}
	write(t, root, "services/kit/log/allowed.go", "// Package log logs.\npackage log\n")
	write(t, root, "infra/internal/image/allowed.go", "package image\n\nimport _ \""+infra+"oci\" // its own leaf\n")
	run(t, root, "git", "init", "--quiet")
	var output strings.Builder
	for _, folder := range []string{"infra", "services/kit", "tests"} {
		cmd := exec.Command(linter(t), "run", "--enable-only", "depguard", "--uniq-by-line=false", "--max-issues-per-linter=0", "--max-same-issues=0", "./...")
		cmd.Dir, cmd.Env = filepath.Join(root, folder), append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod", "GOPROXY=off")
		text, err := cmd.CombinedOutput()
		require.Error(t, err, "there is something to find in %s", folder)
		output.Write(text)
	}
	return output.String()
}

// folderOf is where a module stands in the repository of the test.
func folderOf(module string) string {
	if own, ok := strings.CutPrefix(module, "kindling.internal/"); ok {
		return own
	}
	return "outside/" + module
}

// breakRule writes the package that is imported, when it is ours, and the file that imports it.
func breakRule(t *testing.T, root string, v violation) {
	t.Helper()
	if strings.HasPrefix(v.imports, "kindling.internal/") && !strings.HasSuffix(v.imports, "/shop") {
		folder := folderOf(v.imports)
		write(t, root, folder+"/package.go", "// Package "+filepath.Base(folder)+" is imported.\npackage "+filepath.Base(folder)+"\n")
	}
	folder := filepath.Dir(v.file)
	write(t, root, v.file, "package "+filepath.Base(folder)+"\n\nimport _ \""+v.imports+"\" // breaks "+v.rule+"\n")
}

func write(t *testing.T, root, name, content string) {
	t.Helper()
	path := filepath.Join(root, filepath.FromSlash(name))
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, []byte(content), 0o644))
}

func run(t *testing.T, dir, program string, args ...string) {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Dir = dir
	text, err := cmd.CombinedOutput()
	require.NoError(t, err, string(text))
}
