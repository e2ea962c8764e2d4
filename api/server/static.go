package server

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
)

const index = "index.html"

// immutablePrefix begins the paths of files whose names hold a hash of their content.
const immutablePrefix = "assets/"

// immutable is said of what a path holds when it never holds anything else.
const immutable = "public, max-age=31536000, immutable"

// appRoutes are the paths at which the page shows something of its own; everywhere else it shows that nothing is there.
func appRoutes() []string {
	return []string{"/{$}", "/i/{id}", "/r/{id}", "/invites", "/calendar", "/search", "/notices", "/community", "/me", "/p/{did}", "/recovery", "/restore", "/node", "/docs"}
}

// page is the web client, held in memory: it is small, and encoded once.
type page struct {
	files  map[string]*file
	routes *http.ServeMux
}

// file is one file of the page with its encodings.
type file struct {
	kind    string
	tag     string            // ETag
	encoded map[string][]byte // by Content-Encoding; "" is the file itself
	forever bool              // its path never holds anything else
}

// newPage reads the page. Without files there is none. What is shown of its addresses elsewhere is written into it.
func newPage(files fs.FS, previewOf func(*http.Request) preview) (*page, error) {
	if files == nil {
		return nil, nil //nolint:nilnil // no page is a choice, not a failure
	}
	p := &page{files: map[string]*file{}, routes: http.NewServeMux()}
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || isEncoding(name) {
			return err
		}
		p.files[name], err = readFile(files, name)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("server: the page: %w", err)
	}
	if p.files[index] == nil {
		return nil, errors.New("server: the page has no " + index)
	}
	for _, route := range appRoutes() {
		p.routes.HandleFunc(route, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Vary", "Accept-Language") // which the preview's sentence follows
			p.files[index].with(previewOf(r)).serve(w, r, http.StatusOK)
		})
	}
	return p, nil
}

// encodings are those looked for beside a file, the best first.
func encodings() []struct{ name, suffix string } {
	return []struct{ name, suffix string }{{"br", ".br"}, {"gzip", ".gz"}}
}

func isEncoding(name string) bool {
	for _, e := range encodings() {
		if strings.HasSuffix(name, e.suffix) {
			return true
		}
	}
	return false
}

func readFile(files fs.FS, name string) (*file, error) {
	plain, err := fs.ReadFile(files, name)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(plain)
	f := &file{
		kind:    kindOf(name, plain),
		tag:     base64.RawURLEncoding.EncodeToString(sum[:12]),
		encoded: map[string][]byte{"": plain},
		forever: strings.HasPrefix(name, immutablePrefix),
	}
	for _, e := range encodings() {
		if data, err := fs.ReadFile(files, name+e.suffix); err == nil {
			f.encoded[e.name] = data
		}
	}
	if _, ok := f.encoded["gzip"]; !ok && compressible(f.kind) {
		if data := compress(plain); len(data) < len(plain) {
			f.encoded["gzip"] = data
		}
	}
	return f, nil
}

// kindOf is a file's media type. Those that matter are named: the system's table may be missing or wrong.
func kindOf(name string, content []byte) string {
	switch ext := path.Ext(name); ext {
	case ".html":
		return "text/html; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".json", ".map":
		return mediaTypeJSON
	case ".webmanifest":
		return "application/manifest+json"
	case ".svg":
		return "image/svg+xml"
	default:
		if kind := mime.TypeByExtension(ext); kind != "" {
			return kind
		}
		return http.DetectContentType(content)
	}
}

func compressible(kind string) bool {
	return strings.HasPrefix(kind, "text/") || strings.Contains(kind, "json") || strings.Contains(kind, "xml")
}

func compress(plain []byte) []byte {
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // fails for a wrong level only
	_, _ = w.Write(plain)                                 // a buffer takes everything
	_ = w.Close()
	return b.Bytes()
}

// serve answers a GET or HEAD for a file or a route of the page.
func (p *page) serve(w http.ResponseWriter, r *http.Request) bool {
	if f := p.files[strings.TrimPrefix(r.URL.Path, "/")]; f != nil {
		f.serve(w, r, http.StatusOK)
		return true
	}
	if h, pattern := p.routes.Handler(r); pattern != "" {
		h.ServeHTTP(w, r)
		return true
	}
	if strings.Contains(r.Header.Get("Accept"), "text/html") {
		p.files[index].serve(w, r, http.StatusNotFound) // the page says so in the visitor's language
		return true
	}
	return false
}

func (f *file) serve(w http.ResponseWriter, r *http.Request, status int) {
	encoding := f.choose(r.Header.Get("Accept-Encoding"))
	data := f.encoded[encoding]
	tag := `"` + f.tag + encoding + `"`
	h := w.Header()
	h.Set("Content-Type", f.kind)
	h.Set("ETag", tag)
	if len(f.encoded) > 1 {
		h.Add("Vary", "Accept-Encoding")
	}
	if encoding != "" {
		h.Set("Content-Encoding", encoding)
	}
	if f.forever {
		h.Set("Cache-Control", immutable)
	} else {
		h.Set("Cache-Control", "no-cache") // ask each time, by ETag: a node may have been updated
	}
	if status == http.StatusOK && strings.Contains(r.Header.Get("If-None-Match"), tag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Length", strconv.Itoa(len(data)))
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = io.Copy(w, bytes.NewReader(data)) // the client is gone, and nobody else wants to know
	}
}

// choose is the best encoding that the client takes and the file has (RFC 9110, section 12.5.3).
func (f *file) choose(accept string) string {
	takes := map[string]bool{}
	for part := range strings.SplitSeq(accept, ",") {
		name, weight, _ := strings.Cut(strings.TrimSpace(part), ";")
		weight = strings.ReplaceAll(weight, " ", "")
		takes[strings.ToLower(strings.TrimSpace(name))] = weight != "q=0" && weight != "q=0.0" && weight != "q=0.00" && weight != "q=0.000"
	}
	for _, e := range encodings() {
		if f.encoded[e.name] != nil && takes[e.name] {
			return e.name
		}
	}
	return ""
}
