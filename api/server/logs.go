package server

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
)

// pathLog is where other nodes read a log: C2SP tlog-tiles, and beside them the statements that the leaves stand for.
// It is no part of the API's version: what a log holds does not change with it.
const pathLog = "/log/{community}/{node}/{path...}"

// maxLogPath bounds the last part of a path. The longest that names something has some 60 bytes.
const maxLogPath = 100

const mediaTypeText = "text/plain; charset=utf-8"

// resource is how one kind of resource of a log is sent.
type resource struct {
	kind    string
	forever bool // its path never holds anything else
}

// resourceAt tells what a path of a log would hold. Whether it does, the log knows.
func resourceAt(path string) (resource, bool) {
	switch {
	case len(path) > maxLogPath:
		return resource{}, false
	case path == "checkpoint":
		return resource{kind: mediaTypeText}, true
	case strings.HasPrefix(path, "tile/"):
		return resource{kind: "application/octet-stream", forever: true}, true
	case strings.HasPrefix(path, "statements/"):
		return resource{kind: mediaTypeJSON, forever: true}, true
	}
	return resource{}, false
}

// serveLog sends one resource of a log. Anybody may read it.
func (s *Server) serveLog(w http.ResponseWriter, r *http.Request) {
	kind, data, err := s.readLog(r.PathValue("community"), r.PathValue("node"), r.PathValue("path"))
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", kind.kind)
	if kind.forever {
		h.Set("Cache-Control", immutable)
	} else {
		h.Set("Cache-Control", "no-store")
	}
	h.Set("Content-Length", strconv.Itoa(len(data)))
	_, _ = io.Copy(w, bytes.NewReader(data)) // the client is gone, and nobody else wants to know
}

func (s *Server) readLog(community, node, path string) (resource, []byte, error) {
	kind, ok := resourceAt(path)
	if !ok || s.logs == nil {
		return kind, nil, reason.Reject(reason.NotFound, "no such resource of a log")
	}
	of, err := identity.ParseDID(community)
	if err != nil {
		return kind, nil, reason.Reject(reason.NotFound, "the path names no log")
	}
	by, err := identity.ParseDID(node)
	if err != nil {
		return kind, nil, reason.Reject(reason.NotFound, "the path names no log")
	}
	data, err := s.logs.Read("stoa/"+of.String()+"/"+by.String(), path) // as ledger.Origin names it
	return kind, data, err
}
