package node

import (
	"fmt"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/rooms"
)

// wire is an event of the state machine as clients get it: numbers become CSRCs, keys get their names.
func (r *room) wire(event rooms.Event, h api.Head) api.Event {
	switch e := event.(type) {
	case rooms.HandRaised:
		h.Type = api.EventHandRaised
		return api.HandRaised{Head: h, Hand: r.wireHand(e.Hand)}
	case rooms.HandLowered:
		h.Type = api.EventHandLowered
		return api.HandLowered{Head: h, Key: e.Key, By: someone(e.By)}
	case rooms.StageOffered:
		h.Type = api.EventOffered
		return api.StageOffered{Head: h, Offer: wireOffer(e.Offer)}
	case rooms.OfferEnded:
		h.Type = api.EventOfferEnded
		return api.OfferEnded{Head: h, Key: e.Key, Why: string(e.Why)}
	case rooms.StageJoined:
		h.Type = api.EventStageJoined
		return api.StageJoined{Head: h, Person: r.wireStage(e.Person)}
	case rooms.StageLeft:
		h.Type = api.EventStageLeft
		return api.StageLeft{Head: h, Key: e.Key, Why: string(e.Why), By: someone(e.By)}
	case rooms.Muted:
		h.Type = api.EventMuted
		return api.Muted{Head: h, Key: e.Key, By: someone(e.By)}
	case rooms.Unmuted:
		h.Type = api.EventUnmuted
		return api.Unmuted{Head: h, Key: e.Key}
	case rooms.RoleChanged:
		h.Type = api.EventRoleChanged
		return api.RoleChanged{Head: h, Key: e.Key, Role: api.Role(e.Role), By: someone(e.By)}
	case rooms.Connection:
		h.Type = api.EventConnection
		return api.Connection{Head: h, Key: e.Key, Connected: e.Connected}
	case rooms.Removed:
		h.Type = api.EventRemoved
		return api.Removed{Head: h, Key: e.Key, By: e.By}
	case rooms.Ended:
		h.Type = api.EventEnded
		return api.Ended{Head: h, Why: string(e.Why), By: someone(e.By)}
	default:
		panic(fmt.Sprintf("node: no wire form of %T", event)) // the set is closed; a test goes through it
	}
}

// someone is a key, or nil for the zero key: nobody did it, or its owner.
func someone(key identity.PublicKey) *identity.PublicKey {
	if key.IsZero() {
		return nil
	}
	return &key
}

func (r *room) wirePerson(key identity.PublicKey, number uint32) api.Person {
	return api.Person{Key: key, Name: r.names.member(key).Name, CSRC: number}
}

func (r *room) wireStage(p rooms.StagePerson) api.StagePerson {
	return api.StagePerson{
		Person:    r.wirePerson(p.Key, p.Number),
		Role:      api.Role(p.Role),
		Muted:     p.Muted,
		Connected: p.Connected,
	}
}

func (r *room) wireHand(h rooms.Hand) api.Hand {
	return api.Hand{Person: r.wirePerson(h.Key, h.Number), Question: h.Question, At: h.At}
}

func wireOffer(o rooms.StageOffer) api.Offer {
	return api.Offer{Key: o.Key, By: o.By, Expires: o.Expires}
}

// page is a part of the audience, in the order of entering.
func (r *room) page(offset, limit int) api.Audience {
	page := api.Audience{Count: r.state.Listening(), People: []api.Person{}}
	for _, l := range r.state.Listeners(offset, limit) {
		page.People = append(page.People, r.wirePerson(l.Key, l.Number))
	}
	return page
}

// snapshot is the whole room for one member.
func (r *room) snapshot(you identity.PublicKey, at int64) api.Snapshot {
	s := api.Snapshot{
		Head:     api.Head{Type: api.EventSnapshot, N: r.stream.n, At: at},
		Run:      r.stream.run,
		You:      you,
		Room:     *r.summary(),
		Stage:    []api.StagePerson{},
		Hands:    []api.Hand{},
		Offers:   []api.Offer{},
		Audience: r.page(0, audiencePage),
	}
	for _, p := range r.state.Stage() {
		s.Stage = append(s.Stage, r.wireStage(p))
	}
	for _, h := range r.state.Hands() {
		s.Hands = append(s.Hands, r.wireHand(h))
	}
	for _, o := range r.state.Offers() {
		s.Offers = append(s.Offers, wireOffer(o))
	}
	return s
}

// shownSpeakers is how many people of the stage a room's card names.
const shownSpeakers = 4

// summary is the room as the hallway shows it.
func (r *room) summary() *api.Room {
	config := r.state.Config()
	stage := r.state.Stage()
	_, over := r.state.Ended()
	s := &api.Room{
		ID:        r.id,
		Title:     r.title.Text,
		Topics:    append([]string{}, r.create.Topics...),
		Language:  r.create.Language,
		Entry:     r.create.Entry,
		Community: r.about(),
		Host:      r.create.Node,
		Creator:   r.names.member(config.Creator),
		Created:   config.At,
		Speakers:  []api.Member{},
		Stage:     len(stage),
		Listening: r.state.Listening(),
		Ended:     over,
	}
	for _, p := range stage[:min(len(stage), shownSpeakers)] {
		s.Speakers = append(s.Speakers, r.names.member(p.Key))
	}
	return s
}
