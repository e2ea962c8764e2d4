package media

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/pion/logging"
)

// pionLog passes what pion logs to slog, all of it at debug level: its warnings are about single packets and clients,
// which anybody can provoke.
type pionLog struct{ log *slog.Logger }

// NewLogger implements logging.LoggerFactory.
func (l pionLog) NewLogger(scope string) logging.LeveledLogger {
	return pionScope{l.log.With("pion", scope)}
}

type pionScope struct{ log *slog.Logger }

func (s pionScope) print(msg string) { s.log.Debug(msg) }

func (s pionScope) printf(format string, args []any) {
	if s.log.Enabled(context.Background(), slog.LevelDebug) {
		s.log.Debug(fmt.Sprintf(format, args...))
	}
}

// What logging.LeveledLogger asks for. Trace is once a packet and left out.
func (pionScope) Trace(string)          {}
func (pionScope) Tracef(string, ...any) {}

func (s pionScope) Debug(msg string)               { s.print(msg) }
func (s pionScope) Debugf(format string, a ...any) { s.printf(format, a) }
func (s pionScope) Info(msg string)                { s.print(msg) }
func (s pionScope) Infof(format string, a ...any)  { s.printf(format, a) }
func (s pionScope) Warn(msg string)                { s.print(msg) }
func (s pionScope) Warnf(format string, a ...any)  { s.printf(format, a) }
func (s pionScope) Error(msg string)               { s.print(msg) }
func (s pionScope) Errorf(format string, a ...any) { s.printf(format, a) }
