package server

import (
	"bytes"
	"compress/gzip"
	"io"
	"strings"
	"testing"
	"testing/fstest"
)

func testPage() fstest.MapFS {
	script := strings.Repeat("console.log('stoa');\n", 100)
	return fstest.MapFS{
		"index.html":              {Data: []byte("<!doctype html><title>Stoa</title>" + strings.Repeat("<p>", 100))},
		"assets/app-a1b2c3.js":    {Data: []byte(script)},
		"assets/app-a1b2c3.js.br": {Data: []byte("brotli of it")},
		"assets/x-d4e5f6.woff2":   {Data: []byte("wOF2\x00\x01")},
		"favicon.svg":             {Data: []byte("<svg xmlns='http://www.w3.org/2000/svg'/>")},
		"manifest.webmanifest":    {Data: []byte(`{"name":"Stoa"}`)},
	}
}

func TestPageIsServedWhereTheAppHasAPlace(t *testing.T) {
	h := start(t, withWeb(testPage()))
	room := testRoom.String()
	for path, status := range map[string]int{
		"/": 200, "/?lang=fr": 200, "/i/" + room: 200, "/r/" + room: 200, "/invites": 200, "/me": 200, "/recovery": 200, "/restore": 200,
		"/nothing": 404, "/r/": 404, "/r/a/b": 404, "/assets/gone.js": 404, "/assets/": 404, "/assets": 404, "/index.htm": 404,
	} {
		r := h.ask(request{method: "GET", path: path, header: map[string]string{"Accept": "text/html,*/*"}})
		if r.status != status || !strings.Contains(r.body, "<title>Stoa</title>") {
			t.Errorf("%s: %d %.40s", path, r.status, r.body)
		}
		if r.header.Get("Content-Type") != "text/html; charset=utf-8" || r.header.Get("Cache-Control") != "no-cache" {
			t.Errorf("%s: %v", path, r.header)
		}
	}
}

func TestMissingFilesAreNotThePage(t *testing.T) {
	h := start(t, withWeb(testPage()))
	for _, path := range []string{"/assets/gone.js", "/../go.mod", "/assets/..%2f..%2fgo.mod", "/.git/config", "/assets/app-a1b2c3.js.br"} {
		r := h.ask(request{method: "GET", path: path})
		if r.status != 404 && r.status != 307 && r.status != 301 {
			t.Errorf("%s: %d %s", path, r.status, r.body)
		}
	}
	h.ask(request{method: "GET", path: "/assets/gone.js"}).wantProblem(t, 404, "not-found")
}

func TestFilesHaveTheirTypeAndAge(t *testing.T) {
	h := start(t, withWeb(testPage()))
	for path, want := range map[string][2]string{
		"/assets/app-a1b2c3.js":  {"text/javascript; charset=utf-8", "public, max-age=31536000, immutable"},
		"/assets/x-d4e5f6.woff2": {"font/woff2", "public, max-age=31536000, immutable"},
		"/favicon.svg":           {"image/svg+xml", "no-cache"},
		"/manifest.webmanifest":  {"application/manifest+json", "no-cache"},
		"/index.html":            {"text/html; charset=utf-8", "no-cache"},
	} {
		r := h.ask(request{method: "GET", path: path})
		r.wantStatus(t, 200)
		if got := [2]string{r.header.Get("Content-Type"), r.header.Get("Cache-Control")}; got != want {
			t.Errorf("%s: %v, want %v", path, got, want)
		}
	}
}

func TestFilesAreEncodedAsTheClientTakesThem(t *testing.T) {
	h := start(t, withWeb(testPage()))
	for accept, want := range map[string]string{
		"": "", "identity": "", "gzip": "gzip", "gzip, deflate, br": "br", "br;q=0, gzip": "gzip", "gzip;q=0.000": "", "GZIP ; q=1": "gzip", "*": "",
	} {
		r := h.ask(request{method: "GET", path: "/assets/app-a1b2c3.js", header: map[string]string{"Accept-Encoding": accept}})
		r.wantStatus(t, 200)
		if got := r.header.Get("Content-Encoding"); got != want {
			t.Errorf("accepting %q: %q, want %q", accept, got, want)
		}
		if r.header.Get("Vary") != "Accept-Encoding" {
			t.Error("a cache would mix them up")
		}
		switch want {
		case "gzip":
			z, err := gzip.NewReader(strings.NewReader(r.body))
			if err != nil {
				t.Fatal(err)
			}
			if plain, err := io.ReadAll(z); err != nil || !bytes.Equal(plain, testPage()["assets/app-a1b2c3.js"].Data) {
				t.Errorf("unpacks to %.40q (%v)", plain, err)
			}
		case "br":
			if r.body != "brotli of it" {
				t.Errorf("not the file beside: %q", r.body)
			}
		}
	}
	r := h.ask(request{method: "GET", path: "/assets/x-d4e5f6.woff2", header: map[string]string{"Accept-Encoding": "gzip"}})
	if r.header.Get("Content-Encoding") != "" {
		t.Error("what is compressed already was compressed again")
	}
}

func TestUnchangedFilesAreNotSentAgain(t *testing.T) {
	h := start(t, withWeb(testPage()))
	first := h.ask(request{method: "GET", path: "/"})
	tag := first.header.Get("ETag")
	again := h.ask(request{method: "GET", path: "/", header: map[string]string{"If-None-Match": tag}})
	if again.status != 304 || again.body != "" {
		t.Errorf("%d %q", again.status, again.body)
	}
	if r := h.ask(request{method: "GET", path: "/", header: map[string]string{"If-None-Match": `"other"`}}); r.status != 200 {
		t.Errorf("another tag: %d", r.status)
	}
	other := h.ask(request{method: "GET", path: "/", header: map[string]string{"Accept-Encoding": "gzip"}})
	if other.header.Get("ETag") == tag {
		t.Error("two encodings have one tag (RFC 9110, section 8.8.3.3)")
	}
}

func TestNodeWithoutPageHasTheAPI(t *testing.T) {
	h := start(t, withWeb(nil))
	h.ask(request{method: "GET", path: "/", header: map[string]string{"Accept": "text/html"}}).wantProblem(t, 404, "not-found")
	h.ask(request{method: "GET", path: "/api/v1/node"}).wantStatus(t, 200)
}

func TestPageNeedsAnIndex(t *testing.T) {
	if _, err := newPage(fstest.MapFS{"robots.txt": {Data: []byte("x")}}, nil); err == nil {
		t.Error("a page without index.html was taken")
	}
}
