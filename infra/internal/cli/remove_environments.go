package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"kindling.internal/infra/internal/stack"
	"kindling.internal/infra/internal/ui"
)

// removalIn is an environment that a removal has to do with.
type removalIn struct {
	*stack.Removal
	run    func(context.Context) error // takes it out
	unseen error                       // why it is not known what runs there
	failed bool
}

// left tells whether a later up has to take the service out there.
func (p removalIn) left() bool { return p.Named && (p.Left != "" || p.failed) }

type removals []*removalIn

// keeping is why what runs is left where that is wanted.
const keeping stack.Left = "to be kept"

// places are the environments that have something of the service, or may have. Nothing is changed yet.
func (a *app) places(ctx context.Context, root string, r removal) (removals, error) {
	for _, name := range r.environments {
		if err := checkEnvironment(root, name); err != nil {
			return nil, err
		}
	}
	var found removals
	for _, name := range environments(root) {
		s, err := a.stack(name)
		if err != nil {
			return nil, err
		}
		named := slices.Contains(r.environments, name)
		meant := named || (len(r.environments) == 0 && !r.keepRunning)
		here, err := s.Removal(ctx, r.service, stack.RemovalOptions{Named: named, Drop: meant && r.drop != ""})
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		p := &removalIn{Removal: here, run: here.Run, unseen: err}
		if !meant && p.Left == "" {
			p.Left = keeping
		}
		if meant && r.drop != "" && p.Left == stack.Away {
			return nil, &ui.Failure{Step: "remove", Sentence: "the cluster of " + name + " does not answer, so no database can be dropped there; nothing was removed",
				Next: []string{"make up env=" + name + ", then the same command again", "or leave the database where it is: kindling remove service " + r.service}}
		}
		found = append(found, p)
	}
	return found, nil
}

// here are the places where the service is taken out now.
func (p removals) here() removals {
	return p.those(func(p *removalIn) bool { return p.Left == "" && p.unseen == nil })
}

func (p removals) those(are func(*removalIn) bool) removals {
	return slices.DeleteFunc(slices.Clone(p), func(p *removalIn) bool { return !are(p) })
}

// have tells whether any environment still has something of the service.
func (p removals) have() bool {
	return len(p.here())+len(p.those((*removalIn).leftOrUnseen)) > 0
}

func (p *removalIn) leftOrUnseen() bool { return p.left() || (p.Named && p.unseen != nil) }

// lock keeps others from changing those environments in the meantime.
func (p removals) lock() (unlock func(), err error) {
	var held []func()
	unlock = func() {
		for _, release := range held {
			release()
		}
	}
	for _, place := range p.here() {
		release, err := place.Lock()
		if err != nil {
			unlock()
			return nil, err
		}
		held = append(held, release)
	}
	return unlock, nil
}

// takeOut takes the service out of one environment after the other.
func (a *app) takeOut(ctx context.Context, r removal, places removals) error {
	var failures []error
	for _, place := range places.here() {
		a.printer.Line("%s: taking %s out", place.Environment, r.service)
		if err := place.run(ctx); err != nil {
			place.failed = true
			failures = append(failures, err)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return errors.Join(failures...)
}

func (p removals) names() []string {
	names := []string{}
	for _, place := range p {
		names = append(names, place.Environment)
	}
	return names
}

// removedJSON is what `remove service --output json` prints.
type removedJSON struct {
	Service         string   `json:"service"`
	RunsIn          []string `json:"runs_in"` // environments that still have it, as far as is recorded
	TakenOutOf      []string `json:"taken_out_of,omitempty"`
	DatabaseIn      []string `json:"database_in,omitempty"` // where its database stays
	DroppedDatabase []string `json:"database_dropped_in,omitempty"`
}

// printRemoved tells what was done, and what is left to do.
func (a *app) printRemoved(r removal, places removals, fresh bool) error {
	done := places.here().those(func(p *removalIn) bool { return !p.failed })
	result := removedJSON{Service: r.service, RunsIn: places.those((*removalIn).leftOrUnseen).names(), TakenOutOf: done.names()}
	if r.drop != "" {
		result.DroppedDatabase = done.those(func(p *removalIn) bool { return p.Dropped() }).names()
	} else {
		result.DatabaseIn = done.those(func(p *removalIn) bool { return p.Database }).names()
	}
	if r.format == "json" {
		return printJSON(a.out, result)
	}
	a.printDone(r, result, fresh)
	label := "next"
	for _, line := range nextOf(r, places, result) {
		fmt.Fprintf(a.out, "  %-4s   %s\n", label, line)
		label = ""
	}
	return nil
}

func (a *app) printDone(r removal, result removedJSON, fresh bool) {
	if fresh {
		fmt.Fprintf(a.out, "services/%s and its entry in go.work are removed\n", r.service)
	}
	if len(result.TakenOutOf) > 0 {
		fmt.Fprintf(a.out, "nothing of it runs in %s any more\n", and(result.TakenOutOf))
	}
	if len(result.TakenOutOf)+len(result.RunsIn) == 0 {
		fmt.Fprintln(a.out, "it runs nowhere: no environment's release record names it")
	}
	if len(result.DatabaseIn) > 0 {
		fmt.Fprintf(a.out, "its database stays in %s, with all data: a service of that name would find it again\n", and(result.DatabaseIn))
	}
	if len(result.DroppedDatabase) > 0 {
		fmt.Fprintf(a.out, "its database in %s is dropped\n", and(result.DroppedDatabase))
	}
}

// nextOf are the commands that do what is left.
func nextOf(r removal, places removals, result removedJSON) []string {
	var lines []string
	if len(result.DatabaseIn) > 0 {
		lines = append(lines, "make remove service="+r.service+" drop=yes drops its database")
	}
	for _, p := range places.those((*removalIn).leftOrUnseen) {
		up := "make up env=" + p.Environment
		switch {
		case p.failed:
			lines = append(lines, "the same command again, or "+up+", when what failed is mended")
		case p.unseen != nil:
			lines = append(lines, up+" removes what runs there; it cannot be seen from here: "+firstLine(p.unseen.Error()))
		case p.Left == stack.NotUp:
			lines = append(lines, up+" forgets it: "+p.Environment+" is not up")
		case p.Left == stack.InCloud && r.drop != "":
			lines = append(lines, fmt.Sprintf(`TF_VAR_dropped_databases='["%s"]' %s confirm=yes removes what runs there, and its database`, r.service, up))
		case p.Left == stack.Away:
			lines = append(lines, up+" removes what runs there: its cluster does not answer now")
		default:
			lines = append(lines, up+" removes what runs there")
		}
	}
	return lines
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}

// and joins names as people read them.
func and(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}
