package catalog

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"sort"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// File is the name of the description in each service's folder.
const File = "service.yaml"

// Load reads every services/NAME/service.yaml under root, sorted by name. All
// mistakes of all files come back together as Mistakes; any other error means
// that the folder could not be read.
func Load(root string) ([]Service, error) {
	folders, err := serviceFolders(root)
	if err != nil {
		return nil, err
	}
	var documents []*document
	var services []*Service
	for _, folder := range folders {
		d, s, err := read(root, folder)
		if err != nil {
			return nil, err
		}
		documents, services = append(documents, d), append(services, s)
	}
	checkTogether(documents, services)

	var mistakes Mistakes
	loaded := make([]Service, 0, len(services))
	for i, d := range documents {
		mistakes = append(mistakes, d.mistakes...)
		loaded = append(loaded, *services[i])
	}
	if len(mistakes) > 0 {
		mistakes.sort()
		return nil, mistakes
	}
	return loaded, nil
}

// serviceFolders lists the folders under services/ that hold a service: those
// with a service.yaml, and those that are Go modules and ought to have one.
func serviceFolders(root string) ([]string, error) {
	entries, err := os.ReadDir(filepath.Join(root, "services"))
	if err != nil {
		return nil, fmt.Errorf("read the folder of services: %w", err)
	}
	var folders []string
	for _, entry := range entries {
		if !entry.IsDir() || entry.Name() == "kit" || strings.HasPrefix(entry.Name(), ".") {
			continue
		}
		for _, name := range []string{File, "go.mod"} {
			if _, err := os.Stat(filepath.Join(root, "services", entry.Name(), name)); err == nil {
				folders = append(folders, entry.Name())
				break
			}
		}
	}
	sort.Strings(folders)
	return folders, nil
}

func read(root, folder string) (*document, *Service, error) {
	dir := filepath.Join(root, "services", folder)
	absolute, err := filepath.Abs(dir)
	if err != nil {
		return nil, nil, err
	}
	d := newDocument("services/" + folder + "/" + File)
	s := &Service{Dir: absolute}
	content, err := os.ReadFile(filepath.Join(dir, File))
	if errors.Is(err, os.ErrNotExist) {
		d.add(0, "is missing, though the folder is a Go module", "describe the service in it, as "+schemaFile+" tells")
		s.Name = folder
		return d, s, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("read %s: %w", d.file, err)
	}
	if node := d.parse(content); node != nil {
		d.decode(node, reflect.ValueOf(s).Elem(), "")
		d.check(s)
	}
	d.checkFolder(s, folder)
	return d, s, nil
}

var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)$`)

// parse returns the one mapping that the file holds, or records why there is none.
func (d *document) parse(content []byte) *yaml.Node {
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	var first, second yaml.Node
	err := decoder.Decode(&first)
	switch {
	case errors.Is(err, io.EOF):
		d.add(1, "is empty", "describe the service in it, as "+schemaFile+" tells")
		return nil
	case err != nil:
		d.syntax(err)
		return nil
	}
	if err := decoder.Decode(&second); !errors.Is(err, io.EOF) {
		if err != nil {
			d.syntax(err)
			return nil
		}
		d.add(second.Line, "holds a second YAML document", "keep one document, one service a file")
	}
	return first.Content[0]
}

func (d *document) syntax(err error) {
	line, problem := 1, err.Error()
	if parts := yamlLine.FindStringSubmatch(problem); parts != nil {
		problem = parts[2]
		if number, err := strconv.Atoi(parts[1]); err == nil {
			line = number
		}
	}
	d.add(line, "is not YAML: "+problem, "check the indentation and the quotes around this line")
}

// checkFolder makes sure that the folder names the service. A service with
// another name, or none, goes on by its folder's, so that calls to it are not
// reported as a second mistake.
func (d *document) checkFolder(s *Service, folder string) {
	if s.Name != "" && s.Name != folder {
		d.at("name", fmt.Sprintf("name is %q, but the folder is %q", s.Name, folder), fmt.Sprintf("write \"name: %s\" or rename the folder", folder))
	}
	s.Name = folder
}

// schemaFile is the JSON schema for editors, relative to the repository's root.
const schemaFile = "services/service.schema.json"
