package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/api/client"
	"github.com/stoa-rooms/stoa/api/client/rtc"
	"github.com/stoa-rooms/stoa/node/nodetest"
)

// porch is a node with a room in which Ana speaks without end, and offers the stage to whoever raises a hand.
type porch struct {
	node  *nodetest.Node
	ana   *client.Client
	room  api.Room
	stage *client.RoomSession
	audio *rtc.Conn
	dir   string // where commands run
}

// voice is a real recording.
const voice = "../demo/voices/ana-1.ogg"

func newPorch(t *testing.T) *porch {
	t.Helper()
	ctx := t.Context()
	p := &porch{node: nodetest.New(t), dir: t.TempDir()}
	p.ana = p.node.Found(ctx)
	var err error
	if p.room, err = p.ana.CreateRoom(ctx, "Evening talk", []string{"poems"}, "en"); err != nil {
		t.Fatal(err)
	}
	p.stage = p.node.Enter(ctx, p.ana, p.room.ID)
	if p.audio, err = rtc.Join(ctx, p.stage, rtc.Options{}); err != nil {
		t.Fatal(err)
	}
	if err := p.stage.Unmute(ctx); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var work sync.WaitGroup
	work.Go(func() { p.talk(ctx, t) })
	work.Go(func() { p.moderate(ctx) })
	t.Cleanup(func() { cancel(); p.audio.Close(); work.Wait() })
	return p
}

func (p *porch) talk(ctx context.Context, t *testing.T) {
	t.Helper()
	data, err := os.ReadFile(voice)
	for err == nil {
		err = p.audio.Speak(ctx, rtc.OggOpus(bytes.NewReader(data), -20))
	}
	if ctx.Err() == nil && !errors.Is(err, rtc.ErrClosed) {
		t.Error(err)
	}
}

func (p *porch) moderate(ctx context.Context) {
	for ctx.Err() == nil {
		state, err := p.stage.Wait(ctx, func(s api.State) bool { return len(s.Hands) > 0 && len(s.Offers) == 0 })
		if err == nil {
			_ = p.stage.OfferStage(ctx, state.Hands[0].Key)
			_, err = p.stage.Wait(ctx, func(s api.State) bool { return len(s.Hands) == 0 })
		}
		if err != nil {
			return
		}
	}
}

// sh runs a line of shell until it ends or enough is true; then it is interrupted, as with Ctrl-C. It returns what was
// printed.
func (p *porch) sh(t *testing.T, line string, enough func() bool) (out, errs string, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-o", "pipefail", "-c", line)
	cmd.Dir = p.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGINT) }
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case err := <-ended:
			return stdout.String(), stderr.String(), err
		case <-tick.C:
			if enough != nil && enough() {
				_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGINT)
				enough = nil
			}
		}
	}
}

// size waits until a file of the porch has so many bytes.
func (p *porch) size(file string, bytes int64) func() bool {
	return func() bool {
		info, err := os.Stat(filepath.Join(p.dir, file))
		return err == nil && info.Size() >= bytes
	}
}

// loud is the root mean square of a recording, decoded by another program: about 0 for silence, above 0.01 for speech.
func (p *porch) loud(t *testing.T, file string) float64 {
	t.Helper()
	out, errs, err := p.sh(t, "opusdec --quiet --force-stereo "+file+" decoded.wav && sox decoded.wav -t raw -e signed -b 16 -c 1 -", nil)
	if err != nil {
		t.Fatal(err, errs)
	}
	sum := 0.0
	for pcm := []byte(out); len(pcm) > 1; pcm = pcm[2:] {
		v := float64(int16(binary.LittleEndian.Uint16(pcm))) / 32768
		sum += v * v
	}
	return math.Sqrt(sum / float64(max(len(out)/2, 1)))
}

// documented is the commands of docs/operating.md that a person would type.
func documented(t *testing.T) []string {
	t.Helper()
	doc, err := os.ReadFile("../../docs/operating.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(doc), "## Taking part from the command line")
	_, block, _ := strings.Cut(section, "```sh\n")
	block, _, _ = strings.Cut(block, "```")
	return strings.Split(strings.TrimSpace(block), "\n")
}

// TestTheDocumentedCommands runs every line of the documentation, in its order, against a real node.
func TestTheDocumentedCommands(t *testing.T) {
	p := newPorch(t)
	p.environment(t)
	hello, err := os.ReadFile("../demo/voices/ben-1.ogg")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(p.dir, "hello.ogg"), hello, 0o600); err != nil {
		t.Fatal(err)
	}
	const second = 12_000 // bytes of speech and pauses, at least
	enough := map[string]func() bool{
		"events.jsonl": p.size("events.jsonl", 100),
		"mpv":          p.size("played.ogg", second),
		"evening.ogg":  p.size("evening.ogg", 3*second),
	}
	for _, line := range documented(t) {
		var stop func() bool
		for word, when := range enough {
			if strings.Contains(line, word) {
				stop = when
			}
		}
		out, errs, err := p.sh(t, line, stop)
		if err != nil {
			t.Fatalf("%s\n%v\n%s", line, err, errs)
		}
		if strings.HasPrefix(line, "stoa rooms") && !strings.Contains(out, "Evening talk") {
			t.Errorf("stoa rooms prints\n%s", out)
		}
	}
	for _, file := range []string{"evening.ogg", "played.ogg"} {
		if rms := p.loud(t, file); rms < 0.01 {
			t.Errorf("%s sounds like silence: %.4f", file, rms)
		}
	}
	events, err := os.ReadFile(filepath.Join(p.dir, "events.jsonl"))
	if err != nil || !bytes.HasPrefix(events, []byte(`{"type":"snapshot"`)) {
		t.Errorf("the events begin %.60s, %v", events, err)
	}
	heard := 0
	for csrc, h := range p.audio.Speakers() {
		if csrc != 1 && h.Level == -25 {
			heard += int(h.Packets)
		}
	}
	if heard < 50 {
		t.Errorf("Ana heard %d packets of the bot", heard)
	}
	if s := p.stage.State(); len(s.Stage) != 1 {
		t.Errorf("%d people are on the stage after the bot has left", len(s.Stage))
	}
}

// environment gives the lines of the documentation what they name: the link, the room, and a player.
func (p *porch) environment(t *testing.T) {
	t.Helper()
	link, err := p.ana.CreateInvite(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("INVITE", link.String())
	t.Setenv("ROOM", p.node.URL()+"/r/"+p.room.ID.String())
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	bin := t.TempDir()
	for name, text := range map[string]string{
		"mpv":  "#!/bin/sh\ntrap '' INT\nexec cat > played.ogg\n",
		"stoa": "#!/bin/sh\nSTOA_COMMAND=1 exec '" + os.Args[0] + "' \"$@\"\n",
	} {
		if err := os.WriteFile(filepath.Join(bin, name), []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
}

func TestJoiningRefusesWhatCannotWork(t *testing.T) {
	p := newPorch(t)
	p.environment(t)
	if err := os.WriteFile(filepath.Join(p.dir, "song.ogg"), []byte("OggS, but not really, and no Opus anywhere in it"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, errs, err := p.sh(t, `stoa join "$INVITE" --as ear`, nil); err != nil {
		t.Fatal(err, out, errs)
	}
	for line, want := range map[string]string{
		`stoa rooms --as nobody`:                                "an invite link makes one",
		`stoa join Evening --as ../x/y`:                         "there is no key file",
		`stoa join Evening --as 'a b'`:                          "a name has letters",
		`stoa join "${INVITE%%#*}" --as ear`:                    "secret that belongs to it",
		`stoa join "$INVITE" --as other --name Other`:           "invite-used",
		`stoa join Nothing --as ear`:                            "no room's title begins",
		`stoa join https://cafe.example/x --as ear`:             "not the link of a room",
		`stoa join "${ROOM%????}AAAA" --as ear`:                 "room-unknown",
		`stoa join Evening --as ear --speak song.ogg`:           "not Opus in Ogg",
		`stoa join Evening --as ear --speak missing.ogg`:        "there is no file",
		`stoa join Evening --as ear --listen --json`:            "choose one",
		`stoa join Evening --as ear --question Why`:             "for --speak",
		`echo '{"key":"x"}' > k.json; stoa rooms --as ./k.json`: "holds no key",
	} {
		_, errs, err := p.sh(t, line, nil)
		if err == nil || !strings.Contains(errs, want) {
			t.Errorf("%s: %v, %q; want %q", line, err, errs, want)
		}
	}
}

// TestAModeratorsMuteEndsTheSpeech: a program must not unmute against a moderator.
func TestAModeratorsMuteEndsTheSpeech(t *testing.T) {
	p := newPorch(t)
	p.environment(t)
	if _, errs, err := p.sh(t, `stoa join "$INVITE" --as bot`, nil); err != nil {
		t.Fatal(err, errs)
	}
	voice, err := filepath.Abs(voice)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		speaks := func(s api.State) bool { return len(s.Stage) == 2 && !s.Stage[1].Muted }
		if s, err := p.stage.Wait(t.Context(), speaks); err == nil {
			_ = p.stage.Mute(t.Context(), s.Stage[1].Key)
		}
	}()
	_, errs, err := p.sh(t, "stoa join Evening --as bot --speak "+voice, nil)
	if err == nil || !strings.Contains(errs, "a moderator has muted you") {
		t.Errorf("%v, %q", err, errs)
	}
}

// TestARemovedMemberCannotJoin is the row of the ways back (node/removed_test.go) that goes by the command line: to follow,
// to listen, to speak, and by an invite link to the room. The status is that of a refusal, and the message says why.
func TestARemovedMemberCannotJoin(t *testing.T) {
	p := newPorch(t)
	p.environment(t)
	ctx := t.Context()
	ended := make(chan error, 1)
	go func() {
		s, err := p.stage.Wait(ctx, func(s api.State) bool { return s.Audience.Count == 1 })
		if err == nil {
			err = p.stage.Remove(ctx, s.Audience.People[0].Key, 0, "Shouting")
		}
		ended <- err
	}()
	if _, errs, err := p.sh(t, `stoa join "$INVITE" --as bot && stoa join "$ROOM" --as bot`, nil); err == nil || !strings.Contains(errs, "room-removed") {
		t.Errorf("while in the room: %v, %q", err, errs)
	}
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	recording, err := filepath.Abs(voice)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		`stoa join "$ROOM" --as bot`, `stoa join "$ROOM" --as bot --listen`, `stoa join "$ROOM" --as bot --speak ` + recording,
		`stoa join "$INVITE&room=${ROOM##*/}" --as bot`,
	} {
		out, errs, err := p.sh(t, line, nil)
		if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != 1 || out != "" || !strings.Contains(errs, "(room-removed) It was Ana, because: “Shouting”; for as long") {
			t.Errorf("%s: %v, %q, %q", line, err, out, errs)
		}
	}
}

// TestADismissedHandEndsTheWait: nobody invites whose hand is down, so whoever would speak is told, and does not wait on.
func TestADismissedHandEndsTheWait(t *testing.T) {
	ctx := t.Context()
	p := newPorch(t)
	p.environment(t)
	if _, errs, err := p.sh(t, `stoa join "$INVITE" --as bot`, nil); err != nil {
		t.Fatal(err, errs)
	}
	voice, err := filepath.Abs(voice)
	if err != nil {
		t.Fatal(err)
	}
	// A room of Ana's in which nobody offers the stage.
	room, err := p.ana.CreateRoom(ctx, "Quiet", nil, "en")
	if err != nil {
		t.Fatal(err)
	}
	quiet := p.node.Enter(ctx, p.ana, room.ID)
	if err := quiet.AskMode(ctx, true); err != nil {
		t.Fatal(err)
	}
	go func() {
		s, err := quiet.Wait(ctx, func(s api.State) bool { return len(s.Hands) == 1 })
		if err == nil {
			_ = quiet.AskMode(ctx, false)
			_ = quiet.DismissHand(ctx, s.Hands[0].Key)
		}
	}()
	out, errs, err := p.sh(t, "stoa join Quiet --as bot --question Why --speak "+voice, nil)
	if err == nil || !strings.Contains(errs, "a moderator has lowered your hand") {
		t.Errorf("%v, %q", err, errs)
	}
	for _, want := range []string{"bot raises a hand: Why", "changes the room: everybody can raise a hand", " lowers the hand of bot"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not told in %q", want, out)
		}
	}
}
