package supply

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// Status is what the cache holds of a part.
type Status struct {
	Part   Part
	Hash   string
	Cached bool
	Needed bool   // it is not in the cache, and something that is not either is made from it
	Record Record // when cached
	Dir    string
}

// List tells of each part whether it is in the cache, and whether it has to be built: everybody's
// parts, and those that this host and its services need besides.
func (b *Builder) List(parts []Part, besides ...string) ([]Status, error) {
	known, err := hashParts(parts)
	if err != nil {
		return nil, err
	}
	wanted, err := missing(b.Cache, known, append(finished(parts), besides...))
	if err != nil {
		return nil, err
	}
	list := make([]Status, 0, len(parts))
	for _, p := range parts {
		h := known[p.Name]
		record, ok := b.Cache.find(h)
		needed := slices.ContainsFunc(wanted, func(w hashed) bool { return w.Name == p.Name })
		list = append(list, Status{Part: p, Hash: h.hash, Cached: ok, Needed: needed, Record: record, Dir: b.Cache.partDir(h)})
	}
	return list, nil
}

// finished are the parts that nothing else is made from, those that few hosts, few services or only
// clouds need apart.
func finished(parts []Part) []string {
	inside := map[string]bool{}
	for _, p := range parts {
		for _, need := range p.Needs {
			inside[need] = true
		}
	}
	var names []string
	for _, p := range parts {
		if !inside[p.Name] && !p.Optional && !p.Cloud {
			names = append(names, p.Name)
		}
	}
	return names
}

// Verify compares every cached part's files with the checksums taken when it was built.
func (b *Builder) Verify(parts []Part) error {
	list, err := b.List(parts)
	if err != nil {
		return err
	}
	var wrong []error
	for _, s := range list {
		if s.Cached {
			wrong = append(wrong, verify(s))
		}
	}
	return errors.Join(wrong...)
}

func verify(s Status) error {
	sums, _, err := checksums(s.Dir)
	if err != nil {
		return err
	}
	if name, same := firstDifference(s.Record.Files, sums); !same {
		return fmt.Errorf("part %s: %s was changed after it was built; remove %s and build again", s.Part.Name, name, s.Dir)
	}
	return nil
}

// firstDifference is the first name, in their order, under which two sets of checksums differ.
func firstDifference(want, got map[string]string) (name string, same bool) {
	all := map[string]string{}
	maps.Copy(all, got)
	maps.Copy(all, want)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if want[name] != got[name] {
			return name, false
		}
	}
	return "", true
}

// NeedsDebian tells whether building the named parts unpacks Debian packages.
func (b *Builder) NeedsDebian(parts []Part, names []string) (bool, error) {
	known, err := hashParts(parts)
	if err != nil {
		return false, err
	}
	wanted, err := missing(b.Cache, known, names)
	return slices.ContainsFunc(wanted, func(h hashed) bool {
		_, debian := h.recipe.(debianRoot)
		return debian
	}), err
}
