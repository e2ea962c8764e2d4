package node_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/api/client"
	"github.com/stoa-rooms/stoa/node"
	"github.com/stoa-rooms/stoa/node/nodetest"
	"github.com/stoa-rooms/stoa/push/pushtest"
	"github.com/stoa-rooms/stoa/reason"
)

// pushService is a push service on this machine, under a name of the Internet's.
type pushService struct {
	*httptest.Server
	calls chan pushCall

	mu     sync.Mutex
	status int // of its answers; guarded by mu
}

type pushCall struct {
	path string
	body []byte
}

const pushAddress = "https://push.example.com/"

func newPushService(t *testing.T) *pushService {
	t.Helper()
	s := &pushService{calls: make(chan pushCall, 100), status: http.StatusCreated}
	s.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		s.mu.Lock()
		defer s.mu.Unlock()
		w.WriteHeader(s.status)
		s.calls <- pushCall{strings.TrimPrefix(r.URL.Path, "/"), body}
	}))
	t.Cleanup(s.Close)
	return s
}

// client calls the service, whatever the name.
func (s *pushService) client() *http.Client {
	c := s.Client()
	there := c.Transport.(*http.Transport).Clone()
	there.TLSClientConfig.ServerName = "example.com"
	there.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, s.Listener.Addr().String())
	}
	return &http.Client{Transport: there}
}

func (s *pushService) answer(status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status = status
}

func subscribe(t *testing.T, who *client.Client, path string) pushtest.Browser {
	t.Helper()
	b := pushtest.NewBrowser(t)
	if err := who.Subscribe(t.Context(), api.PushSubscription{
		Endpoint: pushAddress + path, P256DH: b.P256DH(), Auth: b.Auth(), Language: "fr",
	}); err != nil {
		t.Fatal(err)
	}
	return b
}

func follow(t *testing.T, who *client.Client, topics ...string) {
	t.Helper()
	if _, err := who.SetSettings(t.Context(), api.Settings{Topics: topics}); err != nil {
		t.Fatal(err)
	}
}

// wants changes what somebody wants to be told.
func wants(t *testing.T, who *client.Client, edit func(*api.NoticeSettings)) {
	t.Helper()
	s, err := who.NoticeSettings(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	edit(&s)
	if _, err := who.SetNoticeSettings(t.Context(), s); err != nil {
		t.Fatal(err)
	}
}

func noticesOf(t *testing.T, who *client.Client) api.NoticeList {
	t.Helper()
	list, err := who.Notices(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func opened(t *testing.T, who *client.Client, title string, topics ...string) api.Room {
	t.Helper()
	room, err := who.CreateRoom(t.Context(), title, topics, "en")
	if err != nil {
		t.Fatal(err)
	}
	return room
}

// TestAMemberIsToldOfARoomElsewhere: a room opens in another community, on another node.
func TestAMemberIsToldOfARoomElsewhere(t *testing.T) {
	ctx, service := t.Context(), newPushService(t)
	a := nodetest.New(t)
	b := nodetest.With(t, node.WithPush(node.Config{}, service.client()), a)
	ana, bea := a.Found(ctx), b.Found(ctx)
	leo, mia := b.Join(ctx, bea, "Léo"), b.Join(ctx, bea, "Mia")

	follow(t, bea, "sea", "songs")
	follow(t, mia, "songs")
	if _, err := mia.SetRelation(ctx, ana.Key(), api.Relation{Block: true, Volume: api.FullVolume}); err != nil {
		t.Fatal(err)
	}
	browser := subscribe(t, bea, "bea")
	subscribe(t, mia, "mia")
	hers := listen(t, bea)
	room := opened(t, ana, "Songs from ports", "songs")

	told := <-hers
	if told.Kind != api.NoticeTopic || told.Topic != "songs" || told.Room != room.ID || told.Title != room.Title || told.Over || told.Read ||
		told.By == nil || told.By.Key != ana.Key() || told.Community != "Café" {
		t.Errorf("Bea is told %+v", told)
	}
	list := noticesOf(t, bea)
	if list.Unread != 1 || len(list.Notices) != 1 || list.Notices[0].N != told.N {
		t.Fatalf("and finds %+v", list)
	}
	call := <-service.calls
	var message api.PushMessage
	if err := json.Unmarshal([]byte(browser.Open(t, call.body)), &message); err != nil || call.path != "bea" {
		t.Fatalf("a push to %s: %v", call.path, err)
	}
	if message.Room != room.ID || message.Title != room.Title || message.Kind != api.NoticeTopic || message.Language != "fr" {
		t.Errorf("her closed page is told %+v", message)
	}
	for name, who := range map[string]*client.Client{"Léo, who follows nothing": leo, "Mia, who blocks Ana": mia, "Ana, whose room it is": ana} {
		if list := noticesOf(t, who); len(list.Notices) != 0 {
			t.Errorf("%s is told %+v", name, list)
		}
	}

	b.Stop()
	b.Start()
	shown(t, bea, room.ID, true)
	if after, err := bea.ReadNotices(ctx, told.N, 99); err != nil || after.Unread != 0 || len(after.Notices) != 1 || !after.Notices[0].Read {
		t.Errorf("read, after a restart: %+v, %v", after, err)
	}
	ended := a.Enter(ctx, ana, room.ID)
	if err := ended.End(ctx); err != nil {
		t.Fatal(err)
	}
	shown(t, bea, room.ID, false)
	if over := noticesOf(t, bea).Notices; len(over) != 1 || !over[0].Over || over[0].Title != "" {
		t.Errorf("when it is over: %+v", over)
	}
	select {
	case call := <-service.calls:
		t.Errorf("another push, to %s", call.path)
	default:
	}
}

// TestWhyAndWhen: the reasons in one community, the quiet hours, and a browser that is gone.
func TestWhyAndWhen(t *testing.T) {
	t.Parallel()
	ctx, service := t.Context(), newPushService(t)
	n := nodetest.With(t, node.WithPush(node.Config{}, service.client()))
	ana := n.Found(ctx)
	leo, mia := n.Join(ctx, ana, "Léo"), n.Join(ctx, ana, "Mia")
	wants(t, leo, func(s *api.NoticeSettings) { s.Community = true })
	follows(t, mia, leo)
	subscribe(t, leo, "leo")
	service.answer(http.StatusGone)
	his, hers := listen(t, leo), listen(t, mia)
	first := opened(t, ana, "For everybody")
	if told := <-his; told.Kind != api.NoticeCommunity || told.Room != first.ID || told.By.Name != "Ana" {
		t.Errorf("Léo is told %+v", told)
	}
	if call := <-service.calls; call.path != "leo" {
		t.Errorf("a push to %s", call.path)
	}

	// Léo comes on the stage, in a room that Mia is not told of otherwise.
	host := n.Enter(ctx, ana, first.ID)
	guest := n.Enter(ctx, leo, first.ID)
	if err := guest.RaiseHand(ctx, ""); err != nil {
		t.Fatal(err)
	}
	until(t, host, "a hand", func(st api.State) bool { return len(st.Hands) == 1 })
	if err := host.OfferStage(ctx, leo.Key()); err != nil {
		t.Fatal(err)
	}
	until(t, guest, "an offer", func(st api.State) bool { return len(st.Offers) == 1 })
	if err := guest.AcceptOffer(ctx); err != nil {
		t.Fatal(err)
	}
	if told := <-hers; told.Kind != api.NoticePerson || told.Room != first.ID || told.By.Name != "Léo" || told.Quiet {
		t.Errorf("Mia is told %+v", told)
	}

	now := time.Now().UTC()
	quiet := &api.QuietHours{From: now.Add(-time.Hour).Format("15:04"), To: now.Add(2 * time.Hour).Format("15:04"), Zone: "UTC"}
	wants(t, leo, func(s *api.NoticeSettings) { s.Quiet = quiet })
	wants(t, mia, func(s *api.NoticeSettings) { s.Community, s.Quiet = true, quiet })
	subscribe(t, mia, "mia")
	second := opened(t, ana, "For everybody, at night")
	if told := <-hers; told.Kind != api.NoticeCommunity || told.Room != second.ID || !told.Quiet {
		t.Errorf("in her quiet hours Mia is told %+v", told)
	}
	wants(t, leo, func(s *api.NoticeSettings) { s.Quiet = nil })
	wants(t, mia, func(s *api.NoticeSettings) { s.Quiet = nil })
	service.answer(http.StatusCreated)
	third := opened(t, ana, "For everybody, in the morning")
	if told := <-hers; told.Room != third.ID || told.Quiet {
		t.Errorf("in the morning Mia is told %+v", told)
	}
	if call := <-service.calls; call.path != "mia" {
		t.Errorf("a push to %s: its browser is gone, or it was quiet", call.path)
	}
	select {
	case call := <-service.calls:
		t.Errorf("another push, to %s", call.path)
	default:
	}

	archive, err := mia.Export(ctx)
	if err != nil {
		t.Fatal(err)
	}
	files, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"kept/private-notices.json", "kept/private-notice-settings.json", "kept/private-push.json"} {
		if !slices.ContainsFunc(files.File, func(f *zip.File) bool { return f.Name == name }) {
			t.Errorf("Mia's export is without %s", name)
		}
	}
	if err := mia.Erase(ctx); err != nil {
		t.Fatal(err)
	}
	last := opened(t, ana, "For those who stay")
	for told := range his {
		if told.Room == last.ID {
			break
		}
	}
}

func TestNoticesThatAreRefused(t *testing.T) {
	ctx, service := t.Context(), newPushService(t)
	n := nodetest.With(t, node.WithPush(node.Config{}, service.client()))
	ana := n.Found(ctx)
	b := pushtest.NewBrowser(t)
	good := api.PushSubscription{Endpoint: pushAddress + "x", P256DH: b.P256DH(), Auth: b.Auth(), Language: "en"}
	for name, tt := range map[string]struct {
		edit func(*api.PushSubscription)
		want reason.Reason
	}{
		"without TLS":          {func(s *api.PushSubscription) { s.Endpoint = "http://push.example.com/x" }, reason.PushEndpoint},
		"on another port":      {func(s *api.PushSubscription) { s.Endpoint = "https://push.example.com:8443/x" }, reason.PushEndpoint},
		"on this machine":      {func(s *api.PushSubscription) { s.Endpoint = "https://127.0.0.1/x" }, reason.PushEndpoint},
		"in a private network": {func(s *api.PushSubscription) { s.Endpoint = "https://192.168.1.1/x" }, reason.PushEndpoint},
		"at the cloud's own":   {func(s *api.PushSubscription) { s.Endpoint = "https://169.254.169.254/latest" }, reason.PushEndpoint},
		"with a password":      {func(s *api.PushSubscription) { s.Endpoint = "https://a:b@push.example.com/x" }, reason.PushEndpoint},
		"too long":             {func(s *api.PushSubscription) { s.Endpoint = pushAddress + strings.Repeat("x", 1100) }, reason.RequestInvalid},
		"without a key":        {func(s *api.PushSubscription) { s.P256DH = "" }, reason.PushEndpoint},
		"with a short secret":  {func(s *api.PushSubscription) { s.Auth = "AAAA" }, reason.PushEndpoint},
		"in another language":  {func(s *api.PushSubscription) { s.Language = "tlh" }, reason.RequestInvalid},
	} {
		s := good
		tt.edit(&s)
		if err := ana.Subscribe(ctx, s); !client.Refused(err, tt.want) {
			t.Errorf("a subscription %s: %v", name, err)
		}
	}
	for name, tt := range map[string]struct {
		edit func(*api.NoticeSettings)
		want reason.Reason
	}{
		"from ten to ten":   {func(s *api.NoticeSettings) { s.Quiet = &api.QuietHours{From: "22:00", To: "22:00", Zone: "UTC"} }, reason.QuietHours},
		"at no time of day": {func(s *api.NoticeSettings) { s.Quiet = &api.QuietHours{From: "25:00", To: "7:00", Zone: "UTC"} }, reason.QuietHours},
		"on Mars": {func(s *api.NoticeSettings) {
			s.Quiet = &api.QuietHours{From: "22:00", To: "07:00", Zone: "Mars/Olympus"}
		}, reason.ScheduleZone},
	} {
		var s api.NoticeSettings
		tt.edit(&s)
		if _, err := ana.SetNoticeSettings(ctx, s); !client.Refused(err, tt.want) {
			t.Errorf("quiet %s: %v", name, err)
		}
	}
	if list := noticesOf(t, ana); list.Notices == nil || len(list.Notices) != 0 {
		t.Errorf("who was told nothing finds %+v", list)
	}
}

// TestManyBrowsers: the newest eight of a member are told, and one that somebody else now uses is theirs.
func TestManyBrowsers(t *testing.T) {
	ctx, service := t.Context(), newPushService(t)
	n := nodetest.With(t, node.WithPush(node.Config{}, service.client()))
	ana := n.Found(ctx)
	leo, mia := n.Join(ctx, ana, "Léo"), n.Join(ctx, ana, "Mia")
	wants(t, leo, func(s *api.NoticeSettings) { s.Community = true })
	wants(t, mia, func(s *api.NoticeSettings) { s.Community = true })
	for path := range strings.SplitSeq("abcdefghij", "") {
		subscribe(t, leo, path)
	}
	subscribe(t, mia, "j")
	if err := leo.Unsubscribe(ctx, pushAddress+"i"); err != nil {
		t.Fatal(err)
	}
	if err := leo.Unsubscribe(ctx, pushAddress+"j"); err != nil { // no longer his to end
		t.Fatal(err)
	}
	opened(t, ana, "For everybody")
	var got []string
	for range 7 {
		got = append(got, (<-service.calls).path)
	}
	slices.Sort(got)
	if strings.Join(got, "") != "cdefghj" {
		t.Errorf("told: %q", got)
	}
	select {
	case call := <-service.calls:
		t.Errorf("also told: %s", call.path)
	default:
	}
}

func TestANodeThatSendsNothing(t *testing.T) {
	ctx := t.Context()
	n := nodetest.With(t, node.Config{NoPush: true})
	ana := n.Found(ctx)
	if _, err := ana.PushKey(ctx); !client.Refused(err, reason.PushOff) {
		t.Errorf("a key: %v", err)
	}
	b := pushtest.NewBrowser(t)
	if err := ana.Subscribe(ctx, api.PushSubscription{Endpoint: pushAddress, P256DH: b.P256DH(), Auth: b.Auth(), Language: "en"}); !client.Refused(err, reason.PushOff) {
		t.Errorf("a subscription: %v", err)
	}
	leo := n.Join(ctx, ana, "Léo")
	follow(t, leo, "songs")
	his := listen(t, leo)
	room := opened(t, ana, "Songs", "songs")
	if told := <-his; told.Room != room.ID {
		t.Errorf("in the page Léo is told %+v", told)
	}
}
