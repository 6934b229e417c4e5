package catalog

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// platformVariables are set by Terraform's service module and may not be
// given again; those of what a service needs only when it does.
var (
	platformVariables  = []string{"SERVICE_NAME", "SERVICE_VERSION", "SERVER_PORT", "SERVER_DRAIN_DELAY", "ENVIRONMENT"}
	databaseVariables  = []string{"DATABASE_HOST", "DATABASE_PORT", "DATABASE_NAME", "DATABASE_USER", "DATABASE_PASSWORD", "DATABASE_SSLMODE", "DATABASE_SSLROOTCERT", "PGSSLROOTCERT"}
	messagingVariables = []string{"MESSAGING_URL", "MESSAGING_USER", "MESSAGING_PASSWORD", "MESSAGING_STREAM"}
)

// checkEnvironment looks at everything that becomes an environment variable:
// the platform's own, callees' addresses, configuration and secrets.
func (d *document) checkEnvironment(s *Service) {
	owners := map[string]string{}
	for _, name := range platformVariables {
		owners[name] = "the platform"
	}
	for need, names := range map[Need][]string{NeedDatabase: databaseVariables, NeedMessaging: messagingVariables} {
		for _, name := range names {
			if s.Has(need) {
				owners[name] = "needs: " + string(need)
			}
		}
	}
	for _, callee := range s.Calls {
		owners[environmentName(callee)+"_URL"] = "calls: " + callee
	}
	for _, name := range slices.Sorted(maps.Keys(s.Config)) {
		d.claim(owners, "config."+name, name, "config")
	}
	d.checkSecrets(s, owners)
}

func (d *document) claim(owners map[string]string, path, name, owner string) {
	if !envName.MatchString(name) {
		d.at(path, fmt.Sprintf("%q is no name of an environment variable here", name), "write capital letters, digits and underscores, such as LOG_LEVEL")
		return
	}
	if first, taken := owners[name]; taken {
		d.at(path, fmt.Sprintf("%s is already set by %s", name, first), "remove it or choose another name")
		return
	}
	owners[name] = owner
}

func (d *document) checkSecrets(s *Service, owners map[string]string) {
	seen := map[string]bool{string(NeedDatabase): true, string(NeedMessaging): true} // Secrets NAME-database and NAME-messaging hold passwords
	for i := range s.Secrets {
		secret, path := &s.Secrets[i], fmt.Sprintf("secrets[%d]", i)
		if d.matches(path+".name", secret.Name, dnsLabel, "write lower-case letters, digits and dashes, such as api-key") {
			switch {
			case len(secret.Name) > maxName:
				d.at(path+".name", fmt.Sprintf("%s.name has %d characters", path, len(secret.Name)), fmt.Sprintf("shorten it to %d", maxName))
			case seen[secret.Name]:
				d.at(path+".name", fmt.Sprintf("%s.name %q is taken", path, secret.Name), "choose another name")
			}
			seen[secret.Name] = true
		}
		if d.readable(path + ".env") {
			d.claim(owners, path+".env", secret.Env, "secret "+secret.Name)
		}
		switch {
		case !d.has(path + ".length"):
			secret.Length = defaultSecretLength
		case secret.Provided:
			d.at(path+".length", path+".length is that of a random value, and this one is provided", "remove length or provided")
		default:
			d.between(path+".length", secret.Length, 16, 256)
		}
	}
}

func (d *document) checkNeeds(s *Service) {
	known := []string{string(NeedDatabase), string(NeedMessaging)}
	seen := map[Need]bool{}
	for i, need := range s.Needs {
		path := fmt.Sprintf("needs[%d]", i)
		switch {
		case !d.readable(path):
		case !slices.Contains(known, string(need)):
			d.at(path, fmt.Sprintf("needs names %q, which the platform does not have", need), suggest(string(need), known))
		case seen[need]:
			d.at(path, fmt.Sprintf("needs names %q twice", need), "remove one")
		}
		seen[need] = true
	}
}

func (d *document) checkRollout(s *Service) {
	r := s.Rollout
	if r == nil {
		return
	}
	d.betweenGiven("rollout.max_surge", r.MaxSurge, 0, 100)
	d.betweenGiven("rollout.max_unavailable", r.MaxUnavailable, 0, 100)
	d.betweenGiven("rollout.progress_deadline_seconds", r.ProgressDeadlineSeconds, 10, 3600)
	if r.MaxSurge != nil && r.MaxUnavailable != nil && *r.MaxSurge == 0 && *r.MaxUnavailable == 0 &&
		d.readable("rollout.max_surge") && d.readable("rollout.max_unavailable") {
		d.at("rollout", "rollout.max_surge and rollout.max_unavailable are both 0, so that no pod could ever be replaced", "set max_surge to 1")
	}
}

func (d *document) betweenGiven(path string, value *int, low, high int) {
	if value != nil {
		d.between(path, *value, low, high)
	}
}

func (d *document) checkObjectives(s *Service) {
	o := s.Objectives
	if o == nil {
		return
	}
	if a := o.AvailabilityPercent; a != nil && d.readable("objectives.availability_percent") && (*a < 50 || *a >= 100) {
		d.at("objectives.availability_percent", fmt.Sprintf("objectives.availability_percent is %v", *a), "choose from 50 to below 100, such as 99.9")
	}
	d.betweenGiven("objectives.latency_p99_milliseconds", o.LatencyP99Milliseconds, 1, 60000)
}

// checkTogether holds the services against each other.
func checkTogether(documents []*document, services []*Service) {
	names := make([]string, 0, len(services))
	for _, s := range services {
		names = append(names, s.Name)
	}
	routes := map[Route]string{}
	for i, s := range services {
		documents[i].checkCalls(s, names)
		documents[i].checkSharedRoutes(s, routes)
	}
}

func (d *document) checkCalls(s *Service, names []string) {
	seen := map[string]bool{}
	others := slices.DeleteFunc(slices.Clone(names), func(n string) bool { return n == s.Name })
	for i, callee := range s.Calls {
		path := fmt.Sprintf("calls[%d]", i)
		switch {
		case !d.readable(path):
		case callee == s.Name:
			d.at(path, fmt.Sprintf("calls names %q, which is the service itself", callee), "remove it")
		case seen[callee]:
			d.at(path, fmt.Sprintf("calls names %q twice", callee), "remove one")
		case !slices.Contains(names, callee):
			d.at(path, fmt.Sprintf("calls names %q, which is no service", callee), suggest(callee, others))
		}
		seen[callee] = true
	}
}

func (d *document) checkSharedRoutes(s *Service, routes map[Route]string) {
	for i, route := range s.Routes {
		if route.Host == "" || route.Path == "" {
			continue
		}
		path := fmt.Sprintf("routes[%d]", i)
		if owner, taken := routes[route]; taken {
			d.at(path, fmt.Sprintf("route %s%s is already that of %s", route.Host, route.Path, owner), "choose another host or path")
			continue
		}
		routes[route] = strings.TrimSuffix(d.file, "/service.yaml")
	}
}
