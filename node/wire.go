package node

import (
	"fmt"
	"strings"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/rooms"
)

// wire is an event of the state machine as clients get it: numbers become CSRCs, keys get their names.
func (h *hosting) wire(event rooms.Event, head api.Head) api.Event {
	switch e := event.(type) {
	case rooms.HandRaised:
		head.Type = api.EventHandRaised
		return api.HandRaised{Head: head, Hand: h.wireHand(e.Hand)}
	case rooms.HandLowered:
		head.Type = api.EventHandLowered
		return api.HandLowered{Head: head, Key: e.Key, By: someone(e.By)}
	case rooms.StageOffered:
		head.Type = api.EventOffered
		return api.StageOffered{Head: head, Offer: wireOffer(e.Offer)}
	case rooms.OfferEnded:
		head.Type = api.EventOfferEnded
		return api.OfferEnded{Head: head, Key: e.Key, Why: string(e.Why)}
	case rooms.StageJoined:
		head.Type = api.EventStageJoined
		return api.StageJoined{Head: head, Person: h.wireStage(e.Person)}
	case rooms.StageLeft:
		head.Type = api.EventStageLeft
		return api.StageLeft{Head: head, Key: e.Key, Why: string(e.Why), By: someone(e.By)}
	case rooms.Muted:
		head.Type = api.EventMuted
		return api.Muted{Head: head, Key: e.Key, By: someone(e.By)}
	case rooms.Unmuted:
		head.Type = api.EventUnmuted
		return api.Unmuted{Head: head, Key: e.Key}
	case rooms.RoleChanged:
		head.Type = api.EventRoleChanged
		return api.RoleChanged{Head: head, Key: e.Key, Role: api.Role(e.Role), By: someone(e.By)}
	case rooms.Connection:
		head.Type = api.EventConnection
		return api.Connection{Head: head, Key: e.Key, Connected: e.Connected}
	case rooms.Removed:
		head.Type = api.EventRemoved
		return api.Removed{Head: head, Key: e.Removal.Key, By: e.Removal.By, Until: e.Removal.Until}
	case rooms.RemovalEnded:
		head.Type = api.EventPardoned
		return api.RemovalEnded{Head: head, Key: e.Key, By: someone(e.By)}
	case rooms.UnmuteAsked:
		head.Type = api.EventUnmuteAsked
		return api.UnmuteAsked{Head: head, Key: e.Key, By: e.By}
	case rooms.SettingsChanged:
		head.Type = api.EventSettings
		return api.SettingsChanged{Head: head, Settings: wireSettings(e.Settings), By: e.By}
	case rooms.EntryChanged:
		head.Type = api.EventEntryChange
		return api.EntryChanged{Head: head, Entry: e.Entry, By: e.By}
	case rooms.ChosenChanged:
		head.Type = api.EventChosen
		return api.ChosenChanged{Head: head}
	case rooms.Ended:
		head.Type = api.EventEnded
		return api.Ended{Head: head, Why: string(e.Why), By: someone(e.By)}
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

func (h *hosting) wirePerson(key identity.PublicKey, number uint32) api.Person {
	m := h.member(key)
	p := api.Person{Key: key, Name: m.Name, Picture: m.Picture, CSRC: number}
	if o := h.via[key]; o != nil {
		p.Home = &o.node
	}
	return p
}

// member is how somebody is called: somebody of another node as their home says, a member as this node knows.
func (h *hosting) member(key identity.PublicKey) api.Member {
	if g, ok := h.foreign[key]; ok {
		return api.Member{Key: key, Name: g.name, Picture: g.picture}
	}
	return h.hallway.community.names.member(key)
}

func (h *hosting) wireStage(p rooms.StagePerson) api.StagePerson {
	return api.StagePerson{
		Person:    h.wirePerson(p.Key, p.Number),
		Role:      api.Role(p.Role),
		Muted:     p.Muted,
		Connected: p.Connected,
	}
}

func (h *hosting) wireHand(hand rooms.Hand) api.Hand {
	return api.Hand{Person: h.wirePerson(hand.Key, hand.Number), Question: hand.Question, At: hand.At}
}

func wireOffer(o rooms.StageOffer) api.Offer {
	return api.Offer{Key: o.Key, By: o.By, Expires: o.Expires}
}

// page is a part of the audience, in the order of entering.
func (h *hosting) page(offset, limit int) api.Audience {
	page := api.Audience{Count: h.state.Listening(), Guests: h.guestCount(), People: []api.Person{}}
	for _, l := range h.state.Listeners(max(offset, 0), limit) {
		page.People = append(page.People, h.wirePerson(l.Key, l.Number))
	}
	return page
}

// listeners is a part of the audience, or of those in it whose names hold a text.
func (h *hosting) listeners(of api.AudiencePage) api.Audience {
	query := folded(of.Query)
	if query == "" {
		return h.page(of.Offset, of.Limit)
	}
	found := api.Audience{Guests: h.guestCount(), People: []api.Person{}}
	for _, l := range h.state.Listeners(0, h.state.Listening()) {
		if !h.isCalled(l.Key, query) {
			continue
		}
		if found.Count >= of.Offset && len(found.People) < of.Limit {
			found.People = append(found.People, h.wirePerson(l.Key, l.Number))
		}
		found.Count++
	}
	return found
}

// isCalled reports whether somebody's name holds a folded text. Those of members are kept folded: a room has thousands.
func (h *hosting) isCalled(key identity.PublicKey, query string) bool {
	if g, ok := h.foreign[key]; ok {
		return strings.Contains(folded(g.name), query)
	}
	return strings.Contains(h.hallway.community.names.folded(key), query)
}

// snapshot is the whole room for one member.
func (h *hosting) snapshot(you identity.PublicKey, at int64) api.Snapshot {
	s := api.Snapshot{
		Head:     api.Head{Type: api.EventSnapshot, N: h.stream.n, At: at},
		Run:      h.stream.run,
		You:      you,
		Room:     *h.summary(),
		Stage:    []api.StagePerson{},
		Hands:    []api.Hand{},
		Offers:   []api.Offer{},
		Audience: h.page(0, audiencePage),
		Create:   h.create.Text(),
		Settings: wireSettings(h.state.Settings()),
		Roles:    []api.Order{},
	}
	for _, o := range h.state.Log() {
		if o.Role {
			s.Roles = append(s.Roles, wireOrder(o))
		}
	}
	for _, p := range h.state.Stage() {
		s.Stage = append(s.Stage, h.wireStage(p))
	}
	for _, hand := range h.state.Hands() {
		s.Hands = append(s.Hands, h.wireHand(hand))
	}
	for _, o := range h.state.Offers() {
		s.Offers = append(s.Offers, wireOffer(o))
	}
	return s
}

// snapshotOf is the whole room for a member of this node, and begins a new entry of theirs.
func (h *hosting) snapshotOf(member identity.PublicKey) api.Snapshot {
	s := h.snapshot(member, millis(h.now()))
	s.Nonce = h.visitOf(member).nonce
	return s
}

func wireSettings(s rooms.Settings) api.RoomSettings {
	return api.RoomSettings{Locked: s.Locked, Ask: s.Ask, Slow: s.Slow}
}

// shownSpeakers is how many people of the stage a room's card names.
const shownSpeakers = 4

// summary is the room as the hallway shows it.
func (h *hosting) summary() *api.Room {
	config := h.state.Config()
	stage := h.state.Stage()
	_, over := h.state.Ended()
	about := h.body()
	s := &api.Room{
		ID:        h.id,
		Title:     h.title.Text,
		Topics:    append([]string{}, about.Topics...),
		Language:  about.Language,
		Entry:     h.state.Entry(),
		Community: h.about(),
		Host:      h.self(),
		Creator:   h.member(config.Creator),
		Created:   config.At,
		Speakers:  []api.Member{},
		Stage:     len(stage),
		Listening: h.state.Listening() + h.guestCount(),
		Ended:     over,
		Epoch:     h.tenure.Epoch,
		Why:       api.WhyHere,
		Schedule:  h.hallway.nodes.plans.from(about, config.Creator),
	}
	h.moderators.Store(0)
	for _, p := range stage {
		if api.Role(p.Role) == api.RoleModerator {
			h.moderators.Add(1)
		}
	}
	for _, p := range stage[:min(len(stage), shownSpeakers)] {
		s.Speakers = append(s.Speakers, h.member(p.Key))
	}
	return s
}
