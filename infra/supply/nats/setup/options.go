package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// options are what can be set from outside.
type options struct {
	url, user, password string
	wait                time.Duration // for servers that do not serve yet
	stream              jetstream.StreamConfig
}

// description is the stream as STREAM describes it, in units of people.
type description struct {
	Name             string   `json:"name"`
	Subjects         []string `json:"subjects"`
	Replicas         int      `json:"replicas"`
	MaxAgeHours      int      `json:"max_age_hours"`
	MaxBytes         int64    `json:"max_bytes"`
	DuplicateSeconds int      `json:"duplicate_seconds"` // how long an event's id is remembered
}

// readOptions reads MESSAGING_URL, MESSAGING_USER, MESSAGING_PASSWORD, WAIT_SECONDS and STREAM.
func readOptions(environment func(string) string) (options, error) {
	o := options{url: environment("MESSAGING_URL"), user: environment("MESSAGING_USER"), password: environment("MESSAGING_PASSWORD")}
	for _, name := range []string{"MESSAGING_URL", "MESSAGING_USER", "MESSAGING_PASSWORD"} {
		if environment(name) == "" {
			return o, fmt.Errorf("%s is not set", name)
		}
	}
	seconds, err := strconv.Atoi(environment("WAIT_SECONDS"))
	if err != nil || seconds < 1 {
		return o, fmt.Errorf("WAIT_SECONDS is %q, it must be a whole number of seconds above 0", environment("WAIT_SECONDS"))
	}
	o.wait = time.Duration(seconds) * time.Second
	o.stream, err = readStream(environment("STREAM"))
	return o, err
}

func readStream(text string) (jetstream.StreamConfig, error) {
	var d description
	decoder := json.NewDecoder(bytes.NewReader([]byte(text)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&d); err != nil {
		return jetstream.StreamConfig{}, fmt.Errorf("STREAM describes no stream: %w", err)
	}
	if d.Name == "" || len(d.Subjects) == 0 || d.Replicas < 1 || d.MaxAgeHours < 1 || d.MaxBytes < 1 || d.DuplicateSeconds < 1 {
		return jetstream.StreamConfig{}, fmt.Errorf("STREAM needs name, subjects, replicas, max_age_hours, max_bytes and duplicate_seconds; it is %s", text)
	}
	return jetstream.StreamConfig{
		Name: d.Name, Subjects: d.Subjects, Replicas: d.Replicas,
		Storage: jetstream.FileStorage, Retention: jetstream.LimitsPolicy, Discard: jetstream.DiscardOld,
		MaxAge: time.Duration(d.MaxAgeHours) * time.Hour, MaxBytes: d.MaxBytes,
		MaxMsgs: -1, MaxMsgsPerSubject: -1, MaxMsgSize: -1, MaxConsumers: -1,
		Duplicates: time.Duration(d.DuplicateSeconds) * time.Second,
		// Events are taken back by nobody: they go by age.
		DenyDelete: true, DenyPurge: true,
	}, nil
}
