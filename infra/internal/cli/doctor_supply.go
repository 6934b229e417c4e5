package cli

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"

	"kindling.internal/infra/internal/supply"
	"kindling.internal/infra/internal/ui"
)

// examineSupply tells which supply the next up takes, and what it would have to build.
func (a *app) examineSupply(ctx context.Context, root string) []finding {
	parts, err := a.supply(root, "")
	if err != nil {
		return []finding{refused("supply", err, "make doctor in a checkout")}
	}
	choice, err := parts.choose(ctx)
	if err != nil {
		return []finding{{"supply", wrong, err.Error(), "KINDLING_SUPPLY=source needs no registry"}}
	}
	builder, all, err := a.supplyBuilder()
	if err != nil {
		return []finding{refused("parts", err, "set KINDLING_CACHE to a folder that can be written")}
	}
	more, err := besides()
	if err != nil {
		return []finding{refused("parts", err, "correct the descriptions of services")}
	}
	wanted := append(choice.Kind.Parts(), more...)
	list, err := builder.List(all, more...)
	if err != nil {
		return []finding{{"parts", wrong, err.Error(), "kindling supply verify"}}
	}
	debian, err := builder.NeedsDebian(all, wanted)
	if err != nil {
		return []finding{{"parts", wrong, err.Error(), "kindling supply verify"}}
	}
	return []finding{{"supply", fine, string(choice.Kind) + ": " + choice.Why, ""}, examineParts(list, wanted, debian && !isRoot() && !hasMmdebstrap())}
}

// refused is a failure to read settings. What it says itself is the better advice.
func refused(what string, err error, advice string) finding {
	var failure *ui.Failure
	if errors.As(err, &failure) {
		return finding{what, wrong, failure.Sentence, failure.Next[len(failure.Next)-1]}
	}
	return finding{what, wrong, err.Error(), advice}
}

func hasMmdebstrap() bool {
	_, err := exec.LookPath("mmdebstrap")
	return err == nil
}

// examineParts tells how many of the wanted parts have to be built. Debian packages may be among
// what they are made of, and nothing here to unpack them.
func examineParts(list []supply.Status, wanted []string, cannotUnpack bool) finding {
	cached := 0
	for _, s := range list {
		if s.Cached && slices.Contains(wanted, s.Part.Name) {
			cached++
		}
	}
	f := finding{"parts", fine, fmt.Sprintf("%d of %d cached", cached, len(wanted)), ""}
	switch {
	case cached == len(wanted):
	case cannotUnpack:
		f.State, f.Advice = wrong, "sudo apt-get install -y mmdebstrap: it unpacks Debian packages for the nodes"
	default:
		f.State, f.Advice = note, "make up builds what is missing, or make supply ahead of it: up to half an hour"
	}
	return f
}
