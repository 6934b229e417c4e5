package cli

import (
	"errors"
	"os"
	"path/filepath"

	"kindling.internal/infra/internal/supply"
	"kindling.internal/infra/internal/terraform"
)

// openTofuLink is where the checkout links the OpenTofu that its supply built.
const openTofuLink = "bin/tofu"

// missingPrograms are the parts that stand in for programs which this host does not have.
func missingPrograms() []string {
	if _, err := terraform.Find(); errors.Is(err, terraform.ErrAbsent) {
		return []string{supply.OpenTofuPart}
	}
	return nil
}

// findTerraform returns the path of the program that runs the roots. On a host without any it is
// the OpenTofu that the supply built for the checkout.
func findTerraform(root string) (string, error) {
	path, err := terraform.Find()
	if !errors.Is(err, terraform.ErrAbsent) {
		return path, err
	}
	link := filepath.Join(workFolder(root), openTofuLink)
	if _, err := os.Stat(link); err != nil {
		return "", terraform.ErrAbsent
	}
	return link, nil
}

// useTerraform returns that program too, which terraform.Find finds from then on.
func (s *supplyAdapter) useTerraform() (string, error) {
	path, err := findTerraform(s.root)
	if err != nil {
		return "", err
	}
	return path, os.Setenv("KINDLING_TERRAFORM", path)
}
