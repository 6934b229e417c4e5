// Package supply provides the third-party parts that an environment needs: the node image, the
// registry, the ingress controller, the database, metrics and the Terraform providers.
//
// The source supply compiles them from Go modules and Debian packages that infra/supply pins, one
// folder a part, and keeps each in the user's cache under the hash of everything it was made
// from. The upstream supply names published images by digest instead.
package supply

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
)

// Part is one thing the source supply can build.
type Part struct {
	Name  string
	About string   // one line for people
	Needs []string // parts it is made from
	// After names a part that compiles the same packages: where both have to be built, this one waits, and
	// finds them in Go's build cache.
	After string
	// Weight is the part's rough cost in CPU seconds on an empty cache: the longest is started first.
	Weight int
	// Optional parts are built for hosts that lack something, or where a service needs them, not for
	// everybody.
	Optional bool
	// Cloud parts are built for environments in a cloud only.
	Cloud  bool
	recipe recipe
}

// recipe makes a part in an empty folder.
type recipe interface {
	// fingerprint writes everything the result depends on, other parts apart.
	fingerprint(w io.Writer) error
	build(ctx context.Context, job *job) error
}

// job is one build under way.
type job struct {
	out   string            // the part's folder, empty at first
	work  string            // scratch, gone afterwards
	needs map[string]string // folders of the parts it is made from, by name
	log   io.Writer
	notes []string
}

// note leaves a line for people with the part: that it could not be made quite as described.
func (j *job) note(text string) { j.notes = append(j.notes, text) }

// hashed is a part whose inputs have been read.
type hashed struct {
	Part
	hash string
}

// key is the name of the part's folder in the cache.
func (h hashed) key() string { return h.Name + "-" + h.hash }

// hashParts reads the inputs of all parts. A part's hash covers those of what it is made from.
func hashParts(parts []Part) (map[string]hashed, error) {
	done := make(map[string]hashed, len(parts))
	byName := make(map[string]Part, len(parts))
	for _, p := range parts {
		byName[p.Name] = p
	}
	for _, p := range parts {
		if err := hashPart(p, byName, done); err != nil {
			return nil, err
		}
	}
	return done, nil
}

func hashPart(p Part, byName map[string]Part, done map[string]hashed) error {
	if _, ok := done[p.Name]; ok {
		return nil
	}
	sum := sha256.New()
	for _, need := range p.Needs {
		n, ok := byName[need]
		if !ok {
			return fmt.Errorf("part %s needs %s, which is no part", p.Name, need)
		}
		if err := hashPart(n, byName, done); err != nil {
			return err
		}
		fmt.Fprintf(sum, "needs %s\n", done[need].key())
	}
	if err := p.recipe.fingerprint(sum); err != nil {
		return fmt.Errorf("read the inputs of part %s: %w", p.Name, err)
	}
	done[p.Name] = hashed{Part: p, hash: shortHash(sum)}
	return nil
}

func shortHash(sum hash.Hash) string {
	return hex.EncodeToString(sum.Sum(nil))[:16]
}
