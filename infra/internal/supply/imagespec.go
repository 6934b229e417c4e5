package supply

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// imageSpec is an image.json: what an image is made of.
type imageSpec struct {
	Name        string            `json:"name"` // the published image this one stands for
	Debian      *debianRoot       `json:"debian"`
	Binaries    map[string]string `json:"binaries"` // package by path in the image
	Ldflags     string            `json:"ldflags"`
	Links       map[string]string `json:"links"` // target by path
	Dirs        []specDir         `json:"dirs"`
	Owned       []specOwner       `json:"owned"` // files and folders that do not belong to root
	Users       []specUser        `json:"users"`
	ModuleFiles []moduleFiles     `json:"module_files"`
	Patches     []patch           `json:"patches"`
	Config      specConfig        `json:"config"`
}

type specDir struct {
	Path string `json:"path"`
	Mode string `json:"mode"` // octal
	UID  int    `json:"uid"`
	GID  int    `json:"gid"`
}

type specOwner struct {
	Path string `json:"path"`
	UID  int    `json:"uid"`
	GID  int    `json:"gid"`
}

type specUser struct {
	Name string `json:"name"`
	UID  int    `json:"uid"`
	GID  int    `json:"gid"`
	Home string `json:"home"`
}

// moduleFiles takes a folder of a Go module that the build module requires.
type moduleFiles struct {
	Module string `json:"module"`
	From   string `json:"from"`
	To     string `json:"to"`
}

// patch replaces text in a file of the image. Old must be there exactly once, or at least once
// when All is set, so that a changed upstream fails loudly.
type patch struct {
	Path string `json:"path"`
	Old  string `json:"old"`
	New  string `json:"new"`
	All  bool   `json:"all"`
}

type specConfig struct {
	Entrypoint []string `json:"entrypoint"`
	Cmd        []string `json:"cmd"`
	User       string   `json:"user"`
	Env        []string `json:"env"`
	Workdir    string   `json:"workdir"`
	Ports      []string `json:"ports"`
	StopSignal string   `json:"stop_signal"`
}

func readImageSpec(dir string) (imageSpec, error) {
	file, err := os.Open(filepath.Join(dir, "image.json"))
	if err != nil {
		return imageSpec{}, err
	}
	defer file.Close()
	decoder := json.NewDecoder(file)
	decoder.DisallowUnknownFields()
	var spec imageSpec
	if err := decoder.Decode(&spec); err != nil {
		return imageSpec{}, fmt.Errorf("%s: %w", file.Name(), err)
	}
	return spec, nil
}

func (c specConfig) oci() v1.Config {
	config := v1.Config{Entrypoint: c.Entrypoint, Cmd: c.Cmd, User: c.User, Env: c.Env, WorkingDir: c.Workdir, StopSignal: c.StopSignal}
	if len(config.Env) == 0 {
		config.Env = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
	}
	for _, port := range c.Ports {
		if config.ExposedPorts == nil {
			config.ExposedPorts = map[string]struct{}{}
		}
		config.ExposedPorts[port] = struct{}{}
	}
	return config
}
