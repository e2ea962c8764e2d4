package node

import (
	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/api/link"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/statement"
)

// foreigner is what a host knows of somebody who came by way of another node: what their profile says.
type foreigner struct {
	name      string
	picture   statement.Commitment
	community identity.PublicKey
	issued    int64 // of the profile, seconds
}

func foreignerOf(p *statement.Profile) foreigner {
	return foreigner{name: p.Name, picture: p.Picture, community: p.Community, issued: p.IssuedAt}
}

// renamed implements role.
func (h *hosting) renamed(profile statement.Statement) {
	if key := profile.Signer(); h.via[key] == nil {
		delete(h.foreign, key) // came by another node of this community before
		h.tellPerson(key)
	}
}

// renamedFrom takes in another profile of a member who is here by way of a home.
func (h *hosting) renamedFrom(o *home, profile statement.Statement) {
	key, now := profile.Signer(), foreignerOf(profile.Body().(*statement.Profile))
	before := h.foreign[key]
	if o.visits[key] == nil || h.via[key] != o || now.community != before.community || now.issued < before.issued {
		return
	}
	h.foreign[key] = now
	h.hallway.people.heard(h.member(key), o.node)
	if now.name != before.name || now.picture != before.picture {
		h.tellPerson(key)
	}
}

// tellPerson tells everybody, here and at the other nodes, how somebody in the room is called now.
func (h *hosting) tellPerson(key identity.PublicKey) {
	if _, known := h.state.Role(key); !known && h.state.Config().Creator != key {
		return
	}
	h.broadcast(h.stream.send(millis(h.now()), func(head api.Head) api.Event {
		head.Type = api.EventPerson
		return api.PersonChanged{Head: head, Person: h.member(key)}
	}))
	h.show(h.summary(), h.state.Admits)
	h.announced.sum = -1 // the announcement names speakers
	h.announceSoon()
}

// renamed implements role: the host is told, and tells everybody.
func (r *relaying) renamed(profile statement.Statement) {
	if l := r.locals[profile.Signer()]; l != nil && l.inside && r.up != nil {
		r.up.send(link.Profile{Profile: profile.Text()})
	}
}

// hearOf notes that the host can be asked about the people whom an event shows.
func (r *relaying) hearOf(event api.Event) {
	heard := func(m api.Member) { r.hallway.people.heard(m, r.tenure.Host) }
	person := func(p api.Person) { heard(api.Member{Key: p.Key, Name: p.Name, Picture: p.Picture}) }
	switch e := event.(type) {
	case api.Snapshot:
		for _, p := range e.Stage {
			person(p.Person)
		}
		for _, hand := range e.Hands {
			person(hand.Person)
		}
		for _, p := range e.Audience.People {
			person(p)
		}
		heard(e.Room.Creator)
	case api.HandRaised:
		person(e.Hand.Person)
	case api.StageJoined:
		person(e.Person.Person)
	case api.AudienceChanged:
		for _, p := range e.Audience.People {
			person(p)
		}
	case api.PersonChanged:
		heard(e.Person)
	}
}
