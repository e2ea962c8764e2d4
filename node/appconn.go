package node

import (
	"context"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/api/server"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/media"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

// connectApp answers the offer of an app. Speaking is unmuting: it is refused to who is not on the stage, and to whom a
// moderator has muted. Listening brings a member in who is not here.
func (r *room) connectApp(ctx context.Context, direction api.Direction, token, sdp string) (answer, leg string, err error) {
	var a *app
	var number uint32
	if err := r.do(ctx, func() (err error) {
		a, number, err = r.bringIn(token, direction)
		return err
	}); err != nil {
		return "", "", err
	}
	answer, id, refused := r.media.Offer(ctx, number, sdp, media.Options{Compat: true, For: a.purpose()})
	var later <-chan error
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), requestTime) // what has begun is settled
	defer cancel()
	if err := r.do(ctx, func() (err error) {
		if refused != nil {
			r.vacate(a.member)
			return refused
		}
		later, err = r.settleApp(a, token, number, id)
		return err
	}); err != nil || later == nil {
		return answer, string(id), err
	}
	if err := r.await(ctx, later); err != nil {
		r.post(func() {
			if r.apps.byLeg[id] == a {
				r.hangUp(a)
			}
		})
		return "", "", err
	}
	return answer, string(id), nil
}

// bringIn makes the member of an app present, if what the app wants is theirs to have.
func (r *room) bringIn(token string, direction api.Direction) (a *app, number uint32, err error) {
	if a, err = r.appOf(token, direction); err != nil {
		return nil, 0, err
	}
	if direction == api.DirectionSpeak {
		if err := r.role.maySpeak(a.member); err != nil {
			return nil, 0, err
		}
	}
	if err := r.role.come(a.member); err != nil {
		return nil, 0, err
	}
	if number, err = r.role.number(a.member); err != nil {
		r.vacate(a.member)
	}
	return a, number, err
}

// settleApp takes a new connection of an app in, and unmutes whoever speaks by it. The member may have gone while the
// answer was made, or the token with them; then the connection goes too.
func (r *room) settleApp(a *app, token string, number uint32, leg media.LegID) (later <-chan error, err error) {
	_, err = r.appOf(token, a.direction)
	if err == nil {
		var now uint32
		if now, err = r.role.number(a.member); err == nil && now != number {
			err = reason.Reject(reason.RoomNotHere, "")
		}
	}
	if err != nil {
		_ = r.media.Hangup(number, leg) // dropped with the member, perhaps
		r.vacate(a.member)
		return nil, err
	}
	r.beginApp(a, number, leg)
	if a.direction != api.DirectionSpeak {
		return nil, nil
	}
	if later, err = r.role.speak(a.member, a.lend); err != nil {
		r.hangUp(a)
	}
	return later, err
}

// appOf is the app of a token that is good, and whose member is one still.
func (r *room) appOf(token string, direction api.Direction) (*app, error) {
	a, err := r.apps.find(token, direction, r.now())
	if err != nil {
		return nil, err
	}
	if _, err := r.hallway.community.Member(a.member); err != nil {
		r.dropApps(a.member)
		return nil, reason.Reject(reason.AppToken, "its member is none any more: %v", err)
	}
	return a, nil
}

// appSession is the app behind one connection, for who has its token.
func (r *room) appSession(direction api.Direction, token, leg string) (*app, error) {
	a, err := r.appOf(token, direction)
	if err == nil && (a.leg == "" || string(a.leg) != leg) {
		err = reason.Reject(reason.MediaLegGone, "not a connection by this token")
	}
	return a, err
}

// restartApp begins another ICE session of a connection. What follows from its failure follows as from any loss.
func (r *room) restartApp(ctx context.Context, direction api.Direction, token, leg string, theirs server.Credentials) (fragment, ice string, err error) {
	var a *app
	var number uint32
	if err := r.do(ctx, func() (err error) {
		if a, err = r.appSession(direction, token, leg); err == nil {
			number, err = r.role.number(a.member)
		}
		return err
	}); err != nil {
		return "", "", err
	}
	f, err := r.media.Restart(ctx, number, media.LegID(leg), media.Credentials(theirs))
	if err != nil {
		return "", "", err
	}
	return string(f), ice, r.do(ctx, func() error {
		if string(a.leg) != leg {
			return reason.Reject(reason.MediaLegGone, "it ended meanwhile")
		}
		a.restarts++
		ice = a.ice()
		return nil
	})
}

// Apps implements server.Apps.
func (h *hallway) Apps(ctx context.Context, id statement.ID, member identity.PublicKey) (api.AppList, error) {
	r, err := h.find(id)
	if err != nil {
		return api.AppList{}, err
	}
	var list api.AppList
	return list, r.do(ctx, func() error {
		list.Apps = r.apps.list(member, r.now())
		return nil
	})
}

// CreateApp implements server.Apps.
func (h *hallway) CreateApp(ctx context.Context, id statement.ID, member identity.PublicKey, req api.CreateApp, session <-chan struct{}) (api.NewApp, error) {
	r, err := h.find(id)
	if err != nil {
		return api.NewApp{}, err
	}
	if err := h.checkLend(req, id, member); err != nil {
		return api.NewApp{}, err
	}
	var made api.NewApp
	err = r.do(ctx, func() (err error) {
		made, err = r.createApp(member, req, session)
		return err
	})
	return made, err
}

// checkLend checks that a member who wants to speak by an app lends their voice to this node, for that room.
func (h *hallway) checkLend(req api.CreateApp, room statement.ID, member identity.PublicKey) error {
	if req.Direction == api.DirectionListen {
		if req.Lend != "" {
			return reason.Reject(reason.RequestInvalid, "to listen needs no lend")
		}
		return nil
	}
	if req.Lend == "" {
		return reason.Reject(reason.AppLend, "to speak needs a lend")
	}
	signer, err := checkLend(req.Lend, room, h.community.self.Node, h.community.now())
	if err == nil && signer != member {
		err = reason.Reject(reason.StatementAuthority, "the lend is another's")
	}
	return err
}

// RevokeApp implements server.Apps.
func (h *hallway) RevokeApp(ctx context.Context, id statement.ID, member identity.PublicKey, app string) error {
	r, err := h.find(id)
	if err != nil {
		return err
	}
	return r.do(ctx, func() error { return r.revokeApp(member, app) })
}

// DropApps implements server.Apps.
func (h *hallway) DropApps(ctx context.Context, member identity.PublicKey) {
	for _, r := range h.live() {
		_ = r.do(ctx, func() error { // a room that is over has no apps
			r.dropApps(member)
			return nil
		})
	}
}

// ConnectApp implements server.Apps.
func (h *hallway) ConnectApp(ctx context.Context, id statement.ID, direction api.Direction, token, sdp string) (answer, leg string, err error) {
	r, err := h.find(id)
	if err != nil {
		return "", "", err
	}
	return r.connectApp(ctx, direction, token, sdp)
}

// AppSession implements server.Apps.
func (h *hallway) AppSession(ctx context.Context, id statement.ID, direction api.Direction, token, leg string) (ice string, err error) {
	r, err := h.find(id)
	if err != nil {
		return "", err
	}
	return ice, r.do(ctx, func() error {
		a, err := r.appSession(direction, token, leg)
		if err == nil {
			ice = a.ice()
		}
		return err
	})
}

// RestartApp implements server.Apps.
func (h *hallway) RestartApp(ctx context.Context, id statement.ID, direction api.Direction, token, leg string, theirs server.Credentials) (fragment, ice string, err error) {
	r, err := h.find(id)
	if err != nil {
		return "", "", err
	}
	return r.restartApp(ctx, direction, token, leg, theirs)
}

// CloseApp implements server.Apps.
func (h *hallway) CloseApp(ctx context.Context, id statement.ID, direction api.Direction, token, leg string) error {
	r, err := h.find(id)
	if err != nil {
		return err
	}
	return r.do(ctx, func() error {
		a, err := r.appSession(direction, token, leg)
		if err == nil {
			r.hangUp(a)
		}
		return err
	})
}
