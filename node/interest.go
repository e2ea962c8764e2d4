package node

import (
	"context"
	"maps"
	"slices"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/identity"
)

// Who could be interested at all in a room, so that the bell asks about few.

// clear forgets everybody: there is no community any more.
func (b *bell) clear() {
	b.mu.Lock()
	b.clearLocked()
	b.mu.Unlock()
	if b.push != nil {
		b.push.clear()
	}
}

func (b *bell) clearLocked() {
	b.topics, b.chose = map[string]audience{}, map[identity.PublicKey][]string{}
	b.followers, b.neighbors = map[identity.PublicKey]audience{}, audience{}
	b.spent, b.watchers = map[identity.PublicKey]int64{}, map[identity.PublicKey]map[chan api.Noticed]struct{}{}
}

// put takes a member into a set of a map of sets, or out of it.
func put[K comparable](sets map[K]audience, of K, member identity.PublicKey, in bool) {
	switch {
	case in && sets[of] == nil:
		sets[of] = audience{member: {}}
	case in:
		sets[of][member] = struct{}{}
	default:
		if delete(sets[of], member); len(sets[of]) == 0 {
			delete(sets, of)
		}
	}
}

// choose notes the topics that a member follows now.
func (b *bell) choose(member identity.PublicKey, topics []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, topic := range b.chose[member] {
		put(b.topics, topic, member, false)
	}
	delete(b.chose, member)
	if len(topics) > 0 {
		b.chose[member] = slices.Clone(topics)
	}
	for _, topic := range topics {
		put(b.topics, topic, member, true)
	}
}

// relate notes what a member has with somebody now.
func (b *bell) relate(member, who identity.PublicKey, r api.Relation) {
	b.mu.Lock()
	defer b.mu.Unlock()
	put(b.followers, who, member, r.Follow && !r.Block)
}

// neighbor notes whether a member wants to hear of every room of the community.
func (b *bell) neighbor(member identity.PublicKey, wants bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if delete(b.neighbors, member); wants {
		b.neighbors[member] = struct{}{}
	}
}

// drop forgets a member who erased themselves.
func (b *bell) drop(member identity.PublicKey) {
	b.choose(member, nil)
	b.neighbor(member, false)
	b.mu.Lock()
	for who := range b.followers {
		put(b.followers, who, member, false)
	}
	delete(b.spent, member)
	b.mu.Unlock()
	if b.push != nil {
		b.push.drop(member)
	}
}

// concerned are the members who could want to hear of a room.
func (b *bell) concerned(r api.Room, came []identity.PublicKey, near, opens bool) audience {
	at := millis(b.community.now())
	all := audience{}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, who := range came {
		maps.Copy(all, b.followers[who])
	}
	if !opens {
		return all
	}
	maps.Copy(all, b.followers[r.Creator.Key])
	if near {
		maps.Copy(all, b.neighbors)
	}
	for _, topic := range r.Topics {
		for member := range b.topics[topic] {
			// Strangers may open many rooms: who has heard enough of topics is not looked up for each of them.
			if at-b.spent[member] > spentFor {
				all[member] = struct{}{}
			}
		}
	}
	return all
}

// inside are the members of this node who are in a room.
func (b *bell) inside(ctx context.Context, r *room) audience {
	all := audience{}
	if r == nil {
		return all
	}
	ctx, cancel := context.WithTimeout(ctx, insideTime)
	defer cancel()
	found := make(chan audience, 1)
	// A room that is over has nobody in it.
	_ = r.do(ctx, func() error {
		there := audience{}
		for member := range r.stream.subs {
			there[member] = struct{}{}
		}
		found <- there
		return nil
	})
	select {
	case all = <-found:
	default:
	}
	return all
}
