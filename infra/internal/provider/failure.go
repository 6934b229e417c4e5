package provider

import (
	"errors"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"kindling.internal/infra/internal/kindcluster"
)

// addFailure turns an error into a diagnostic: what failed as summary; the
// cause, what was seen and what to do next as detail.
func addFailure(diags *diag.Diagnostics, summary string, err error) {
	var failure *kindcluster.Failure
	if !errors.As(err, &failure) {
		diags.AddError(summary, err.Error())
		return
	}
	lines := []string{failure.Cause}
	if seen := failure.Evidence(); seen != "" {
		lines = append(lines, "seen: "+seen)
	}
	if failure.Next != "" {
		lines = append(lines, "next: "+failure.Next)
	}
	diags.AddError(summary, strings.Join(lines, "\n"))
}

// shortDuration writes a duration the way people do: 2m instead of 2m0s.
func shortDuration(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
