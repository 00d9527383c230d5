// Package obs is what an operator sees of the running program: its log and its metrics.
//
// Invariants: neither speaks of people. A log line is a message that stands in the code and attributes whose names are
// on a list (package arch holds every call to it); a metric counts requests, statements and the program's own
// work, never what was entered by whom, and nothing from which the number of reports could be read (ADR 0021).
//
// Start at NewLog and NewMetrics.
package obs

import (
	"io"
	"log/slog"
)

// NewLog writes one JSON object a line.
func NewLog(w io.Writer, level slog.Level) *slog.Logger {
	return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level}))
}
