package node

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/notices"
	"github.com/stoa-rooms/stoa/push/pushtest"
	"github.com/stoa-rooms/stoa/statement"
	"github.com/stoa-rooms/stoa/storage"
)

func memory(t *testing.T) *storage.Store {
	t.Helper()
	store, err := storage.Open(storage.Options{InMemory: true, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return store
}

// TestTheBookIsBounded, and remembers of what it does not list that its member was told.
func TestTheBookIsBounded(t *testing.T) {
	now := time.Date(2027, 2, 2, 12, 0, 0, 0, time.UTC)
	store, member := memory(t), identity.Generate().Public()
	b := &bell{
		store: store, log: slog.New(slog.DiscardHandler),
		community: &community{now: func() time.Time { return now }},
	}
	read := func() noticeBook {
		book, err := b.book(member, millis(now))
		if err != nil {
			t.Fatal(err)
		}
		return book
	}
	for i := range 500 {
		book := read()
		book.add(notice{
			Kind: api.NoticeTopic, Room: statement.ID{byte(i), byte(i >> 8)}, By: identity.Generate().Public(), Community: member,
			Topic: "a-topic-of-thirty-two-characters", At: millis(now),
		})
		if err := b.save(member, &book); err != nil {
			t.Fatal(err)
		}
	}
	book := read()
	if len(book.Notices) != api.MaxNotices || len(book.history()) != api.MaxNotices+maxRemembered || book.Last != 500 || book.Notices[0].N != 451 {
		t.Errorf("%d listed, %d remembered, the last is %d", len(book.Notices), len(book.history()), book.Last)
	}
	raw, _, err := store.Private(member, keptNotices)
	if err != nil || len(raw) > storage.MaxPrivate/2 {
		t.Errorf("%d bytes, %v", len(raw), err)
	}
	w := notices.Wishes{Member: member, OfTopics: true, Topics: []string{"sea"}}
	r := notices.Room{ID: statement.ID{byte(499 & 0xff), byte(499 >> 8)}, Topics: []string{"sea"}, Created: millis(now)}
	if _, told := w.Judge(r, book.history(), millis(now)); told {
		t.Error("told twice of one room")
	}
	now = now.Add(6 * 24 * time.Hour)
	if b.forget(); len(read().Notices) != api.MaxNotices {
		t.Error("forgotten on the sixth day")
	}
	now = now.Add(25 * time.Hour)
	b.forget()
	if raw, _, err := store.Private(member, keptNotices); err != nil || bytes.Contains(raw, []byte("a-topic")) {
		t.Errorf("on the eighth day there is %s, %v", raw, err)
	}
}

// answers is a push service that always says the same.
type answers struct {
	status int
	calls  int
}

func (a *answers) RoundTrip(r *http.Request) (*http.Response, error) {
	a.calls++
	if a.status == 0 {
		return nil, errors.New("out of reach")
	}
	return &http.Response{StatusCode: a.status, Body: io.NopCloser(bytes.NewReader(nil)), Request: r}, nil
}

// TestWhatIsTriedAgain: a push service that is out of reach or busy, a few times; not one that refuses.
func TestWhatIsTriedAgain(t *testing.T) {
	store, member, service := memory(t), identity.Generate().Public(), &answers{}
	p, err := openPusher(store, "https://cafe.example", &http.Client{Transport: service}, time.Now, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	browser := pushtest.NewBrowser(t)
	const endpoint = "https://push.example.com/x"
	if err := p.subscribe(member, api.PushSubscription{Endpoint: endpoint, P256DH: browser.P256DH() + "=", Auth: browser.Auth(), Language: "en"}); err != nil {
		t.Fatal(err)
	}
	p.tell(member, api.Notice{Kind: api.NoticeTopic, Title: "Songs"})
	job := <-p.jobs
	for _, tt := range []struct {
		status, tried int
		again         bool
		kept          bool
	}{
		{http.StatusCreated, 0, false, true},
		{http.StatusBadRequest, 0, false, true},
		{http.StatusServiceUnavailable, 0, true, true},
		{http.StatusTooManyRequests, 2, true, true},
		{0, 0, true, true},
		{0, pushTries - 1, false, true},
		{http.StatusGone, 0, false, false},
	} {
		service.status, job.tried = tt.status, tt.tried
		before := p.later
		p.send(context.Background(), job)
		list, err := p.devices(member)
		if again := p.later > before; again != tt.again || (len(list) == 1) != tt.kept || err != nil {
			t.Errorf("%d after %d tries: again %v, %d browsers, %v", tt.status, tt.tried, again, len(list), err)
		}
	}
	calls := service.calls
	if p.send(context.Background(), job); service.calls != calls {
		t.Error("a browser that is forgotten is told")
	}
	if raw, err := base64.RawURLEncoding.DecodeString(p.key.Public()); err != nil || len(raw) != 65 {
		t.Errorf("the key of %d bytes: %v", len(raw), err)
	}
}
