package node

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/api/link"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/p2p"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/rooms"
	"github.com/stoa-rooms/stoa/statement"
)

// The times of a relay.
const (
	answerWithin = 30 * time.Second       // for a member to sign their way in
	redialAfter  = 500 * time.Millisecond // between attempts to reach a host
	redialBusy   = 3 * time.Second        // after one that the host had no time for
	firstDials   = 4                      // attempts, before those who wait for a room that was never reached are told
	relayIdle    = 10 * time.Second       // without members, until the relay goes
)

// relaying is the role of a node whose members are in a room that another node hosts. It pulls the room's events and
// slots once, however many of its members are there. All of it is owned by the room's loop.
type relaying struct {
	*room

	state     api.State      // the room as the host last told it
	authority *api.Authority // what of it moderators did
	up        *uplink        // nil while there is no host
	attempt   int            // counts the dials; an older one's outcome is of no interest
	dialing   bool
	failed    int // dials in a row
	redial    time.Time
	ticked    time.Time // when time last passed
	reached   bool      // a host has welcomed this relay before
	told      bool      // the members know that the host is lost
	blind     bool      // the room is for chosen people, and the host shows it once one of them is in it from here

	locals  map[identity.PublicKey]*visitor
	allowed map[uint32]bool // whom the media lets through on the way up, by number
	bring   []rooms.Removal // of the time when this node hosted the room
	empty   time.Time       // since when nobody of this node is in the room

	election election
}

func newRelaying(r *room) *relaying {
	return &relaying{
		room:    r,
		locals:  map[identity.PublicKey]*visitor{},
		allowed: map[uint32]bool{},
		empty:   r.now(),
		ticked:  r.now(),
	}
}

// snapshot is the room as the host told it, for one member, under this node's numbering.
func (r *relaying) snapshot(you identity.PublicKey) api.Snapshot {
	return api.Snapshot{
		Head:     api.Head{Type: api.EventSnapshot, N: r.stream.n, At: millis(r.now())},
		Run:      r.stream.run,
		You:      you,
		Room:     *r.summary(),
		Stage:    slices.Clone(r.state.Stage),
		Hands:    slices.Clone(r.state.Hands),
		Offers:   slices.Clone(r.state.Offers),
		Audience: r.state.Audience,
		Create:   r.create.Text(),
		Settings: r.state.Settings,
		Roles:    slices.Clone(r.state.Roles),
	}
}

// summary is the room as the hallway shows it. The title and the host are what statements prove, not what a host says.
func (r *relaying) summary() *api.Room {
	s := r.state.Room
	s.ID, s.Title, s.Community = r.id, r.title.Text, r.about()
	s.Host, s.Epoch = r.tenure.Host, r.tenure.Epoch
	s.Stage, s.Listening = len(r.state.Stage), r.state.Audience.Count+r.state.Audience.Guests
	s.Topics, s.Language = append([]string{}, r.body().Topics...), r.body().Language
	if s.Entry == "" { // before the host has said who may enter now
		s.Entry = r.body().Entry
	}
	if !r.blind { // as they are now, not as they were when the host first told of the room
		s.Speakers = []api.Member{}
		for _, p := range r.state.Stage[:min(len(r.state.Stage), shownSpeakers)] {
			s.Speakers = append(s.Speakers, api.Member{Key: p.Key, Name: p.Name, Picture: p.Picture})
		}
	}
	s.Why, s.Topic = r.hallway.why(&s)
	r.moderators.Store(0)
	for _, p := range r.state.Stage {
		if p.Role == api.RoleModerator {
			r.moderators.Add(1)
		}
	}
	return &s
}

// audience implements role.
func (r *relaying) audience(of api.AudiencePage) (api.Audience, <-chan page) {
	if r.up == nil {
		return heardOf(r.state.Audience, of.Query), nil
	}
	later := make(chan page, 1)
	r.up.request(func(id int64) link.Message {
		return link.Audience{ID: id, Offset: of.Offset, Limit: of.Limit, Query: of.Query}
	}, func(a link.Answer) {
		var p page
		p.err = r.reply(a, &p.audience)
		later <- p
	})
	return api.Audience{}, later
}

// heardOf is what of the audience's first page, all that is known without the host, answers a search.
func heardOf(first api.Audience, query string) api.Audience {
	if query = folded(query); query == "" {
		return first
	}
	found := api.Audience{Guests: first.Guests, People: []api.Person{}}
	for _, p := range first.People {
		if strings.Contains(folded(p.Name), query) {
			found.People = append(found.People, p)
		}
	}
	found.Count = len(found.People)
	return found
}

// admits implements role: the host says it to those who enter.
func (r *relaying) admits(member identity.PublicKey) error {
	if l := r.locals[member]; r.state.Room.Entry != statement.RoomChosen || l != nil && l.inside {
		return nil
	}
	return r.hallway.nodes.admits(r.id, member)
}

// stoodStill is after how long without a tick this node was itself stopped, and cannot tell whether the host was there.
const stoodStill = 2 * pingEvery

// awake notes that time passes. Time for which this node stood still does not count as the host's silence.
func (r *relaying) awake(now time.Time) {
	if gap := now.Sub(r.ticked); r.up != nil && gap > stoodStill {
		if r.up.heard = r.up.heard.Add(gap - pingEvery); r.up.heard.After(now) {
			r.up.heard = now
		}
	}
	r.ticked = now
}

// tick implements role.
func (r *relaying) tick(now time.Time) {
	r.awake(now)
	for member, l := range r.locals {
		if !l.inside && now.Sub(l.asked) > answerWithin && r.up != nil {
			r.dismiss(member, reason.Reject(reason.EnterStale, "no answer within %s", answerWithin))
		}
	}
	if r.nobody() && now.Sub(r.empty) >= relayIdle {
		r.over = true
		return
	}
	switch {
	case r.up == nil && !r.dialing && !now.Before(r.redial):
		r.dial()
	case r.up != nil && now.Sub(r.up.heard) > hostGone+pingEvery/2:
		r.hostLost(r.attempt, reason.Reject(reason.RoomHostLost, "no sign of life for %s", now.Sub(r.up.heard)))
	case r.up != nil && now.Sub(r.up.pinged) >= pingEvery:
		r.up.pinged = now
		size := r.hallway.nodes.followed(r.body().Community, r.body().Node)
		r.up.request(func(id int64) link.Message { return link.Ping{ID: id, Log: size} }, func(link.Answer) {})
	}
	r.elect(now)
}

// due implements role.
func (r *relaying) due(now time.Time) time.Duration {
	wait := pingEvery
	if r.nobody() {
		wait = min(wait, r.empty.Add(relayIdle).Sub(now))
	}
	if r.up == nil {
		if !r.dialing {
			wait = min(wait, r.redial.Sub(now))
		}
		return min(wait, pingEvery/4) // the election goes on
	}
	return min(wait, r.up.pinged.Add(pingEvery).Sub(now))
}

// leave implements role.
func (r *relaying) leave() {
	r.attempt++
	if r.up != nil {
		up := r.up
		r.up = nil
		up.abandon()
		up.end()
	}
	for number, may := range r.allowed {
		if may {
			r.media.Allow(number, false)
		}
	}
	clear(r.allowed)
}

// dial tries to reach the host.
func (r *relaying) dial() {
	r.attempt++
	r.dialing = true
	attempt, host, hello := r.attempt, r.tenure.Host, link.Hello{Room: r.id, Epoch: r.tenure.Epoch}
	addrs := r.hallway.nodes.addrs(r.id, host)
	addrs = append(addrs, r.election.addrs[host]...)
	ctx := r.ctx
	go func() {
		s, welcome, err := dial(ctx, func(ctx context.Context) (*p2p.Stream, error) {
			return r.hallway.nodes.open(ctx, host, addrs)
		}, hello)
		taken := r.post(func() { //nolint:contextcheck // the loop has its own
			switch {
			case r.role != role(r) || r.attempt != attempt:
				if err == nil {
					s.Reset()
				}
			case err != nil:
				r.unreached(err)
			default:
				r.welcomed(s, welcome)
			}
		})
		if !taken && err == nil {
			s.Reset()
		}
	}()
}

// unreached notes that a host could not be reached, or does not want this node.
func (r *relaying) unreached(err error) {
	r.dialing = false
	r.redial = r.now().Add(redialAfter)
	r.failed++
	why := reason.Of(err)
	if why == reason.HomeLimit { // it is there, and has no time now for all that this node wants
		r.redial = r.now().Add(redialBusy)
		if !r.election.since.IsZero() {
			r.election.since = r.now()
		}
	}
	switch why {
	case reason.NodeDenied, reason.CommunityDenied, reason.RoomEnded:
		r.endAll(err)
	default:
		if !r.reached && r.failed >= firstDials {
			r.endAll(reason.Reject(reason.RoomHostLost, "%v", err))
		}
	}
	r.log.Debug("the host cannot be reached", "room", r.id, "host", r.tenure.Host, "error", err)
}

// endAll sends everybody of this node away: the room is not to be had.
func (r *relaying) endAll(why error) {
	for member := range r.locals {
		r.dismiss(member, why)
	}
	r.dropGuests(why)
	r.over = true
}

// welcomed begins with a host.
func (r *relaying) welcomed(s *p2p.Stream, w link.Welcome) {
	r.dialing = false
	var snapshot *api.Snapshot
	var err error
	if len(w.Room) > 0 {
		var told api.Snapshot
		told, err = w.Snapshot()
		snapshot = &told
	}
	if err == nil {
		err = r.learn(w.Tenure)
	}
	if err != nil {
		s.Reset()
		r.unreached(err)
		return
	}
	if s.Peer() != r.tenure.Host { // there is a later one
		s.Reset()
		r.redial = r.now()
		return
	}
	u := newUplink(r.room, s)
	attempt := r.attempt
	r.up, r.failed = u, 0
	go u.write()
	go u.read(func(m link.Message) {
		r.post(func() {
			if r.up == u {
				u.heard = r.now()
				r.take(m)
			}
		})
	}, func(err error) {
		r.post(func() { r.hostLost(attempt, err) })
	})
	r.begin(snapshot)
}

// begin goes on with a host, with the room if it is shown, and brings everybody in.
func (r *relaying) begin(snapshot *api.Snapshot) {
	r.election.reset()
	if r.told {
		r.told = false
		r.stream.tell(r.hostChanged(api.HostLive))
	}
	if snapshot != nil {
		r.begins(*snapshot)
	} else {
		r.waits()
	}
	r.reached = true
	for part := range slices.Chunk(r.bring, removalsAtOnce) {
		r.up.send(link.Removals{Removed: part})
	}
	r.bring = nil
	for member, l := range r.locals {
		l.inside, l.held = false, false
		if l.sub.closed { // only by the page can they sign their way in
			r.hangUpAll(member)
			continue
		}
		r.ask(member, l)
	}
	r.recount()
	r.show(r.summary(), r.admitted())
}

func (r *relaying) hostChanged(state api.HostState) api.HostChanged {
	return api.HostChanged{
		Head: api.Head{Type: api.EventHost, At: millis(r.now())},
		Host: r.tenure.Host, Epoch: r.tenure.Epoch, State: state,
	}
}

// hostLost notes that the stream to the host has ended.
func (r *relaying) hostLost(attempt int, err error) {
	if r.up == nil || r.attempt != attempt {
		return
	}
	now := r.now()
	r.awake(now)
	u := r.up
	r.up = nil
	u.abandon()
	u.end()
	r.redial = now
	if code := reason.Of(err); code == reason.NodeDenied || code == reason.CommunityDenied {
		r.endAll(err)
		return
	}
	r.hallway.community.meters.succession(hostLost)
	r.log.Info("the host is lost", "room", r.id, "host", r.tenure.Host, "error", err)
	r.election.begin(u.heard, r.ran(now))
	r.told = true
	r.stream.tell(r.hostChanged(api.HostLost))
}

// take takes in one message of the host.
func (r *relaying) take(m link.Message) {
	switch m := m.(type) {
	case link.Event:
		if err := r.swells(m.Event); err != nil {
			r.hostLost(r.attempt, err)
			return
		}
		event, err := api.DecodeEvent(m.Event)
		if reactions, ok := event.(api.Reactions); ok {
			r.stream.tell(reactions)
			return
		}
		if err != nil || r.blind || !api.OfRoom(event) || event.Header().N != r.state.N+1 {
			r.hostLost(r.attempt, reason.Reject(reason.StreamInvalid, "an event out of turn: %v", err))
			return
		}
		r.pass(event)
	case link.Shown:
		r.shown(m)
	case link.Answer:
		r.up.answer(m)
	case link.Left:
		why := link.Told(m.Reason)
		if state, founded := r.hallway.community.journal.fold(); founded && state.Erased(m.Member) { // the host has heard of it, too
			why = reason.MemberErased
		}
		r.dropApps(m.Member)
		r.dismiss(m.Member, reason.Reject(why, ""))
	case link.Line:
		r.election.listed(r, m)
	case link.Record:
		r.election.record = m.Record
	case link.Refused:
		r.hostLost(r.attempt, reason.Reject(link.Told(m.Reason), "%s", m.Detail))
	default:
		r.hostLost(r.attempt, reason.Reject(reason.StreamInvalid, "%T out of turn", m))
	}
}

// Bounds on what a relay keeps of a room, whatever its host says.
const (
	maxEvent  = 64 << 10 // bytes of one event
	maxPlaces = 1000     // people on the stage, hands, or offers
)

// swells refuses an event that no honest host sends: it is larger than any of theirs, or comes in a room that has more
// people in it by now than theirs can have.
func (r *relaying) swells(event jsontext.Value) error {
	s := &r.state
	switch {
	case len(event) > maxEvent:
		return reason.Reject(reason.StreamInvalid, "an event of %d bytes", len(event))
	case max(len(s.Stage), len(s.Hands), len(s.Offers)) > maxPlaces:
		return reason.Reject(reason.StreamInvalid, "%d on the stage, %d hands, %d offers", len(s.Stage), len(s.Hands), len(s.Offers))
	}
	return nil
}

// pass hands an event of the room on to this node's members.
func (r *relaying) pass(event api.Event) {
	r.keepRemoval(event)
	r.state = r.state.Apply(event)
	r.permit()
	r.hearOf(event)
	r.stream.send(event.Header().At, func(h api.Head) api.Event { return api.WithHead(event, h) })
	switch e := event.(type) {
	case api.EntryChanged:
		if err := guestsMay(e.Entry); err != nil {
			r.dropGuests(err)
			r.vacant()
		}
	case api.Removed:
		r.dropApps(e.Key)
		r.dismiss(e.Key, &api.RemovedError{Removal: r.removalOf(e)})
	case api.Ended:
		for member := range r.locals {
			r.dismiss(member, nil)
		}
		r.dropGuests(nil)
		r.hallway.endedElsewhere(r.room)
		r.over = true
	}
	r.show(r.summary(), r.admitted())
}
