// Package release keeps which image of which service runs in which environment.
// The record is a file that Terraform reads; this package never asks a registry.
package release

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Entry is what runs of one service.
type Entry struct {
	Image   string `json:"image"`   // by digest: "localhost:5001/catalog@sha256:…"
	Version string `json:"version"` // what people call it: "v0.1.0-3-g1a2b3c"
}

// Digest is the part of the image that names its content: "sha256:…".
func (e Entry) Digest() string {
	_, digest, _ := strings.Cut(e.Image, "@")
	return digest
}

// Record is what runs in one environment, by service.
type Record struct {
	Services map[string]Entry `json:"services"`
}

// Change is the difference that a promotion or a rollback makes to one service.
// Before is empty for a service that did not run there.
type Change struct {
	Service string `json:"service"`
	Before  Entry  `json:"before"`
	After   Entry  `json:"after"`
}

// Set records a service's image and reports whether that changed anything. An
// image with the recorded digest keeps its version: a commit that does not
// change a service is no release of it.
func (r *Record) Set(service, image, version string) (changed bool) {
	if r.Services == nil {
		r.Services = map[string]Entry{}
	}
	before, next := r.Services[service], Entry{Image: image, Version: version}
	if digest := next.Digest(); digest != "" && digest == before.Digest() {
		next.Version = before.Version
	}
	r.Services[service] = next
	return next != before
}

// Keep removes the services that are not named and returns those removed, sorted.
func (r *Record) Keep(services []string) (removed []string) {
	for _, service := range slices.Sorted(maps.Keys(r.Services)) {
		if !slices.Contains(services, service) {
			delete(r.Services, service)
			removed = append(removed, service)
		}
	}
	return removed
}

// Clone is a copy that shares nothing with r.
func (r Record) Clone() Record {
	services := maps.Clone(r.Services)
	if services == nil {
		services = map[string]Entry{}
	}
	return Record{Services: services}
}

// Equal reports whether both records run the same.
func (r Record) Equal(other Record) bool {
	return maps.Equal(r.Services, other.Services)
}

// Promote gives the record that environment "to" has after taking over what
// runs in "from", and the changes, sorted by service. Images are those of the
// same digest in the registry host. Without names all services of "from" are promoted;
// services that run only in "to" stay.
func Promote(from, to Record, host string, services ...string) (Record, []Change, error) {
	if len(services) == 0 {
		services = slices.Sorted(maps.Keys(from.Services))
	}
	next := to.Clone()
	var changes []Change
	for _, service := range services {
		entry, ok := from.Services[service]
		if !ok {
			return Record{}, nil, fmt.Errorf("%s has no release to promote; it has never been deployed there", service)
		}
		before := next.Services[service]
		if next.Set(service, Image(host, service, entry.Digest()), entry.Version) {
			changes = append(changes, Change{Service: service, Before: before, After: next.Services[service]})
		}
	}
	return next, changes, nil
}

// Image is the reference of a service's image in a registry. Host may have a
// path: "123.dkr.ecr.eu-central-1.amazonaws.com/shop".
func Image(host, service, digest string) string {
	return strings.TrimSuffix(host, "/") + "/" + service + "@" + digest
}

// Rollback gives the record in which a service runs what it ran before, and the
// change. The newest past release that differs is taken, so that a second
// rollback undoes the first; a version, when given, picks among all past ones.
func Rollback(current Record, history []Past, service, version string) (Record, Change, error) {
	now, runs := current.Services[service]
	if !runs {
		return Record{}, Change{}, fmt.Errorf("%s has no release here, so there is nothing to roll back", service)
	}
	for _, past := range history {
		before, ran := past.Record.Services[service]
		if !ran || before.Digest() == now.Digest() || (version != "" && before.Version != version) {
			continue
		}
		next := current.Clone()
		next.Services[service] = before
		return next, Change{Service: service, Before: now, After: before}, nil
	}
	if version != "" {
		return Record{}, Change{}, fmt.Errorf("%s never ran as %s in the %d releases that are kept", service, version, len(history))
	}
	return Record{}, Change{}, fmt.Errorf("%s has no earlier release among the %d that are kept", service, len(history))
}
