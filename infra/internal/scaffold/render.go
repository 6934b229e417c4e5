package scaffold

import (
	"bytes"
	"embed"
	"fmt"
	"go/format"
	"io/fs"
	"path"
	"slices"
	"strings"
	"text/template"
)

//go:embed templates
var templates embed.FS

// suffix keeps the templates from being compiled, and editors from reading them
// as what they become.
const suffix = ".tmpl"

// file is one file of a service.
type file struct {
	path    string // relative to the service's folder, with slashes
	content []byte
}

// values are what templates are filled with.
type values struct {
	Name        string
	Description string // a sentence
	Does        string // ends the sentence "Command NAME …"
	Host, Route string
	Domain      string // package of an HTTP service
	Asker       string // package that calls the callees
	HTTP        bool
	Database    bool
	Messaging   bool
	Needs       []string // in the order of Needs()
	Replicas    int
	Callees     []callee // in the order of names
}

func valuesOf(r Request) values {
	v := values{
		Name: r.Name, Host: Host, Route: r.RoutePath, HTTP: r.Template == HTTP, Database: r.needs(database), Messaging: r.needs(messaging),
		Needs: r.Needs, Replicas: 2, Callees: calleesOf(r.Calls),
	}
	switch {
	case v.HTTP && v.Database:
		v.Domain, v.Asker = "item", "api"
		v.Description, v.Does = "Keeps items and serves them at "+r.RoutePath+".", "keeps items and serves them"
	case v.HTTP:
		v.Domain, v.Asker = "greeting", "api"
		v.Description, v.Does = "Greets its callers at "+r.RoutePath+".", "greets its callers"
	default:
		v.Asker = "work"
		v.Description, v.Does = "Works in rounds, one after the other.", "works in rounds, one after the other"
	}
	if !v.HTTP && !v.Database {
		v.Replicas = 1 // nothing keeps two from doing the same
	}
	return v
}

// layers are the folders of templates that make a service; their files lie as
// they will in the service's folder.
func layers(v values) []string {
	kind := string(Worker)
	if v.HTTP {
		kind = string(HTTP)
	}
	list := []string{"all", kind}
	switch {
	case v.Database:
		list = append(list, kind+"-database")
	case v.HTTP:
		list = append(list, "http-plain")
	}
	if v.Messaging && !v.HTTP {
		list = append(list, kind+"-messaging")
	}
	if v.Messaging && v.Database {
		list = append(list, kind+"-database-messaging")
	}
	if len(v.Callees) > 0 {
		list = append(list, "callees")
		if v.HTTP {
			list = append(list, "http-callees")
		}
	}
	return list
}

// render makes all files of a service, sorted by path.
func render(root string, r Request) ([]file, error) {
	v := valuesOf(r)
	var files []file
	for _, layer := range layers(v) {
		made, err := renderLayer(layer, v)
		if err != nil {
			return nil, err
		}
		files = append(files, made...)
	}
	for _, c := range v.Callees {
		content, err := renderFile("templates/callee/callee.go"+suffix, c)
		if err != nil {
			return nil, err
		}
		files = append(files, file{path.Join("internal", c.Package, c.Package+".go"), content})
	}
	required, err := moduleFiles(root, r, files)
	if err != nil {
		return nil, err
	}
	files = append(files, required...)
	slices.SortFunc(files, func(a, b file) int { return strings.Compare(a.path, b.path) })
	return files, nil
}

func renderLayer(layer string, v values) ([]file, error) {
	var files []file
	folder := path.Join("templates", layer)
	err := fs.WalkDir(templates, folder, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := renderFile(name, v)
		files = append(files, file{strings.TrimSuffix(strings.TrimPrefix(name, folder+"/"), suffix), content})
		return err
	})
	return files, err
}

// renderFile fills one template. Go files are formatted, which also sorts the
// imports: their order depends on the service's name.
func renderFile(name string, data any) ([]byte, error) {
	text, err := templates.ReadFile(name)
	if err != nil {
		return nil, err
	}
	// Go and YAML use braces; no language here begins anything with two brackets.
	parsed, err := template.New(path.Base(name)).Delims("[[", "]]").Option("missingkey=error").Parse(string(text))
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := parsed.Execute(&out, data); err != nil {
		return nil, err
	}
	if !strings.HasSuffix(name, ".go"+suffix) {
		return out.Bytes(), nil
	}
	formatted, err := format.Source(out.Bytes())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return formatted, nil
}
