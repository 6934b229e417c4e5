package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// login stores the credentials of a registry where docker and everything that pushes images look
// for them: $DOCKER_CONFIG/config.json, else ~/.docker/config.json. They come from
// REGISTRY_USER and REGISTRY_PASSWORD, never from arguments, which other processes can read.
func (a *app) login(_ context.Context, args []string) error {
	registry, err := one(args, "the registry")
	if err != nil {
		return err
	}
	if err := a.need("REGISTRY_USER", "REGISTRY_PASSWORD"); err != nil {
		return err
	}
	file, err := a.dockerConfig()
	if err != nil {
		return err
	}
	host, _, _ := strings.Cut(registry, "/")
	secret := base64.StdEncoding.EncodeToString([]byte(a.env("REGISTRY_USER") + ":" + a.env("REGISTRY_PASSWORD")))
	if err := storeLogin(file, host, secret); err != nil {
		return err
	}
	fmt.Fprintf(a.errs, "ci: %s can push to %s (%s)\n", a.env("REGISTRY_USER"), host, file)
	return nil
}

func (a *app) dockerConfig() (string, error) {
	if dir := a.env("DOCKER_CONFIG"); dir != "" {
		return filepath.Join(dir, "config.json"), nil
	}
	home := a.env("HOME")
	if home == "" {
		return "", usageError{"neither DOCKER_CONFIG nor HOME is set"}
	}
	return filepath.Join(home, ".docker", "config.json"), nil
}

// storeLogin keeps everything else that the file says.
func storeLogin(file, host, secret string) error {
	config := map[string]any{}
	text, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(text, &config)
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("read %s: %w", file, err)
	}
	logins, ok := config["auths"].(map[string]any)
	if !ok {
		logins = map[string]any{}
	}
	logins[host] = map[string]string{"auth": secret}
	config["auths"] = logins
	text, err = json.MarshalIndent(config, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	return os.WriteFile(file, text, 0o600)
}
