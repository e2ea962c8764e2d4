package node

import "net/http"

// WithPush is a configuration whose push services are called by a client of the test's.
func WithPush(cfg Config, client *http.Client) Config {
	cfg.push = client
	return cfg
}
