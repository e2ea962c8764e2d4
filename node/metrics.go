package node

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"golang.org/x/sync/errgroup"
)

// serveMetrics answers GET /metrics in the format of Prometheus, until ctx ends. It has an address of its own, so that
// it need not be open to those who use the page.
func serveMetrics(ctx context.Context, group *errgroup.Group, addr string, from prometheus.Gatherer) error {
	l, err := listen(ctx, addr)
	if err != nil {
		return fmt.Errorf("--metrics: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(from, promhttp.HandlerOpts{}))
	s := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	group.Go(func() error {
		if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("node: metrics: %w", err)
		}
		return nil
	})
	group.Go(func() error {
		<-ctx.Done()
		_ = s.Close()
		return nil
	})
	return nil
}
