package events

import (
	"fmt"
	"regexp"
	"strings"
)

// root is the first token of every subject.
const root = "events"

var (
	kinds   = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)*$`)
	filters = regexp.MustCompile(`^events(\.([a-z0-9-]+|\*))*\.([a-z0-9-]+|\*|>)$`)
)

func checkType(kind string) error {
	if !kinds.MatchString(kind) {
		return fmt.Errorf("%q is no type of an event: lower-case letters, digits and dashes, parts joined by dots, such as items.created", kind)
	}
	return nil
}

// subjectOf is what an event is published on: events.SERVICE.TYPE.
func subjectOf(service, kind string) string { return root + "." + service + "." + kind }

// split is the reverse of subjectOf.
func split(subject string) (service, kind string) {
	service, kind, _ = strings.Cut(strings.TrimPrefix(subject, root+"."), ".")
	return service, kind
}

func checkFilter(filter string) error {
	if !filters.MatchString(filter) {
		return fmt.Errorf("%q is no filter of subjects: it begins with events. and a service, such as events.orders.placed, events.orders.* or events.>", filter)
	}
	return nil
}

// overlap tells whether a subject exists that both filters fit. With a subject
// in place of a filter it tells whether the subject fits.
func overlap(a, b string) bool {
	left, right := strings.Split(a, "."), strings.Split(b, ".")
	for i := range min(len(left), len(right)) {
		if left[i] == ">" || right[i] == ">" {
			return true
		}
		if left[i] != right[i] && left[i] != "*" && right[i] != "*" {
			return false
		}
	}
	return len(left) == len(right)
}
