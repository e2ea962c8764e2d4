package node

import (
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"slices"
	"time"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/media"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

const (
	memberApps = 4                                   // apps of one member in one room
	appLife    = statement.MaxLendLife * time.Second // of a token, at most
)

// apps are the programs that members of this node have let into a room, each by a token. They are owned by the room's
// loop and live as long as it does: with the room they all end.
//
// A token is for one member, one room and one direction. It ends with the session that made it, when it expires or is
// revoked, and when its member leaves, is removed, or is no member any more. Whoever merely closes the page keeps it:
// then an app that is connected is what holds their place.
type apps struct {
	byToken  map[[sha256.Size]byte]*app // the tokens themselves are nowhere
	byMember map[identity.PublicKey][]*app
	byLeg    map[media.LegID]*app
}

// app is one of them.
type app struct {
	id               string
	token            [sha256.Size]byte
	member           identity.PublicKey
	direction        api.Direction
	lend             string          // the member's lend statement, to speak
	session          <-chan struct{} // closed when the session that made it ends
	created, expires time.Time

	leg      media.LegID   // "" while it is not connected
	restarts int           // of ICE on leg
	cut      chan struct{} // closed when leg ends; nil without one
}

func newApps() apps {
	return apps{
		byToken:  map[[sha256.Size]byte]*app{},
		byMember: map[identity.PublicKey][]*app{},
		byLeg:    map[media.LegID]*app{},
	}
}

// live reports whether the token is good still.
func (a *app) live(now time.Time) bool {
	select {
	case <-a.session:
		return false
	default:
		return now.Before(a.expires)
	}
}

// ice names the ICE session of the connection: another after each restart.
func (a *app) ice() string {
	if a.restarts == 0 {
		return string(a.leg)
	}
	return fmt.Sprintf("%s-%d", a.leg, a.restarts)
}

// purpose is what the media calls the direction.
func (a *app) purpose() media.Purpose {
	if a.direction == api.DirectionSpeak {
		return media.Voice
	}
	return media.Ear
}

func (a *app) wire() api.App {
	return api.App{
		ID: a.id, Direction: a.direction, Created: millis(a.created), Expires: millis(a.expires), Connected: a.leg != "",
	}
}

// of are the apps of a member whose tokens are good; the others are forgotten.
func (s *apps) of(member identity.PublicKey, now time.Time) []*app {
	for _, a := range slices.Clone(s.byMember[member]) {
		if a.leg == "" && !a.live(now) {
			s.forget(a)
		}
	}
	return s.byMember[member]
}

func (s *apps) forget(a *app) {
	delete(s.byToken, a.token)
	left := slices.DeleteFunc(slices.Clone(s.byMember[a.member]), func(o *app) bool { return o == a })
	if s.byMember[a.member] = left; len(left) == 0 {
		delete(s.byMember, a.member)
	}
}

// find is the app of a token, if it is good for that direction.
func (s *apps) find(token string, direction api.Direction, now time.Time) (*app, error) {
	a := s.byToken[sha256.Sum256([]byte(token))]
	switch {
	case a == nil || !a.live(now):
		return nil, reason.Reject(reason.AppToken, "no app of this room has this token")
	case a.direction != direction:
		return nil, reason.Reject(reason.AppDirection, "a token to %s", a.direction)
	}
	return a, nil
}

// connected reports whether an app of a member is connected.
func (s *apps) connected(member identity.PublicKey) bool {
	return slices.ContainsFunc(s.byMember[member], func(a *app) bool { return a.leg != "" })
}

// voice is the app that speaks for a member at present; nil if none does.
func (s *apps) voice(member identity.PublicKey) *app {
	i := slices.IndexFunc(s.byMember[member], func(a *app) bool { return a.leg != "" && a.direction == api.DirectionSpeak })
	if i < 0 {
		return nil
	}
	return s.byMember[member][i]
}

// list is the apps of a member as they are told of them.
func (s *apps) list(member identity.PublicKey, now time.Time) []api.App {
	list := []api.App{}
	for _, a := range s.of(member, now) {
		list = append(list, a.wire())
	}
	return list
}

// createApp makes a token for a member who is in the room.
func (r *room) createApp(member identity.PublicKey, req api.CreateApp, session <-chan struct{}) (api.NewApp, error) {
	if _, err := r.role.number(member); err != nil {
		return api.NewApp{}, err
	}
	now := r.now()
	if len(r.apps.of(member, now)) >= memberApps {
		return api.NewApp{}, reason.Reject(reason.AppLimit, "%d apps", memberApps)
	}
	token := rand.Text()
	a := &app{
		id: rand.Text(), token: sha256.Sum256([]byte(token)), member: member, direction: req.Direction, lend: req.Lend,
		session: session, created: now, expires: now.Add(appLife),
	}
	r.apps.byToken[a.token] = a
	r.apps.byMember[member] = append(r.apps.byMember[member], a)
	r.tellApps(member)
	return api.NewApp{App: a.wire(), Token: token}, nil
}

// revokeApp ends one token of a member, and what is connected by it.
func (r *room) revokeApp(member identity.PublicKey, id string) error {
	i := slices.IndexFunc(r.apps.byMember[member], func(a *app) bool { return a.id == id })
	if i < 0 {
		return reason.Reject(reason.NotFound, "no app of this member")
	}
	r.dropApp(r.apps.byMember[member][i])
	return nil
}

// dropApps ends all tokens of a member, and what is connected by them.
func (r *room) dropApps(member identity.PublicKey) {
	for _, a := range slices.Clone(r.apps.byMember[member]) {
		r.dropApp(a)
	}
}

func (r *room) dropApp(a *app) {
	r.apps.forget(a)
	r.hangUp(a)
	r.tellApps(a.member)
}

// tellApps tells a member of their apps.
func (r *room) tellApps(member identity.PublicKey) {
	if sub := r.stream.subs[member]; sub != nil {
		sub.offer(r.appsChanged(member))
	}
}

func (r *room) appsChanged(member identity.PublicKey) api.AppsChanged {
	now := r.now()
	return api.AppsChanged{Head: api.Head{Type: api.EventApps, At: millis(now)}, Apps: r.apps.list(member, now)}
}

// beginApp takes in what an app has connected. Before it there may be an earlier connection by the same token, and
// another app that spoke.
func (r *room) beginApp(a *app, number uint32, leg media.LegID) {
	if before := a.leg; before != "" {
		r.cutApp(a)
		_ = r.media.Hangup(number, before) // a voice has been replaced already
	}
	if other := r.apps.voice(a.member); other != nil && a.direction == api.DirectionSpeak {
		r.cutApp(other)
	}
	a.leg, a.restarts, a.cut = leg, 0, make(chan struct{})
	r.apps.byLeg[leg] = a
	r.tellApps(a.member)
	go r.watchApp(a, a.cut, time.Until(a.expires))
}

// watchApp ends a connection with the session that made its token, or with the token.
func (r *room) watchApp(a *app, cut <-chan struct{}, life time.Duration) {
	expiry := time.NewTimer(life)
	defer expiry.Stop()
	select {
	case <-a.session:
	case <-expiry.C:
	case <-cut:
		return
	case <-r.done:
		return
	}
	r.post(func() { r.dropApp(a) })
}

// cutApp notes that an app's connection has ended.
func (r *room) cutApp(a *app) {
	if a.leg == "" {
		return
	}
	delete(r.apps.byLeg, a.leg)
	a.leg = ""
	close(a.cut)
}

// cutApps notes that the media has dropped a member, and their apps with them.
func (r *room) cutApps(member identity.PublicKey) {
	if !r.apps.connected(member) {
		return
	}
	for _, a := range r.apps.byMember[member] {
		r.cutApp(a)
	}
	r.tellApps(member)
}

// hangUp ends the connection of an app, if there is one.
func (r *room) hangUp(a *app) {
	leg := a.leg
	if leg == "" {
		return
	}
	if number, err := r.role.number(a.member); err == nil {
		_ = r.media.Hangup(number, leg) // it may have ended by itself just now
	}
	r.appEnded(a)
}

// hangUpAll ends the connections of a member's apps. The tokens go on.
func (r *room) hangUpAll(member identity.PublicKey) {
	for _, a := range slices.Clone(r.apps.byMember[member]) {
		r.hangUp(a)
	}
}

// appEnded is what follows when an app's connection has ended: whoever spoke by it is muted, and whoever was here by
// nothing else has left.
func (r *room) appEnded(a *app) {
	r.cutApp(a)
	if a.direction == api.DirectionSpeak {
		r.role.silent(a.member)
	}
	r.tellApps(a.member)
	r.vacate(a.member)
}

// vacate lets a member leave who is here by nothing any more.
func (r *room) vacate(member identity.PublicKey) {
	if !r.apps.connected(member) {
		r.role.absent(member)
	}
}

// legClosed notes that a media connection has ended by itself.
func (r *room) legClosed(leg media.LegID) {
	if a := r.apps.byLeg[leg]; a != nil {
		r.appEnded(a)
	}
}
