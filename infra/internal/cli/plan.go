package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	tfjson "github.com/hashicorp/terraform-json"
	"github.com/spf13/cobra"
	"kindling.internal/infra/internal/policy"
	"kindling.internal/infra/internal/stack"
	"kindling.internal/infra/internal/supply"
	"kindling.internal/infra/internal/ui"
)

func (a *app) planCommand() *cobra.Command {
	var environment, format, since string
	var offline bool
	cmd := &cobra.Command{
		Use:   "plan",
		Short: "Say in words what up would change, what data that loses and which rules it breaks; exit 2 when there are changes",
		Args:  exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := a.stack(environment)
			if err != nil {
				return err
			}
			plan := s.Plan
			switch {
			case since != "" && !offline:
				return badInput("plan", "--since compares two plans that are made offline", "kindling plan --env "+environment+" --offline --since "+since)
			case since != "":
				plan = func(ctx context.Context) (stack.PlanReport, error) { return s.PlanChange(ctx, since) }
			case offline:
				plan = s.PlanOffline
			}
			report, err := plan(cmd.Context())
			if err != nil {
				return err
			}
			if err := a.printPlan(report, format); err != nil {
				return err
			}
			return planCode(report)
		},
	}
	environmentFlag(cmd, &environment)
	outputFlag(cmd, &format, "text", "json", "markdown")
	cmd.Flags().BoolVar(&offline, "offline", false, "plan the cluster root against an empty state, without asking a cloud, a backend or an engine")
	cmd.Flags().StringVar(&since, "since", "", "with --offline: show only what the checkout plans differently from where it branched off from this revision")
	return cmd
}

// planCode is the exit code of a plan that was printed.
func planCode(report stack.PlanReport) error {
	switch {
	case len(report.Violations) > 0:
		return exitCode(exitFailed)
	case report.Changed:
		return exitCode(exitInput)
	}
	return nil
}

func (a *app) printPlan(report stack.PlanReport, format string) error {
	switch format {
	case "json":
		encoder := json.NewEncoder(a.out)
		encoder.SetIndent("", "  ")
		encoder.SetEscapeHTML(false)
		return encoder.Encode(report)
	case "markdown":
		_, err := fmt.Fprint(a.out, planMarkdown(report))
		return err
	}
	a.printPlanText(report)
	return nil
}

// judge evaluates the rules of the checkout with the waivers of an environment. They are read when a
// plan is judged, so that a mistake in them stops nothing else.
type judge struct {
	app *app
	dir string // of the environment
}

func (j judge) Judge(ctx context.Context, about policy.Subject, plan *tfjson.Plan) (policy.Findings, error) {
	waivers, err := policy.LoadWaivers(j.dir, time.Now())
	if err != nil {
		return policy.Findings{}, &ui.Failure{Step: "policy", Sentence: "the waivers of " + about.Environment + " cannot be read", Seen: strings.Split(err.Error(), "\n"), Err: err, Code: exitInput,
			Next: []string{"correct them; environments/README.md tells what stands in the file"}}
	}
	return policy.Judge{Program: j.app.policyProgram, Waivers: waivers}.Judge(ctx, about, plan)
}

// policyProgram is the path of the program that evaluates rules. It is built when it is not in the
// cache; as a rule the supply has done that already.
func (a *app) policyProgram(ctx context.Context) (string, error) {
	builder, parts, err := a.supplyBuilder()
	if err != nil {
		return "", err
	}
	var step *ui.Step
	builder.Progress = func(e supply.Event) {
		switch e.State {
		case supply.Building, supply.Waiting:
			if step == nil {
				step = a.printer.Step("policy")
			}
			step.Update("building the program that evaluates the rules")
		case supply.Built:
			step.Done("built in " + ui.Elapsed(e.Elapsed))
		case supply.Failed:
			step.Fail()
		case supply.Cached:
		}
	}
	dirs, err := builder.Ensure(ctx, parts, supply.PolicyPart)
	if err != nil {
		return "", partFailure(err)
	}
	return supply.NewProvided(dirs).PolicyProgram(), nil
}
