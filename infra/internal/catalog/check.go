package catalog

import (
	"fmt"
	"regexp"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
)

var (
	hostName       = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*$`)
	routePath      = regexp.MustCompile(`^/([A-Za-z0-9._~-]+(/[A-Za-z0-9._~-]+)*)?$`)
	envName        = regexp.MustCompile(`^[A-Z][A-Z0-9_]*$`)
	cpuQuantity    = regexp.MustCompile(`^([1-9][0-9]*m|[1-9][0-9]*|[0-9]+\.[0-9]{1,3})$`)
	memoryQuantity = regexp.MustCompile(`^[1-9][0-9]*(Ki|Mi|Gi)$`)
)

// check holds one service against the rules that need no other service. Only
// what could be read is checked: a value of the wrong type was recorded before.
func (d *document) check(s *Service) {
	d.checkRequired(s)
	d.checkIdentity(s)
	d.checkRoutes(s)
	d.checkScale(s)
	d.checkResources(s)
	d.checkEnvironment(s)
	d.checkNeeds(s)
	d.checkRollout(s)
	d.checkObjectives(s)
}

// require records a mistake for each missing key under parent; examples maps
// the key to a value that could be written.
func (d *document) require(parent string, examples ...[2]string) {
	for _, e := range examples {
		path := strings.TrimPrefix(parent+"."+e[0], ".")
		if !d.has(path) {
			d.at(parent, path+" is missing", fmt.Sprintf("add %q", e[0]+": "+e[1]))
		}
	}
}

func (d *document) requireElement(path string, examples ...[2]string) {
	if d.readable(path) {
		d.require(path, examples...)
	}
}

func (d *document) checkRequired(s *Service) {
	d.require("", [2]string{"name", "NAME"}, [2]string{"description", "What it is for."}, [2]string{"port", "8080"},
		[2]string{"resources", "{requests: {cpu: 25m, memory: 32Mi}, limits: {memory: 128Mi}}"})
	if !d.has("replicas") && !d.has("autoscaling") {
		d.at("", "replicas is missing", `add "replicas: 2" or autoscaling`)
	}
	if d.readable("resources") {
		d.require("resources", [2]string{"requests", "{cpu: 25m, memory: 32Mi}"}, [2]string{"limits", "{memory: 128Mi}"})
	}
	if d.readable("resources.requests") {
		d.require("resources.requests", [2]string{"cpu", "25m"}, [2]string{"memory", "32Mi"})
	}
	if d.readable("resources.limits") {
		d.require("resources.limits", [2]string{"memory", "128Mi"})
	}
	if d.readable("autoscaling") {
		d.require("autoscaling", [2]string{"min", "2"}, [2]string{"max", "4"}, [2]string{"cpu_percent", "70"})
	}
	for i := range s.Routes {
		d.requireElement(fmt.Sprintf("routes[%d]", i), [2]string{"host", "shop.localhost"}, [2]string{"path", "/api/…"})
	}
	for i := range s.Secrets {
		d.requireElement(fmt.Sprintf("secrets[%d]", i), [2]string{"name", "api-key"}, [2]string{"env", "API_KEY"})
	}
}

func (d *document) checkIdentity(s *Service) {
	if s.Name != "" {
		if err := CheckName(s.Name); err != nil {
			d.at("name", err.Error(), "choose another name")
		}
	}
	if d.readable("description") && (strings.TrimSpace(s.Description) == "" || strings.Contains(s.Description, "\n")) {
		d.at("description", "description is not one line of text", "say in one sentence what the service is for")
	}
	// Below 1024 the container would need a capability that it is not given.
	d.between("port", s.Port, 1024, 65535)
}

func (d *document) between(path string, value, low, high int) {
	if d.readable(path) && (value < low || value > high) {
		d.at(path, fmt.Sprintf("%s is %d", path, value), fmt.Sprintf("choose from %d to %d", low, high))
	}
}

func (d *document) matches(path, value string, pattern *regexp.Regexp, fix string) bool {
	if !d.readable(path) {
		return false
	}
	if pattern.MatchString(value) {
		return true
	}
	d.at(path, fmt.Sprintf("%s is %q", path, value), fix)
	return false
}

func (d *document) checkRoutes(s *Service) {
	for i, route := range s.Routes {
		path := fmt.Sprintf("routes[%d]", i)
		if d.matches(path+".host", route.Host, hostName, "write a host name in lower case, such as shop.localhost") && len(route.Host) > 253 {
			d.at(path+".host", fmt.Sprintf("%s.host has %d characters", path, len(route.Host)), "shorten it to 253")
		}
		d.matches(path+".path", route.Path, routePath, `write a path such as "/" or "/api/stock", without a slash at the end`)
	}
}

func (d *document) checkScale(s *Service) {
	d.between("replicas", s.Replicas, 1, 100)
	if a := s.Autoscaling; a != nil {
		d.between("autoscaling.min", a.Min, 1, 100)
		d.between("autoscaling.max", a.Max, 1, 100)
		d.between("autoscaling.cpu_percent", a.CPUPercent, 1, 100)
		if a.Max > 0 && a.Min > a.Max {
			d.at("autoscaling.max", fmt.Sprintf("autoscaling.max is %d, less than min %d", a.Max, a.Min), "raise max or lower min")
		}
	}
}

func (d *document) checkResources(s *Service) {
	const cpuFix, memoryFix = `write a CPU quantity such as 25m or 1`, `write a memory quantity such as 32Mi or 1Gi`
	r := s.Resources
	cpuRead := d.matches("resources.requests.cpu", r.Requests.CPU, cpuQuantity, cpuFix)
	memoryRead := d.matches("resources.requests.memory", r.Requests.Memory, memoryQuantity, memoryFix)
	if d.matches("resources.limits.cpu", r.Limits.CPU, cpuQuantity, cpuFix) && cpuRead {
		d.atMost("cpu", r.Requests.CPU, r.Limits.CPU)
	}
	if d.matches("resources.limits.memory", r.Limits.Memory, memoryQuantity, memoryFix) && memoryRead {
		d.atMost("memory", r.Requests.Memory, r.Limits.Memory)
	}
}

func (d *document) atMost(kind, request, limit string) {
	requested, err := resource.ParseQuantity(request)
	if err != nil {
		return
	}
	limited, err := resource.ParseQuantity(limit)
	if err == nil && requested.Cmp(limited) > 0 {
		d.at("resources.limits."+kind, fmt.Sprintf("resources.limits.%s is %s, less than the requested %s", kind, limit, request),
			"raise the limit or lower the request")
	}
}
