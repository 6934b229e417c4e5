package image

import (
	"debug/buildinfo"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"golang.org/x/mod/modfile"
)

// spdxType is the media type of an SPDX document in JSON.
const spdxType types.MediaType = "application/spdx+json"

// spdxDocument is a software bill of materials after SPDX 2.3 (spdx.github.io),
// with the fields that are mandatory and those that scanners look at.
type spdxDocument struct {
	Version       string             `json:"spdxVersion"`
	License       string             `json:"dataLicense"`
	ID            string             `json:"SPDXID"`
	Name          string             `json:"name"`
	Namespace     string             `json:"documentNamespace"`
	Creation      spdxCreation       `json:"creationInfo"`
	Packages      []spdxPackage      `json:"packages"`
	Relationships []spdxRelationship `json:"relationships"`
}

type spdxCreation struct {
	Created  string   `json:"created"`
	Creators []string `json:"creators"`
}

type spdxPackage struct {
	ID               string          `json:"SPDXID"`
	Name             string          `json:"name"`
	Version          string          `json:"versionInfo,omitempty"`
	DownloadLocation string          `json:"downloadLocation"`
	FilesAnalyzed    bool            `json:"filesAnalyzed"`
	References       []spdxReference `json:"externalRefs,omitempty"`
}

type spdxReference struct {
	Category string `json:"referenceCategory"`
	Type     string `json:"referenceType"`
	Locator  string `json:"referenceLocator"`
}

type spdxRelationship struct {
	Element string `json:"spdxElementId"`
	Type    string `json:"relationshipType"`
	Related string `json:"relatedSpdxElement"`
}

const documentID, mainID = "SPDXRef-DOCUMENT", "SPDXRef-Package-main"

// sbom lists the Go modules that a service's binary is compiled from, as the
// binary itself tells. It names no time, so that it is the same for the same image.
func sbom(built Built) ([]byte, error) {
	info, err := buildinfo.ReadFile(built.Binary)
	if err != nil {
		return nil, fmt.Errorf("read the build information of %s: %w", built.Service, err)
	}
	document := spdxDocument{
		Version: "SPDX-2.3", License: "CC0-1.0", ID: documentID, Name: built.Service,
		Namespace:     "https://kindling.internal/sbom/" + built.Service + "/" + strings.TrimPrefix(built.Digest, "sha256:"),
		Creation:      spdxCreation{Created: "1970-01-01T00:00:00Z", Creators: []string{"Tool: kindling"}},
		Packages:      []spdxPackage{modulePackage(mainID, &info.Main)},
		Relationships: []spdxRelationship{{documentID, "DESCRIBES", mainID}},
	}
	standard := &debug.Module{Path: "stdlib", Version: strings.TrimPrefix(info.GoVersion, "go")}
	for i, module := range append([]*debug.Module{standard}, info.Deps...) {
		id := fmt.Sprintf("SPDXRef-Package-%d", i)
		document.Packages = append(document.Packages, modulePackage(id, module))
		document.Relationships = append(document.Relationships, spdxRelationship{mainID, "DEPENDS_ON", id})
	}
	return json.MarshalIndent(document, "", "  ")
}

func modulePackage(id string, module *debug.Module) spdxPackage {
	if module.Replace != nil && !modfile.IsDirectoryPath(module.Replace.Path) {
		module = module.Replace
	}
	version := strings.Trim(module.Version, "()") // "(devel)" of modules in this repository
	return spdxPackage{
		ID: id, Name: module.Path, Version: version, DownloadLocation: "NOASSERTION",
		References: []spdxReference{{"PACKAGE-MANAGER", "purl", "pkg:golang/" + module.Path + "@" + version}},
	}
}

// attachment is an OCI artifact that refers to an image (OCI 1.1, "subject").
func attachment(img v1.Image, kind types.MediaType, content []byte) (v1.Image, error) {
	subject, err := partial.Descriptor(img)
	if err != nil {
		return nil, err
	}
	artifact := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), kind)
	artifact, err = mutate.AppendLayers(artifact, static.NewLayer(content, kind))
	if err != nil {
		return nil, err
	}
	attached, ok := mutate.Subject(artifact, v1.Descriptor{MediaType: subject.MediaType, Digest: subject.Digest, Size: subject.Size}).(v1.Image)
	if !ok {
		return nil, errors.New("the library returned no image")
	}
	return attached, nil
}
