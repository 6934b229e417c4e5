package catalog

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"golang.org/x/mod/module"
)

// maxName leaves room for what is appended to a service's name in a DNS label
// of 63 characters: "-database-", a hash, a pod's suffix.
const maxName = 40

var (
	dnsLabel      = regexp.MustCompile(`^[a-z]([-a-z0-9]*[a-z0-9])?$`)
	majorVersion  = regexp.MustCompile(`^v[0-9]+$`)
	reservedNames = []string{
		"kit", "internal", "vendor", "testdata", // mean something to Go or to this repository
		"database", "messaging", "messaging-servers", // are Kubernetes services of the platform
	}
)

// CheckName says why a name cannot be a service's, or returns nil. A name is a
// DNS label (RFC 1035), the last element of a Go module path and a folder.
func CheckName(name string) error {
	switch {
	case name == "":
		return errors.New("the name is empty")
	case len(name) > maxName:
		return fmt.Errorf("%q has %d characters, at most %d fit into Kubernetes names", name, len(name), maxName)
	case !dnsLabel.MatchString(name):
		return fmt.Errorf("%q is no DNS label: lower-case letters, digits and dashes, a letter first, no dash last", name)
	case majorVersion.MatchString(name):
		return fmt.Errorf("%q ends a Go module path as a major version", name)
	}
	for _, reserved := range reservedNames {
		if name == reserved {
			return fmt.Errorf("%q is reserved", name)
		}
	}
	if err := module.CheckImportPath("kindling.internal/services/" + name); err != nil {
		return fmt.Errorf("%q cannot be an element of a Go module path", name)
	}
	return nil
}

// environmentName is a service's name as part of an environment variable.
func environmentName(name string) string {
	return strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
}
