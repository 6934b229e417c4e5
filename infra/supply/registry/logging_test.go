package main

import (
	"bytes"
	"log/slog"
	"testing"

	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/assert"
)

func TestOnlyWhatTheRegistryGotWrongIsLogged(t *testing.T) {
	var output bytes.Buffer
	forward(slog.New(slog.NewTextHandler(&output, nil)))

	logrus.WithField("http.response.status", 404).Error("response completed with error")
	logrus.Info("listening")
	assert.Empty(t, output.String())

	logrus.WithFields(logrus.Fields{"http.response.status": 500, "err.detail": "no space left"}).Error("response completed with error")
	assert.Contains(t, output.String(), `level=ERROR msg="response completed with error"`)
	assert.Contains(t, output.String(), `detail="no space left"`)
}
