package cli

import (
	"errors"
	"io/fs"
	"slices"

	"kindling.internal/infra/internal/catalog"
	"kindling.internal/infra/internal/stack"
	"kindling.internal/infra/internal/supply"
)

// serviceNeeds is what the services of a checkout need of the platform.
func serviceNeeds(root string) ([]string, error) {
	services, err := catalog.Load(root)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, stack.CatalogFailure(err)
	}
	var needs []string
	for _, service := range services {
		for _, need := range service.Needs {
			needs = append(needs, string(need))
		}
	}
	slices.Sort(needs)
	return slices.Compact(needs), nil
}

// besides are the parts that this host and the checkout's services need beside everybody's.
func besides() ([]string, error) {
	needed, err := neededParts()
	return append(missingPrograms(), needed...), err
}

// usedParts are those that environments of the checkout use.
func usedParts() ([]string, error) {
	needed, err := neededParts()
	return append(slices.Clone(supply.Finished), needed...), err
}

func neededParts() ([]string, error) {
	root, err := repository()
	if err != nil {
		return nil, err
	}
	needs, err := serviceNeeds(root)
	return supply.PartsFor(needs), err
}
