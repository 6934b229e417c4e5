package provider

import (
	"context"
	"fmt"
	"net/netip"
	"net/url"
	"path"
	"regexp"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/mapvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"kindling.internal/infra/internal/kindcluster"
)

// textCheck is a validator of strings that is one function. An error of check
// completes the sentence "must be EXPECTED: ".
type textCheck struct {
	expected string
	check    func(string) error
}

func (c textCheck) Description(context.Context) string           { return "must be " + c.expected }
func (c textCheck) MarkdownDescription(_ context.Context) string { return "must be " + c.expected }

func (c textCheck) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if err := c.check(req.ConfigValue.ValueString()); err != nil {
		resp.Diagnostics.AddAttributeError(req.Path, "value is not "+c.expected, fmt.Sprintf("%s must be %s: %s", req.Path, c.expected, err))
	}
}

func clusterName() validator.String {
	return stringvalidator.All(
		// Hostnames end at 63 characters and kind adds up to 15 of its own.
		stringvalidator.LengthBetween(1, 48),
		stringvalidator.RegexMatches(regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?$`),
			"must be lower-case letters, digits and hyphens, with a letter or digit at both ends"),
	)
}

func dockerName() validator.String {
	return stringvalidator.RegexMatches(regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_.-]+$`),
		"must be a name that docker accepts: letters, digits, underscores, dots and hyphens, at least two characters")
}

func duration() validator.String {
	return textCheck{expected: `a duration like "90s" or "2m"`, check: func(text string) error {
		d, err := time.ParseDuration(text)
		if err == nil && d < 0 {
			err = fmt.Errorf("%s is negative", text)
		}
		return err
	}}
}

func cidr() validator.String {
	return textCheck{expected: `a CIDR block like "10.244.0.0/16"`, check: func(text string) error {
		_, err := netip.ParsePrefix(text)
		return err
	}}
}

func ipAddress() validator.String {
	return textCheck{expected: `an IP address like "127.0.0.1"`, check: func(text string) error {
		_, err := netip.ParseAddr(text)
		return err
	}}
}

func absolutePath() validator.String {
	return textCheck{expected: "an absolute path", check: func(text string) error {
		if !path.IsAbs(text) {
			return fmt.Errorf("%q does not start with a slash", text)
		}
		return nil
	}}
}

func auditPolicy() validator.String {
	return textCheck{expected: "a Policy of audit.k8s.io/v1 in YAML", check: kindcluster.CheckAuditPolicy}
}

func manifestsValidators() []validator.Map {
	check := textCheck{expected: "YAML documents of Kubernetes objects", check: kindcluster.CheckManifest}
	return []validator.Map{mapvalidator.ValueStringsAre(check)}
}

func mirrorsValidators() []validator.Map {
	mirror := textCheck{expected: `a URL like "http://mirror:5000"`, check: func(text string) error {
		u, err := url.Parse(text)
		if err == nil && (u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
			err = fmt.Errorf("%q has no host or is neither http nor https", text)
		}
		return err
	}}
	host := stringvalidator.RegexMatches(regexp.MustCompile(`^[A-Za-z0-9.-]+(:[0-9]+)?$`), "must be a host, with or without a port")
	return []validator.Map{
		mapvalidator.KeysAre(host),
		mapvalidator.ValueListsAre(listvalidator.SizeAtLeast(1), listvalidator.ValueStringsAre(mirror)),
	}
}
