package media

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// page is what a page says once it is connected.
type page struct {
	Number uint32
	MS     float64
	Offer  string
	Answer string
	State  string
}

// measured is what a page says when asked.
type measured struct {
	Sources map[string]struct {
		Seen    int
		Loudest float64
	}
	Inbound []struct {
		MID                                                                       string
		Packets, Lost, Samples, Concealed, Silent, Events, Energy, Delay, Emitted float64
	}
	Outbound struct{ Packets, Bytes float64 }
	Remote   struct{ Lost, RTT float64 }
	SRTP     string
}

// browser is a running Chromium with one page a person.
type browser struct {
	t     *testing.T
	in    io.Writer
	lines *bufio.Scanner
}

// need is the path of a program, or the end of the test: a browser test that is skipped tests nothing.
func need(t *testing.T, program, pkg string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		t.Fatalf("%s is not installed; on Debian: apt-get install %s", program, pkg)
	}
	return path
}

// sayWAV makes a microphone file of speech.
func sayWAV(t *testing.T, text string) string {
	t.Helper()
	dir := t.TempDir()
	raw, wav := filepath.Join(dir, "say.wav"), filepath.Join(dir, "mic.wav")
	for _, args := range [][]string{
		{need(t, "espeak-ng", "espeak-ng"), "-w", raw, text},
		{need(t, "sox", "sox"), raw, "-r", "48000", "-c", "1", "-b", "16", wav, "pad", "0", "0.3"},
	} {
		if out, err := exec.CommandContext(t.Context(), args[0], args[1:]...).CombinedOutput(); err != nil { //nolint:gosec // fixed programs
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
	}
	return wav
}

// openPages connects one page for each person in Chromium; "1+" also sends.
func openPages(t *testing.T, r *Room, people ...string) (*browser, []page) {
	t.Helper()
	web, err := filepath.Abs("../web")
	check(t, err)
	if _, err := os.Stat(filepath.Join(web, "node_modules/@playwright/test")); err != nil {
		t.Fatalf("Playwright is missing: run npm ci in web: %v", err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, "<!doctype html><title>room</title>")
	})
	mux.HandleFunc("POST /offer", func(w http.ResponseWriter, q *http.Request) {
		n, _ := strconv.ParseUint(q.URL.Query().Get("person"), 10, 32)
		body, _ := io.ReadAll(q.Body)
		answer, _, err := r.Offer(q.Context(), uint32(n), string(body), Options{})
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		_, _ = io.WriteString(w, answer)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	args := append([]string{
		"testdata/browser.mjs", web, need(t, "chromium", "chromium"),
		sayWAV(t, "Good evening everybody, this is one voice in a room of many, and it goes on without a pause for quite a while."),
		server.URL,
	}, people...)
	cmd := exec.CommandContext(t.Context(), need(t, "node", "nodejs"), args...) //nolint:gosec // fixed program
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	check(t, err)
	out, err := cmd.StdoutPipe()
	check(t, err)
	check(t, cmd.Start())
	t.Cleanup(func() {
		_ = in.Close()
		if err := cmd.Wait(); err != nil {
			t.Logf("browser: %v", err)
		}
	})
	b := &browser{t: t, in: in, lines: bufio.NewScanner(out)}
	b.lines.Buffer(nil, 1<<20)
	pages := make([]page, len(people))
	for i := range pages {
		b.read(&pages[i])
	}
	return b, pages
}

func (b *browser) read(v any) {
	b.t.Helper()
	if !b.lines.Scan() {
		b.t.Fatalf("the browser said nothing: %v", b.lines.Err())
	}
	check(b.t, json.Unmarshal(b.lines.Bytes(), v))
}

func (b *browser) measure() []measured {
	b.t.Helper()
	_, err := fmt.Fprintln(b.in, "measure")
	check(b.t, err)
	var m []measured
	b.read(&m)
	return m
}

func TestBrowser(t *testing.T) {
	r := startServer(t, Config{}).Room(roomID(1))
	for n := range uint32(6) {
		r.Allow(1+n, true)
	}
	b, pages := openPages(t, r, "1+", "20")
	if os.Getenv("SDP") != "" {
		t.Logf("%s\n%s", pages[0].Offer, pages[0].Answer)
	}
	voices := map[*client][]frameOf{}
	var order []*client
	for i, name := range []string{"ann", "ben", "eve", "tom", "zoe"} {
		c := join(t, r, uint32(2+i), clientOptions{slots: 3, mic: true})
		voices[c] = voiceFile(t, name)
		order = append(order, c)
	}
	time.Sleep(2 * time.Second)
	m0 := b.measure()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for f := range 500 {
		for i, c := range order {
			v := voices[c][(f+13*i)%len(voices[c])]
			if (f/35)%5 == i || (f/50)%5 == i || (f/35+1)%5 == i {
				c.speak(v.level, v.payload)
			} else {
				c.speak(80, v.payload[:3])
			}
		}
		<-tick.C
	}
	m1 := b.measure()
	for i := range m1 {
		t.Logf("%+v %+v %+v", m1[i].Sources, m1[i].Outbound, m1[i].Remote)
		for _, z := range m1[i].Inbound {
			a := z
			a.Packets, a.Lost, a.Samples, a.Concealed, a.Silent, a.Events, a.Delay, a.Emitted = 0, 0, 0, 0, 0, 0, 0, 0
			for _, x := range m0[i].Inbound {
				if x.MID == z.MID {
					a = x
				}
			}
			t.Logf("page %d slot %s: samples %.0f concealed %.2f%% silent %.2f%% events %.0f lost %.0f delay %.1f", i, z.MID, z.Samples-a.Samples,
				100*(z.Concealed-a.Concealed)/(z.Samples-a.Samples), 100*(z.Silent-a.Silent)/(z.Samples-a.Samples), z.Events-a.Events, z.Lost-a.Lost, 1000/48*(z.Delay-a.Delay)/(z.Emitted-a.Emitted))
		}
	}
	t.Logf("%v %v %+v", pages[0].MS, pages[1].MS, r.Stats())
}
