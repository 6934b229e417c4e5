package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"

	"golang.org/x/mod/semver"
	"kindling.internal/infra/internal/terraform"
)

// Versions below which something here does not work. Go fetches a newer toolchain by itself where
// a part's go.mod wants one; Terraform has write-only arguments, which secrets need, from 1.11 on;
// git knows --end-of-options from 2.24 on.
const (
	goWanted        = "v1.26.0"
	terraformWanted = "v1.11.0"
	openTofuWanted  = "v1.11.0"
	gitWanted       = "v2.24.0"
	makeWanted      = "v4.0.0"
)

func isRoot() bool { return os.Geteuid() == 0 }

var versionNumber = regexp.MustCompile(`(?:go|v|version |Make )(\d+\.\d+(?:\.\d+)?)`)

// installedProgram is one that commands call.
type installedProgram struct {
	name    string
	args    []string // that print its version
	wanted  string   // the oldest version that works
	install string
}

func examinePrograms(ctx context.Context, root string) []finding {
	programs := []installedProgram{
		{"go", []string{"version"}, goWanted, "https://go.dev/dl"},
		{"git", []string{"--version"}, gitWanted, "sudo apt-get install -y git"},
		{"make", []string{"--version"}, makeWanted, "sudo apt-get install -y make"},
	}
	findings := []finding{examineTerraform(ctx, root)}
	for _, p := range programs {
		text, err := exec.CommandContext(ctx, p.name, p.args...).Output()
		if err != nil {
			findings = append(findings, finding{p.name, wrong, err.Error(), "install " + p.name + ": " + p.install})
			continue
		}
		findings = append(findings, examineVersion(p, string(text)))
	}
	return findings
}

// examineVersion compares what a program prints of itself with what is wanted.
func examineVersion(p installedProgram, printed string) finding {
	match := versionNumber.FindStringSubmatch(printed)
	if match == nil {
		return finding{p.name, note, fmt.Sprintf("version not recognised in %.60q", printed), "it has to be " + p.wanted[1:] + " or newer"}
	}
	if semver.Compare("v"+match[1], p.wanted) < 0 {
		return finding{p.name, wrong, match[1], fmt.Sprintf("install %s or newer: %s", p.wanted[1:], p.install)}
	}
	return finding{p.name, fine, match[1], ""}
}

func examineTerraform(ctx context.Context, root string) finding {
	path, err := findTerraform(root)
	if errors.Is(err, terraform.ErrAbsent) {
		return finding{"terraform", note, err.Error(), "make up builds OpenTofu (minutes); or install Terraform 1.11 or newer"}
	}
	if err != nil {
		return finding{"terraform", wrong, err.Error(), "KINDLING_TERRAFORM names a program that cannot be run: unset it"}
	}
	text, err := exec.CommandContext(ctx, path, "version").Output()
	if err != nil {
		return finding{"terraform", wrong, path + ": " + err.Error(), "install it anew"}
	}
	wanted := terraformWanted
	if regexp.MustCompile(`(?m)^OpenTofu`).Match(text) {
		wanted = openTofuWanted
	}
	return examineVersion(installedProgram{name: "terraform", wanted: wanted, install: "https://developer.hashicorp.com/terraform/install"}, string(text))
}
