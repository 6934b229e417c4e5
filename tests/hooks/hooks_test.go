// Package hooks tests what git is told to run before a commit, in repositories of its own.
package hooks

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// repository is a small repository with this one's hooks, and a tool folder that is built.
func repository(t *testing.T) string {
	t.Helper()
	checkout, err := filepath.Abs("../..")
	require.NoError(t, err)
	build := exec.Command(filepath.Join(checkout, "tests", "tools", "build.sh"), "gitleaks")
	text, err := build.CombinedOutput()
	require.NoError(t, err, string(text))

	root := t.TempDir()
	for _, name := range []string{".gitleaks.toml", ".githooks/install", ".githooks/pre-commit", "tests/tools/build.sh", "tests/tools/go.mod", "tests/tools/go.sum"} {
		content, err := os.ReadFile(filepath.Join(checkout, name))
		require.NoError(t, err)
		put(t, root, name, string(content))
		require.NoError(t, os.Chmod(filepath.Join(root, name), 0o755))
		require.NoError(t, os.Chtimes(filepath.Join(root, name), time.Time{}, time.Unix(1, 0)))
	}
	put(t, root, ".gitignore", "/.kindling/\n")
	put(t, root, "Makefile", "hooks:\n\t@.githooks/install\n")
	put(t, root, "services/shop/go.mod", "module shop\n\ngo 1.26.0\n")
	put(t, root, "services/shop/main.go", "package main\n\nfunc main() {}\n")
	require.NoError(t, os.MkdirAll(filepath.Join(root, ".kindling", "bin"), 0o755))
	require.NoError(t, os.Symlink(filepath.Join(checkout, ".kindling", "bin", "gitleaks"), filepath.Join(root, ".kindling", "bin", "gitleaks")))
	must(t, root, "git", "init", "--quiet", "--initial-branch=main")
	must(t, root, "git", "add", ".")
	must(t, root, "git", "commit", "--quiet", "--message", "begin")
	return root
}

// run runs a program as somebody whose git has no configuration of its own, and no golangci-lint.
func run(t *testing.T, root, program string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Dir = root
	cmd.Env = []string{"HOME=" + t.TempDir(), "PATH=" + os.Getenv("PATH"), "GIT_CONFIG_NOSYSTEM=1",
		"GIT_AUTHOR_NAME=test", "GIT_AUTHOR_EMAIL=test@localhost", "GIT_COMMITTER_NAME=test", "GIT_COMMITTER_EMAIL=test@localhost"}
	for _, name := range []string{"GOCACHE", "GOMODCACHE"} {
		text, err := exec.Command("go", "env", name).Output()
		require.NoError(t, err)
		cmd.Env = append(cmd.Env, name+"="+strings.TrimSpace(string(text)))
	}
	text, err := cmd.CombinedOutput()
	return string(text), err
}

func must(t *testing.T, root, program string, args ...string) string {
	t.Helper()
	text, err := run(t, root, program, args...)
	require.NoError(t, err, text)
	return text
}

func put(t *testing.T, root, name, content string) {
	t.Helper()
	path := filepath.Join(root, filepath.FromSlash(name))
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, []byte(content), 0o644))
}

// hooked is a repository in which make hooks was run.
func hooked(t *testing.T) string {
	t.Helper()
	root := repository(t)
	assert.Contains(t, must(t, root, "make", "hooks"), "git checks what is committed")
	return root
}

// refused stages everything, and requires that the commit is refused.
func refused(t *testing.T, root string) string {
	t.Helper()
	must(t, root, "git", "add", ".")
	text, err := run(t, root, "git", "commit", "--message", "change")
	require.Error(t, err, text)
	assert.Equal(t, "1\n", must(t, root, "git", "rev-list", "--count", "HEAD"))
	return text
}

func TestACleanCommitPassesInSeconds(t *testing.T) {
	root := hooked(t)
	put(t, root, "services/shop/main.go", "package main\n\nfunc main() { println(\"open\") }\n")
	put(t, root, "modules/shop/main.tf", "locals {\n  open = true\n}\n")
	must(t, root, "git", "add", ".")
	start := time.Now()
	text, err := run(t, root, "git", "commit", "--message", "change")
	require.NoError(t, err, text)
	assert.Contains(t, text, "golangci-lint is not there", "what is not looked at is said")
	assert.Less(t, time.Since(start), 30*time.Second)
	assert.Equal(t, "2\n", must(t, root, "git", "rev-list", "--count", "HEAD"))
}

func TestASecretIsRefusedAndNotShown(t *testing.T) {
	root := hooked(t)
	secret := "ghp_" + strings.Repeat("a1B2c3D4e5", 4)[:36] // put together here, or the hook would refuse this file
	put(t, root, "services/shop/config.txt", "token = \""+secret+"\"\n")
	text := refused(t, root)
	assert.Contains(t, text, "what is staged looks like a secret")
	assert.Contains(t, text, "services/shop/config.txt")
	assert.Contains(t, text, "gitleaks:allow")
	assert.NotContains(t, text, secret)
}

func TestPasswordsThatTestsOfTerraformMakeUpAreNone(t *testing.T) {
	root := hooked(t)
	password := "variables {\n  password = \"" + "correct-horse-9\"\n}\n" // in two, or the hook would refuse this file
	put(t, root, "modules/shop/tests/shop.tftest.hcl", password)
	must(t, root, "git", "add", ".")
	must(t, root, "git", "commit", "--message", "a test")
	put(t, root, "modules/shop/shop.hcl", password)
	must(t, root, "git", "add", ".")
	text, err := run(t, root, "git", "commit", "--message", "a secret")
	require.Error(t, err)
	assert.Contains(t, text, "modules/shop/shop.hcl")
}

func TestUnformattedFilesAreRefusedAllAtOnce(t *testing.T) {
	root := hooked(t)
	put(t, root, "services/shop/main.go", "package main\nfunc main() {   }\n")
	put(t, root, "modules/shop/main.tf", "locals {\nopen=true\n}\n")
	text := refused(t, root)
	assert.Contains(t, text, "✗ Go files are not formatted\n  |  services/shop/main.go\n  next   make fmt")
	assert.Contains(t, text, "✗ Terraform files are not formatted\n  |  modules/shop/main.tf\n")
}

func TestWhatGoVetFindsIsRefused(t *testing.T) {
	root := hooked(t)
	put(t, root, "services/shop/main.go", "package main\n\nimport \"fmt\"\n\nfunc main() { fmt.Printf(\"%d\\n\", \"open\") }\n")
	text := refused(t, root)
	assert.Contains(t, text, "✗ go vet found something")
	assert.Contains(t, text, "fmt.Printf format %d")
}

func TestTerraformIsValidatedWhereItWasInitialised(t *testing.T) {
	root := hooked(t)
	put(t, root, ".gitignore", "/.kindling/\n.terraform/\n.terraform.lock.hcl\n")
	put(t, root, "modules/name/outputs.tf", "output \"name\" {\n  value = \"shop\"\n}\n")
	put(t, root, "environments/dev/main.tf", "module \"name\" {\n  source = \"../../modules/name\"\n}\n")
	must(t, root, "terraform", "-chdir=environments/dev", "init")
	must(t, root, "git", "add", ".")
	must(t, root, "git", "commit", "--message", "a valid root")

	put(t, root, "environments/dev/main.tf", "module \"name\" {\n  source = \"../../modules/name\"\n  colour = \"red\"\n}\n")
	must(t, root, "git", "add", ".")
	text, err := run(t, root, "git", "commit", "--message", "change")
	require.Error(t, err)
	assert.Contains(t, text, "✗ environments/dev is not valid")
	assert.Contains(t, text, "An argument named \"colour\" is not expected here")
	assert.Contains(t, text, "  next   terraform -chdir=environments/dev validate\n")
}

func TestOnlyWhatIsStagedCounts(t *testing.T) {
	root := hooked(t)
	put(t, root, "services/shop/main.go", "package main\n\nfunc main() { println(1) }\n")
	must(t, root, "git", "add", ".")
	put(t, root, "services/shop/main.go", "package main\nfunc main() {   ") // goes on being written
	put(t, root, "services/shop/draft.go", "package main\nfunc {")
	must(t, root, "git", "commit", "--message", "change")

	put(t, root, "services/shop/draft.go", "package   main\n")
	must(t, root, "git", "add", "services/shop/draft.go")
	put(t, root, "services/shop/draft.go", "package main\n") // made right, and not staged
	text, err := run(t, root, "git", "commit", "--message", "change")
	require.Error(t, err)
	assert.Contains(t, text, "services/shop/draft.go")
}

func TestACommitWithoutGoOrTerraformIsScannedForSecretsOnly(t *testing.T) {
	root := hooked(t)
	put(t, root, "README.md", "# shop\n")
	must(t, root, "git", "add", ".")
	must(t, root, "git", "commit", "--message", "change")
	must(t, root, "git", "rm", "--quiet", "README.md")
	must(t, root, "git", "commit", "--message", "remove")
}

func TestMakeHooksASecondTimeChangesNothing(t *testing.T) {
	root := hooked(t)
	before, err := os.ReadFile(filepath.Join(root, ".git", "config"))
	require.NoError(t, err)
	assert.Equal(t, "git runs .githooks already\n", must(t, root, "make", "hooks"))
	after, err := os.ReadFile(filepath.Join(root, ".git", "config"))
	require.NoError(t, err)
	assert.Equal(t, string(before), string(after))
}

func TestHooksOfTheUserStayWithTheWayToHaveBoth(t *testing.T) {
	t.Run("a folder that git is set to", func(t *testing.T) {
		root := repository(t)
		must(t, root, "git", "config", "core.hooksPath", "/home/me/hooks")
		text, err := run(t, root, ".githooks/install")
		var ended *exec.ExitError
		require.ErrorAs(t, err, &ended)
		assert.Equal(t, 2, ended.ExitCode())
		assert.Contains(t, text, "✗ hooks: git runs the hooks of /home/me/hooks")
		assert.Contains(t, text, "  next   call .githooks/pre-commit from /home/me/hooks/pre-commit\n")
		assert.Contains(t, text, "git config core.hooksPath .githooks\n")
		assert.Equal(t, "/home/me/hooks\n", must(t, root, "git", "config", "core.hooksPath"))
	})
	t.Run("a hook in the repository", func(t *testing.T) {
		root := repository(t)
		put(t, root, ".git/hooks/pre-commit", "#!/bin/sh\n")
		require.NoError(t, os.Chmod(filepath.Join(root, ".git/hooks/pre-commit"), 0o755))
		text, err := run(t, root, ".githooks/install")
		require.Error(t, err)
		assert.Contains(t, text, ".git/hooks/pre-commit is there, and would no longer run")
		_, err = run(t, root, "git", "config", "core.hooksPath")
		assert.Error(t, err)
	})
}
