package node

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/media"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/rooms"
	"github.com/stoa-rooms/stoa/statement"
)

// audiencePage is how many listeners a snapshot and an audience event list; the rest is asked for by page.
const audiencePage = 50

// audienceEvery is the least time between two audience events, so that presence costs no n².
const audienceEvery = time.Second

// room is one live room as the members of this node meet it: their event streams, their audio, and the loop that alone
// owns all of it. Whoever wants something of a room hands the loop a function; there is no lock.
//
// What becomes of it depends on the role. As the room's host ([hosting]) this node decides; as a relay ([relaying]) it
// passes on what its members do, and tells them what the host makes of it. The role changes when a host is lost, and the
// members stay connected.
type room struct {
	id      statement.ID
	create  statement.Statement
	title   statement.Text
	proof   rooms.Bundle         // what proves whose the room is, if another node announced it; else zero
	stated  api.Community        // the community as it was announced with
	about   func() api.Community // the community whose room it is
	hallway *hallway
	media   *media.Room
	now     func() time.Time
	born    time.Time // what passes is counted from here, whatever becomes of the machine's clock
	log     *slog.Logger

	tasks chan func()
	done  chan struct{} // closed when the loop has returned
	view  atomic.Pointer[api.Room]

	moderators atomic.Int64 // of those on the stage, as of view

	// said to all, last: what newcomers are told of the room too. Nil where this node does not host it, or tells nobody.
	public atomic.Pointer[[]byte]

	// admits says why somebody may not enter. It is replaced with view, and read outside the loop.
	admits atomic.Pointer[func(identity.PublicKey) error]

	// door rises with admits when others may enter than before.
	door atomic.Int64

	// Owned by the loop.
	doors  int64           // how often others could enter than before; shown as door
	ctx    context.Context //nolint:containedctx // the life of the loop, for what it starts
	role   role
	tenure rooms.Tenure // who hosts the room, and what proves it
	stream stream
	legs   map[identity.PublicKey]uint32 // who asked for a media connection, and the number it has
	apps   apps                          // other programs of members of this node
	said   statement.Statement           // that a host is lost, by this node: once an epoch
	over   bool                          // the loop ends

	guests    map[identity.PublicKey]*guest // those at this node; owned by the loop, too
	lastGuest uint32
}

// role is what this node is to a room. Its methods are called in the room's loop.
type role interface { //nolint:interfacebloat // two implementations in this package, and nothing else uses it
	// enter takes a member of this node in. The subscription is theirs until it ends.
	enter(sub *subscription) error
	// answer takes the enter statement that a member was asked for.
	answer(sub *subscription, enter string) error
	// admitGuest lets somebody of this node listen. The subscription is theirs until it ends.
	admitGuest(sub *subscription) error
	// guestsChanged says that there are more or fewer guests at this node.
	guestsChanged()
	// chosen is whom the moderators chose, for one of them. With a channel, it comes there.
	chosen(member identity.PublicKey) (api.Chosen, <-chan chosen, error)
	// left says that the connection behind a subscription is gone.
	left(sub *subscription)
	// act is a command of a member of this node. With a channel, the outcome comes there.
	// The act is the command as the member signed it; nil if they did not.
	act(actor identity.PublicKey, action api.Action, signed *act) (<-chan error, error)
	// number names a member of this node in the room's audio; a refusal if they are not in the room.
	number(member identity.PublicKey) (uint32, error)
	// audience is a page of the people who listen. With a channel, it comes there.
	audience(of api.AudiencePage) (api.Audience, <-chan page)
	// history is what moderators did, for a member who is in the room. With a channel, it comes there.
	history(member identity.PublicKey) (api.RoomLog, <-chan logAnswer, error)
	// come makes a member present who is not, for an app of theirs.
	come(member identity.PublicKey) error
	// absent says that a member has no app in the room any more. Without a page either they are gone.
	absent(member identity.PublicKey)
	// maySpeak refuses who cannot be heard by an app.
	maySpeak(member identity.PublicKey) error
	// speak unmutes a member by an app of theirs. With a channel, the outcome comes there.
	speak(member identity.PublicKey, lend string) (<-chan error, error)
	// silent mutes a member by whose app nothing comes any more.
	silent(member identity.PublicKey)
	// admits refuses somebody who may not enter.
	admits(member identity.PublicKey) error
	// renamed says that a member of this node has another profile.
	renamed(profile statement.Statement)
	// heard takes in what an announcement proves about who hosts the room.
	heard(a rooms.Announcement)
	// forgetMember takes somebody of this community out who erased themselves.
	forgetMember(member identity.PublicKey)
	// holds is what is kept on somebody, for them.
	holds(member identity.PublicKey) *exportedPlace
	// tick lets time pass, and due is how long until it has to again.
	tick(now time.Time)
	due(now time.Time) time.Duration
	// leave ends what the role has running, before another one or none.
	leave()
}

// page is an answer of another node about the audience.
type page struct {
	audience api.Audience
	err      error
}

// run is the loop. It returns when ctx ends or the room does.
func (r *room) run(ctx context.Context) {
	defer close(r.done)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r.ctx = ctx
	defer func() { r.role.leave() }()
	wake := r.now() // the time passes by then, however many tasks there are
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			r.stream.closeAll(reason.Reject(reason.ShuttingDown, ""))
			return
		case task := <-r.tasks:
			task()
		case <-timer.C:
		}
		if now := r.now(); !r.over && !now.Before(wake) {
			r.role.tick(now)
			wake = now.Add(idle)
		}
		if r.over {
			r.media.Close()
			return
		}
		now := r.now()
		if due := now.Add(max(r.role.due(now), time.Millisecond)); due.Before(wake) {
			wake = due
		}
		timer.Reset(wake.Sub(now))
	}
}

// idle is how long a loop sleeps when nothing is due.
const idle = time.Hour

// do runs f in the loop and waits for it. It fails when the room is over.
func (r *room) do(ctx context.Context, f func() error) error {
	result := make(chan error, 1)
	select {
	case r.tasks <- func() { result <- f() }:
	case <-r.done:
		return reason.Reject(reason.RoomEnded, "")
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	select {
	case err := <-result:
		return err
	case <-r.done:
		select {
		case err := <-result: // the last task's answer
			return err
		default:
			return reason.Reject(reason.RoomEnded, "")
		}
	}
}

// post hands f to the loop, from a goroutine that the loop does not wait for. It reports whether the loop still runs.
func (r *room) post(f func()) bool {
	select {
	case r.tasks <- f:
		return true
	case <-r.done:
		return false
	}
}

// enter takes a member into the room: their connection is their presence. It resumes after event number since of a run
// if it can, and begins with a snapshot else.
func (r *room) enter(ctx context.Context, member identity.PublicKey, run string, since int64) (*subscription, error) {
	sub := newSubscription(member, run, since)
	sub.leave = func() { //nolint:contextcheck // leaving comes long after the request that entered
		_ = r.do(context.Background(), func() error { // the loop may be over: then nobody has left
			r.role.left(sub)
			return nil
		})
	}
	sub.answer = func(ctx context.Context, enter string) error {
		return r.do(ctx, func() error { return r.role.answer(sub, enter) })
	}
	return sub, r.do(ctx, func() error { return r.role.enter(sub) })
}

// welcome begins a subscription's events: with those that its client has missed, or with all of the room.
func (r *room) welcome(sub *subscription, snapshot func() api.Snapshot) {
	if sub.closed { // gone meanwhile; an app holds the place
		return
	}
	r.stream.open(sub)
	if len(r.apps.of(sub.member, r.now())) > 0 {
		sub.offer(r.appsChanged(sub.member))
	}
	if missed, ok := r.stream.since(sub.run, sub.since); ok {
		for _, event := range missed {
			sub.offer(event)
		}
		return
	}
	sub.offer(snapshot())
}

// act is one command of a member of this node.
func (r *room) act(ctx context.Context, actor identity.PublicKey, action api.Action) error {
	var signed *act
	if action.Act != "" { // outside the loop, where signatures cost nobody's time
		a, err := readAct(action.Act, action.Reason, r.id, r.now())
		if err == nil {
			err = a.says(actor, action)
		}
		if err != nil {
			return err
		}
		signed = &a
	}
	var later <-chan error
	if err := r.do(ctx, func() (err error) {
		if g := r.guests[actor]; g != nil {
			return r.guestActs(g, action)
		}
		later, err = r.role.act(actor, action, signed)
		return err
	}); err != nil || later == nil {
		return err
	}
	return r.await(ctx, later)
}

// await waits for what another node answers.
func (r *room) await(ctx context.Context, later <-chan error) error {
	select {
	case err := <-later:
		return err
	case <-r.done:
		return reason.Reject(reason.RoomEnded, "")
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// audience is a page of the people who listen.
func (r *room) audience(ctx context.Context, of api.AudiencePage) (api.Audience, error) {
	var here api.Audience
	var later <-chan page
	if err := r.do(ctx, func() error {
		here, later = r.role.audience(of)
		return nil
	}); err != nil || later == nil {
		return here, err
	}
	select {
	case there := <-later:
		return there.audience, there.err
	case <-r.done:
		return api.Audience{}, reason.Reject(reason.RoomEnded, "")
	case <-ctx.Done():
		return api.Audience{}, context.Cause(ctx)
	}
}

// offer connects a member's audio. Only somebody whose events are connected has a place in the room to connect it to.
func (r *room) offer(ctx context.Context, member identity.PublicKey, sdp string, compat bool) (answer, leg string, err error) {
	var number uint32
	var guest bool
	if err := r.do(ctx, func() (err error) {
		if g := r.guests[member]; g != nil {
			number, guest = g.number, true
		} else if number, err = r.role.number(member); err != nil {
			return err
		}
		r.legs[member] = number
		return nil
	}); err != nil {
		return "", "", err
	}
	answer, id, err := r.media.Offer(ctx, number, sdp, media.Options{Compat: compat, Guest: guest})
	if err != nil {
		return "", "", err
	}
	// The member may have gone while the answer was made; then the new connection goes too.
	if err := r.do(ctx, func() error {
		if r.legs[member] != number {
			return reason.Reject(reason.RoomNotHere, "")
		}
		return nil
	}); err != nil {
		r.media.Drop(number)
		return "", "", err
	}
	return answer, string(id), nil
}

// closeLeg ends one media connection of a member, if it still is the one named.
func (r *room) closeLeg(ctx context.Context, member identity.PublicKey, leg string) error {
	return r.do(ctx, func() error {
		number, ok := r.legs[member]
		if !ok {
			return reason.Reject(reason.MediaLegGone, "")
		}
		return r.media.Hangup(number, media.LegID(leg))
	})
}

// body is the create statement's body.
func (r *room) body() *statement.Create { return r.create.Body().(*statement.Create) }

// self is this node.
func (r *room) self() identity.PublicKey { return r.hallway.community.journal.key.Public() }

// show makes the room as it is now the one that the hallway shows, to those whom admits has nothing against.
func (r *room) show(summary *api.Room, admits func(identity.PublicKey) error) {
	r.admits.Store(&admits)
	r.door.Store(r.doors)
	r.view.Store(summary)
	r.hallway.tell()
}
