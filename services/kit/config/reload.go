package config

import (
	"log/slog"
	"reflect"

	"github.com/fsnotify/fsnotify"
	"github.com/spf13/viper"
)

// Watch calls apply with the new configuration after each change of the file
// for as long as the program runs. Only fields tagged reload change; a change
// of another is reported as waiting for a restart. A file that is not valid
// is refused whole: the reason is logged and what was there stays.
// Without a file there is nothing to watch.
func (l *Live[T]) Watch(logger *slog.Logger, apply func(T)) {
	if l.file == "" {
		return
	}
	watcher := viper.New()
	watcher.SetConfigFile(l.file)
	watcher.SetConfigType("yaml")
	watcher.OnConfigChange(func(fsnotify.Event) { l.reload(logger, apply) })
	watcher.WatchConfig()
}

func (l *Live[T]) reload(logger *slog.Logger, apply func(T)) {
	proposed, err := read[T](l.file)
	if err != nil {
		logger.Error("configuration change refused; the old one stays", "file", l.file, "error", err)
		return
	}
	next := l.Get()
	changed, waiting := merge(&next, proposed)
	if len(waiting) > 0 {
		logger.Warn("configuration change waits for a restart", "settings", waiting)
	}
	if len(changed) == 0 {
		return
	}
	l.current.Store(&next)
	apply(next)
	logger.Info("configuration changed", "settings", changed)
}

// merge copies the reloadable fields of proposed into current and returns the
// keys that changed and the keys that would need a restart.
func merge[T any](current, proposed *T) (changed, waiting []string) {
	from := fieldsOf(reflect.ValueOf(proposed).Elem())
	for i, into := range fieldsOf(reflect.ValueOf(current).Elem()) {
		if reflect.DeepEqual(into.value.Interface(), from[i].value.Interface()) {
			continue
		}
		if !into.reloadable() {
			waiting = append(waiting, into.key)
			continue
		}
		into.value.Set(from[i].value)
		changed = append(changed, into.key)
	}
	return changed, waiting
}
