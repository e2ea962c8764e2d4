package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"golang.org/x/sync/errgroup"

	"github.com/stoa-rooms/stoa/certs"
)

// Beside its page a node may serve two things at addresses of their own: its metrics, which need not be open to those who
// use the page, and the way from http to https.

// serveMetrics answers GET /metrics in the format of Prometheus, until ctx ends.
func serveMetrics(ctx context.Context, group *errgroup.Group, cfg Config) error {
	if cfg.Metrics == "" {
		return nil
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", cfg.Metrics)
	if err != nil {
		return explainListen(err, cfg.Metrics, "the metrics", "--metrics", "127.0.0.1:9090")
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(prometheus.Gatherer(cfg.meters.registry), promhttp.HandlerOpts{}))
	serveBeside(ctx, group, "metrics", l, mux, cfg.Log)
	return nil
}

// obtainCertificate obtains the domain's certificate, if there is a domain, while the page is served already: the
// authority comes there to look.
func obtainCertificate(ctx context.Context, group *errgroup.Group, cfg Config, encryption *certs.Certs, at address) error {
	if !encryption.Obtains() {
		return nil
	}
	if cfg.Redirect != "off" {
		l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", cfg.Redirect)
		if err != nil {
			return explainListen(err, cfg.Redirect, "http, which leads to https", "--http-redirect", "127.0.0.1:8080, or off")
		}
		serveBeside(ctx, group, "http redirect", l, encryption.Redirect(at.url), cfg.Log)
	}
	go encryption.Run(ctx) // an attempt under way may outlast the node by minutes, and has nothing to lose
	return nil
}

// serveBeside answers small requests until ctx ends.
func serveBeside(ctx context.Context, group *errgroup.Group, what string, l net.Listener, handler http.Handler, log *slog.Logger) {
	s := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 10 * time.Second,
		MaxHeaderBytes: 16 << 10,
		ErrorLog:       slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	group.Go(func() error {
		if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("node: %s: %w", what, err)
		}
		return nil
	})
	group.Go(func() error {
		<-ctx.Done()
		_ = s.Close()
		return nil
	})
}
