package media

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
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
	Remote   *struct{ Lost, RTT float64 } // nil: nobody has reported
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
		if out, err := exec.CommandContext(t.Context(), args[0], args[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
	}
	return wav
}

// openPages connects one page for each person in Chromium; "1+" also sends. room says who belongs where.
func openPages(t *testing.T, room func(uint32) *Room, people ...string) (*browser, []page) {
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
		answer, _, err := room(uint32(n)).Offer(q.Context(), uint32(n), string(body), Options{})
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
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 2*time.Minute) // past the end, to end well
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, need(t, "node", "nodejs"), args...)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	check(t, err)
	out, err := cmd.StdoutPipe()
	check(t, err)
	check(t, cmd.Start())
	t.Cleanup(func() {
		_ = in.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("browser: %v", err)
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

// slotChange is what happened in one slot of a page between two measurements.
type slotChange struct{ packets, samples, concealed float64 }

func changes(before, after measured) map[string]slotChange {
	out := map[string]slotChange{}
	for _, z := range after.Inbound {
		c := slotChange{z.Packets, z.Samples, z.Concealed}
		for _, a := range before.Inbound {
			if a.MID == z.MID {
				c.packets, c.samples, c.concealed = c.packets-a.Packets, c.samples-a.Samples, c.concealed-a.Concealed
			}
		}
		out[z.MID] = c
	}
	return out
}

// choir is several pion clients who speak recorded Opus in turns.
type choir struct {
	who    []*client
	voices [][]frameOf
	frame  int
	steady *client // talks without a pause in another room
}

// sing lets them talk, each for 1.4 s, the next 0.7 s later, so that always two speak and somebody starts.
func (c *choir) sing(frames int) {
	const turn = 35
	tick := time.NewTicker(frameTime)
	defer tick.Stop()
	for range frames {
		for i, who := range c.who {
			f := c.voices[i][c.frame%len(c.voices[i])]
			if at := c.frame / turn % len(c.who); at == i || (at+1)%len(c.who) == i {
				who.speak(min(f.level, 45), f.payload)
			} else {
				who.speak(80, f.payload[:3])
			}
		}
		c.steady.speak(30, c.voices[0][c.frame%len(c.voices[0])].payload)
		c.frame++
		<-tick.C
	}
}

// TestBrowser: Chromium connects with the final SDP shape, hears five voices over three slots without gaps as they take
// turns, sees who speaks, never hears itself, gets receiver reports, and is silent once muted.
func TestBrowser(t *testing.T) {
	s := startServer(t, Config{})
	r, control := s.Room(roomID(1)), s.Room(roomID(2))
	r.Allow(1, true)
	b, pages := openPages(t, func(n uint32) *Room {
		if n == 30 {
			return control
		}
		return r
	}, "1+", "20", "30")
	for _, p := range pages {
		if p.State != "stable" { // how long it took says more about the machine than about the node
			t.Errorf("page %d connected after %.0f ms, is %s", p.Number, p.MS, p.State)
		}
		o, err := parseOffer(p.Offer, 3, Both)
		if err != nil || len(o.slots) != 3 || !slices.Equal(o.mics, []int{3}) || o.sections[3].levelID == 0 {
			t.Errorf("the offer of page %d is not of the expected shape: %v\n%s", p.Number, err, p.Offer)
		}
	}
	var voices choir
	for i, name := range []string{"ann", "ben", "eve", "tom", "zoe"} {
		n := uint32(2 + i)
		r.Allow(n, true)
		voices.who = append(voices.who, join(t, r, n, clientOptions{slots: 3, mic: true}))
		voices.voices = append(voices.voices, voiceFile(t, name))
	}
	control.Allow(31, true)
	voices.steady = join(t, control, 31, clientOptions{mic: true})
	voices.sing(100) // jitter buffers settle
	m := measureConcealment(t, r, b, &voices)
	talker, listener := m[0], m[1]
	for n := 1; n <= 6; n++ {
		s := listener.Sources[strconv.Itoa(n)]
		if s.Seen < 5 || s.Loudest <= 0.001 {
			t.Errorf("the listener saw %d as a source %d times, at most at level %v", n, s.Seen, s.Loudest)
		}
		if s := talker.Sources[strconv.Itoa(n)]; n == 1 && s.Seen != 0 || n > 1 && s.Seen == 0 {
			t.Errorf("the talker saw %d as a source %d times", n, s.Seen)
		}
	}
	if len(listener.Inbound) != 3 || listener.SRTP != "SRTP_AEAD_AES_128_GCM" {
		t.Errorf("%d slots, %s", len(listener.Inbound), listener.SRTP)
	}
	if talker.Remote == nil {
		t.Error("the talker got no receiver report, so it sends no forward error correction")
	}

	r.Allow(1, false)
	was := r.Stats().People[1]
	voices.sing(50)
	seen := b.measure()[1].Sources["1"].Seen
	voices.sing(50)
	if again := b.measure()[1].Sources["1"].Seen; again != seen {
		t.Error("the listener still sees the muted talker as a source")
	}
	if now := r.Stats().People[1]; now.Forwarded != was.Forwarded || now.Refused < was.Refused+50 {
		t.Errorf("after the mute: %+v, before: %+v", now, was)
	}
}

// measureConcealment fails if changes of speakers make Chromium conceal 1% of the samples. A page that hears one steady
// speaker in another room says how much of it is the machine's doing; and as what the node does wrong it does in every
// window, one good window is enough.
func measureConcealment(t *testing.T, r *Room, b *browser, voices *choir) (m []measured) {
	t.Helper()
	share := func(slots map[string]slotChange) float64 {
		var all slotChange
		for _, c := range slots {
			all.samples, all.concealed = all.samples+c.samples, all.concealed+c.concealed
		}
		return all.concealed / all.samples
	}
	for range 6 {
		before, switches := b.measure(), countSwitches(r)
		voices.sing(250)
		m = b.measure()
		changing, steady := share(changes(before[1], m[1])), share(changes(before[2], m[2]))
		t.Logf("concealed %.2f%% with %d changes of speaker, %.2f%% with none", 100*changing, countSwitches(r)-switches, 100*steady)
		if got := countSwitches(r) - switches; got < 5 {
			t.Fatalf("only %d changes: this tests nothing", got)
		}
		if changing-steady < 0.01 || raceDetector {
			return m
		}
	}
	t.Error("more than 1% of the samples were concealed in every window")
	return m
}

func countSwitches(r *Room) (n uint64) {
	for _, s := range r.Stats().Slots {
		n += s.Switches
	}
	return n
}
