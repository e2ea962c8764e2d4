package node

import (
	"fmt"
	"log/slog"
	"testing"

	"github.com/go-json-experiment/json"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/storage"
)

// A member who follows 10,000 people follows nobody more, but may still change and end what there is.
func TestTheMostRelations(t *testing.T) {
	store, err := storage.Open(storage.Options{InMemory: true, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	o := &own{store: store, now: func() int64 { return 1 }}
	follow := api.Relation{Follow: true, Volume: api.FullVolume}
	member := identity.Generate().Public()
	var last identity.PublicKey
	buckets := map[string]relations{}
	for range api.MaxRelations {
		last = identity.Generate().Public()
		name := bucketOf(last)
		if buckets[name] == nil {
			buckets[name] = relations{}
		}
		buckets[name][last] = follow
	}
	var b storage.Batch
	for name, some := range buckets {
		raw, err := json.Marshal(some)
		if err != nil {
			t.Fatal(err)
		}
		b.Private = append(b.Private, storage.Private{Member: member, Name: name, Value: raw})
		if len(b.Private) == 32 {
			commit(t, store, &b)
		}
	}
	commit(t, store, &b)
	one := identity.Generate().Public()
	if _, err := o.SetRelation(member, one, follow); reason.Of(err) != reason.RelationsFull {
		t.Errorf("one more: %v", err)
	}
	if _, err := o.SetRelation(identity.Generate().Public(), one, follow); err != nil {
		t.Errorf("another member: %v", err)
	}
	if _, err := o.SetRelation(member, last, api.Relation{Block: true, Volume: 0}); err != nil {
		t.Errorf("a change: %v", err)
	}
	if _, err := o.SetRelation(member, last, api.Ordinary()); err != nil {
		t.Errorf("an end: %v", err)
	}
	if _, err := o.SetRelation(member, one, follow); err != nil {
		t.Errorf("in the place of one: %v", err)
	}
	if err := store.Commit(storage.Batch{ErasePrivate: []identity.PublicKey{member}}); err != nil {
		t.Errorf("an erasure: %v", err)
	}
	for kept, err := range store.Privates(member) {
		t.Errorf("after an erasure there is %s, %v", kept.Name, err)
	}
}

func commit(t *testing.T, store *storage.Store, b *storage.Batch) {
	t.Helper()
	if err := store.Commit(*b); err != nil {
		t.Fatal(err)
	}
	*b = storage.Batch{}
}

func TestPicturesOfOthersAreBounded(t *testing.T) {
	c := newPictureCache(100)
	for i := range 50 {
		data := fmt.Appendf(nil, "%010d", i)
		c.add(api.DigestOf(data), data)
		c.add(api.DigestOf(data), data)
		if i > 0 {
			c.get(api.DigestOf(fmt.Appendf(nil, "%010d", 0))) // looked at each time, so it stays
		}
	}
	if c.size > 100 || len(c.byDigest) != 10 || c.recent.Len() != 10 {
		t.Errorf("%d bytes in %d pictures", c.size, len(c.byDigest))
	}
	if _, ok := c.get(api.DigestOf(fmt.Appendf(nil, "%010d", 0))); !ok {
		t.Error("the one looked at most is gone")
	}
	if _, ok := c.get(api.DigestOf(fmt.Appendf(nil, "%010d", 1))); ok {
		t.Error("the one unseen for longest is there")
	}
}
