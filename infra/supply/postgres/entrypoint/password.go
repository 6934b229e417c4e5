package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
)

// readPassword reads the superuser's password. Line ends after it do not belong to it.
func readPassword(file string) (string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("read the superuser's password: %w", err)
	}
	password := strings.TrimRight(string(text), "\r\n")
	switch {
	case password == "":
		return "", fmt.Errorf("%s is empty; the superuser needs a password", file)
	case strings.ContainsAny(password, "\x00\r\n"):
		return "", errors.New("the superuser's password has more than one line or a zero byte")
	}
	return password, nil
}

// setPassword makes the superuser's password the given one. A server of a single session does it,
// which needs no password and cannot be reached by anybody else.
func (c cluster) setPassword(ctx context.Context, password string) error {
	err := command{
		name: "postgres",
		args: []string{
			"--single", "-D", c.data,
			"-c", "exit_on_error=on", // a failed statement must fail the program
			"-c", "log_min_error_statement=panic", // keeps the statement out of the log
			"-c", "password_encryption=scram-sha-256",
			"-c", "log_checkpoints=off",
			"postgres",
		},
		stdin: "ALTER ROLE postgres WITH PASSWORD " + quote(password) + "\n",
	}.run(ctx)
	if err != nil {
		return fmt.Errorf("set the superuser's password: %w", err)
	}
	return nil
}

// quote writes text as an SQL literal that means the same whatever standard_conforming_strings
// is.
func quote(text string) string {
	escaped := strings.NewReplacer(`'`, `''`, `\`, `\\`).Replace(text)
	return `E'` + escaped + `'`
}
