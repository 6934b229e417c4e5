package main

import (
	"io"
	"log/slog"
	"net/http"

	"github.com/sirupsen/logrus"
)

// forward takes over what distribution logs by logrus. It calls every answer
// from 400 on an error, also the 404 with which each push begins; only what
// the registry itself got wrong is passed on.
func forward(log *slog.Logger) {
	logrus.SetOutput(io.Discard)
	logrus.StandardLogger().ReplaceHooks(logrus.LevelHooks{})
	logrus.AddHook(serverErrors{log})
}

type serverErrors struct{ log *slog.Logger }

func (serverErrors) Levels() []logrus.Level {
	return []logrus.Level{logrus.PanicLevel, logrus.FatalLevel, logrus.ErrorLevel}
}

func (s serverErrors) Fire(entry *logrus.Entry) error {
	if status, ok := entry.Data["http.response.status"].(int); ok && status < http.StatusInternalServerError {
		return nil
	}
	s.log.Error(entry.Message, "uri", entry.Data["http.request.uri"], "error", entry.Data["err.message"], "detail", entry.Data["err.detail"])
	return nil
}
