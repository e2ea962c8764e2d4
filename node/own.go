package node

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/go-json-experiment/json"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/storage"
)

// What the node keeps for one member alone, by its names in the store (storage.Private):
//
//	settings          api.Settings, JSON
//	people/{xx}       those of their relations with people whose key ends in that byte: did to api.Relation, JSON. 256 of them
//	                  hold the most that there may be, so that all can be erased in one commit
//	picture/{digest}  the bytes of a picture of theirs (people.go)
//	notices, notice-settings, push  what they were told, want to be told, and where (notices.go)
//
// Nobody else is told of any of it but the picture. It can be listed and erased by the member's key alone, and none of it
// holds the name of anybody.
const (
	ownSettings = "settings"
	ownPeople   = "people/"
	ownPicture  = "picture/"
)

func bucketOf(who identity.PublicKey) string {
	return fmt.Sprintf("%s%02x", ownPeople, who[len(who)-1])
}

// own keeps what members want, and does what they want of this node together: it follows their topics.
type own struct {
	store  *storage.Store
	people *people
	follow func(topics []string) // makes these the topics that this node hears of
	now    func() int64          // Unix milliseconds
	bell   *bell                 // hears of what members want; nil in tests

	mu     sync.Mutex                      // of changes
	topics map[identity.PublicKey][]string // of members who chose some; guarded by mu
}

// openOwn reads what the members chose.
func openOwn(store *storage.Store, p *people, bell *bell, now func() int64, follow func([]string)) (*own, error) {
	o := &own{store: store, people: p, bell: bell, follow: follow, now: now, topics: map[identity.PublicKey][]string{}}
	for kept, err := range store.PrivatesNamed(ownSettings) {
		if err != nil {
			return nil, fmt.Errorf("node: %w", err)
		}
		s, err := readSettings(kept.Value)
		if err != nil {
			return nil, fmt.Errorf("node: settings of %s: %w", kept.Member, err)
		}
		if len(s.Topics) > 0 {
			o.topics[kept.Member] = s.Topics
		}
	}
	follow(o.popularLocked())
	return o, nil
}

// popularLocked is the topics that members chose, those that most chose first.
func (o *own) popularLocked() []string {
	votes := map[string]int{}
	for _, topics := range o.topics {
		for _, topic := range topics {
			votes[topic]++
		}
	}
	return slices.SortedFunc(maps.Keys(votes), func(a, b string) int {
		if votes[a] != votes[b] {
			return votes[b] - votes[a]
		}
		return strings.Compare(a, b)
	})
}

// readSettings reads settings of this version or an earlier one, which knew less.
func readSettings(raw []byte) (api.Settings, error) {
	s := api.Settings{}
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &s); err != nil {
			return s, err
		}
	}
	if s.Topics == nil {
		s.Topics = []string{}
	}
	if s.Languages == nil {
		s.Languages = []string{}
	}
	return s, nil
}

// Settings implements server.Own.
func (o *own) Settings(member identity.PublicKey) (api.Settings, error) {
	raw, _, err := o.store.Private(member, ownSettings)
	if err != nil {
		return api.Settings{}, err
	}
	return readSettings(raw)
}

// SetSettings implements server.Own.
func (o *own) SetSettings(member identity.PublicKey, s api.Settings) (api.Settings, error) {
	raw, err := json.Marshal(s)
	if err != nil {
		return s, fmt.Errorf("node: %w", err)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if err := o.store.Commit(storage.Batch{Private: []storage.Private{{Member: member, Name: ownSettings, Value: raw}}}); err != nil {
		return s, err
	}
	before := o.popularLocked()
	if delete(o.topics, member); len(s.Topics) > 0 {
		o.topics[member] = slices.Clone(s.Topics)
	}
	if after := o.popularLocked(); !slices.Equal(before, after) {
		o.follow(after)
	}
	if o.bell != nil {
		o.bell.choose(member, s.Topics)
	}
	return s, nil
}

// relations are some of the relations of one member: a bucket of them.
type relations map[identity.PublicKey]api.Relation

func readRelations(kept storage.Private) (relations, error) {
	some := relations{}
	if len(kept.Value) > 0 {
		if err := json.Unmarshal(kept.Value, &some); err != nil {
			return nil, fmt.Errorf("node: %q of %s: %w", kept.Name, kept.Member, err)
		}
	}
	return some, nil
}

// Relations implements server.Own.
func (o *own) Relations(member identity.PublicKey) (api.Relations, error) {
	all := api.Relations{People: []api.PersonRelation{}}
	err := o.each(member, func(key identity.PublicKey, r api.Relation) {
		all.People = append(all.People, api.PersonRelation{Person: o.people.known(key), Relation: r})
	})
	slices.SortFunc(all.People, func(a, b api.PersonRelation) int {
		return cmp.Or(cmp.Compare(a.Relation.Changed, b.Relation.Changed), cmp.Compare(a.Person.Key.String(), b.Person.Key.String()))
	})
	return all, err
}

// each goes through a member's relations.
func (o *own) each(member identity.PublicKey, do func(identity.PublicKey, api.Relation)) error {
	for kept, err := range o.store.PrivatesUnder(member, ownPeople) {
		if err != nil {
			return err
		}
		some, err := readRelations(kept)
		if err != nil {
			return err
		}
		for key, r := range some {
			do(key, r)
		}
	}
	return nil
}

// SetRelation implements server.Own. Somebody about whom nothing is known can be blocked as well: they may come again.
func (o *own) SetRelation(member, who identity.PublicKey, r api.Relation) (api.Relation, error) {
	r.Changed = o.now()
	o.mu.Lock()
	defer o.mu.Unlock()
	kept := storage.Private{Member: member, Name: bucketOf(who)}
	var err error
	if kept.Value, _, err = o.store.Private(member, kept.Name); err != nil {
		return r, err
	}
	some, err := readRelations(kept)
	if err != nil {
		return r, err
	}
	if _, there := some[who]; !there && !r.IsOrdinary() {
		if err := o.room(member); err != nil {
			return r, err
		}
	}
	if some[who] = r; r.IsOrdinary() {
		delete(some, who)
	}
	kept.Value = nil
	if len(some) > 0 {
		if kept.Value, err = json.Marshal(some, json.Deterministic(true)); err != nil {
			return r, fmt.Errorf("node: %w", err)
		}
	}
	if len(kept.Value) > storage.MaxPrivate {
		return r, reason.Reject(reason.RelationsFull, "%d with keys that end alike", len(some))
	}
	if err := o.store.Commit(storage.Batch{Private: []storage.Private{kept}}); err != nil {
		return r, err
	}
	if o.bell != nil {
		o.bell.relate(member, who, r)
	}
	return r, nil
}

// room refuses one more relation to a member who has as many as are kept.
func (o *own) room(member identity.PublicKey) error {
	count := 0
	if err := o.each(member, func(identity.PublicKey, api.Relation) { count++ }); err != nil {
		return err
	}
	if count >= api.MaxRelations {
		return reason.Reject(reason.RelationsFull, "%d", count)
	}
	return nil
}
