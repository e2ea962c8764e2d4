package node_test

import (
	"context"
	"io"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/stoa-rooms/stoa/node"
)

// TestToldToStopWhileStarting holds Run to returning however early it is told to stop.
func TestToldToStopWhileStarting(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	for _, after := range []time.Duration{0, time.Millisecond, 20 * time.Millisecond, 100 * time.Millisecond} {
		ctx, cancel := context.WithTimeout(t.Context(), after)
		done := make(chan error, 1)
		go func() {
			done <- node.Run(ctx, node.Config{
				Data: data, HTTP: "127.0.0.1:0", Media: "127.0.0.1:0", Out: io.Discard, Log: slog.New(slog.DiscardHandler),
			})
		}()
		select {
		case err := <-done:
			t.Logf("told to stop after %v: %v", after, err) // an address not opened in time is an error, and all right
		case <-time.After(20 * time.Second):
			t.Fatalf("told to stop after %v, the node runs on", after)
		}
		cancel()
	}
}
