package node

import (
	"time"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/api/link"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

// What a relay does for the members of this node who are in a room of another: they sign their way in at its host, what
// they do goes up to it, and their leaving is said for them.

// visitor is a member of this node in a room of another.
type visitor struct {
	sub    *subscription
	nonce  string    // of the entry event; "" before it, and once it has been answered
	asked  time.Time // when they were asked to sign
	number uint32    // at the present or last host; 0 before the first
	inside bool      // the present host has let them in
	held   bool      // and had, before they entered anew: an app of theirs is connected
	reopen bool      // they were heard by that app, and are to be again
}

// enter implements role. The snapshot comes when the member has signed and the host has let them in.
func (r *relaying) enter(sub *subscription) error {
	l := r.locals[sub.member]
	if l == nil {
		l = &visitor{}
		r.locals[sub.member] = l
	} else {
		r.stream.close(sub.member, reason.Reject(reason.RoomReplaced, ""))
		l.sub.end(reason.Reject(reason.RoomReplaced, ""))
		l.held = (l.inside || l.held) && r.apps.connected(sub.member)
		l.reopen = l.reopen || l.held && r.apps.voice(sub.member) != nil && r.isHeard(sub.member)
		l.inside = false
	}
	l.sub = sub
	if r.told {
		sub.offer(r.hostChanged(api.HostLost))
	}
	r.ask(sub.member, l)
	return nil
}

// ask gets a nonce from the host and asks the member to sign it.
func (r *relaying) ask(member identity.PublicKey, l *visitor) {
	l.nonce, l.asked = "", r.now()
	if r.up == nil {
		return // the next host's welcome asks everybody
	}
	r.up.request(func(id int64) link.Message { return link.AskNonce{ID: id, Member: member} }, func(a link.Answer) {
		if r.locals[member] != l || r.up == nil {
			return
		}
		var body link.Nonce
		if err := r.reply(a, &body); err != nil {
			r.dismiss(member, err)
			return
		}
		l.nonce = body.Nonce
		l.sub.offer(api.Entry{
			Head: api.Head{Type: api.EventEntry, At: millis(r.now())},
			Room: r.id, Epoch: r.tenure.Epoch, Home: r.self(), Host: r.tenure.Host, Nonce: l.nonce,
		})
	})
}

// reply reads the answer to a request.
func (r *relaying) reply(a link.Answer, into any) error {
	if err := a.Err(); err != nil {
		return err
	}
	if err := link.Into(a.Body, into); err != nil {
		return reason.Reject(reason.StreamInvalid, "%v", err)
	}
	return nil
}

// answer implements role.
func (r *relaying) answer(sub *subscription, text string) error {
	l := r.locals[sub.member]
	if l == nil || l.sub != sub || l.nonce == "" {
		return nil // it answers an entry that another has replaced since
	}
	st, body, err := submitted(text, func(e *statement.Enter) int64 { return e.IssuedAt }, r.now())
	switch {
	case err != nil:
		return err
	case st.Signer() != sub.member:
		return reason.Reject(reason.StatementAuthority, "the enter is another's")
	case body.Room != r.id:
		return reason.Reject(reason.StatementAudience, "the enter is for another room")
	case body.Nonce != l.nonce:
		return nil // as above
	case body.Epoch != r.tenure.Epoch || body.Host != r.tenure.Host || body.Home != r.self():
		return reason.Reject(reason.EnterStale, "the enter is not for the entry that was asked for")
	}
	if r.up == nil {
		return nil // asked again by the next host
	}
	l.nonce = ""
	papers, err := r.hallway.papers(st, r.id, r.tenure.Host)
	if err != nil {
		return err
	}
	r.up.request(func(id int64) link.Message { papers.ID = id; return papers }, func(a link.Answer) {
		if r.locals[sub.member] != l || l.sub != sub {
			return
		}
		var entered link.Entered
		if err := r.reply(a, &entered); err != nil {
			if reason.Of(err) != reason.RoomHostLost {
				r.dismiss(sub.member, err)
			}
			return
		}
		r.entered(l, entered.Number)
	})
	return nil
}

// entered lets a member in whom the host has let in.
func (r *relaying) entered(l *visitor, number uint32) {
	if before := l.number; before != 0 && before != number {
		r.media.Renumber(before, number)
		delete(r.allowed, before)
		if _, has := r.legs[l.sub.member]; has {
			r.legs[l.sub.member] = number
		}
	}
	l.number, l.inside, l.held = number, true, false
	if a := r.apps.voice(l.sub.member); a != nil && l.reopen {
		_, _ = r.speak(l.sub.member, a.lend) // refused: they stay muted, and can see it
	}
	l.reopen = false
	again := r.stream.subs[l.sub.member] == l.sub
	if again { // at a new host: the state that has been told is the new one's
		return
	}
	r.welcome(l.sub, func() api.Snapshot { return r.snapshot(l.sub.member) })
}

// dismiss ends a member's subscription, and what the media has to do with them.
func (r *relaying) dismiss(member identity.PublicKey, why error) {
	l := r.locals[member]
	if l == nil {
		return
	}
	delete(r.locals, member)
	r.stream.close(member, why)
	l.sub.end(why)
	r.drop(member, l)
	r.vacant()
}

func (r *relaying) drop(member identity.PublicKey, l *visitor) {
	if l.number != 0 {
		r.media.Drop(l.number)
		delete(r.allowed, l.number)
	}
	r.cutApps(member)
	delete(r.legs, member)
}

// vacant notes when the last member has gone.
func (r *relaying) vacant() {
	if r.nobody() {
		r.empty = r.now()
	}
}

// left implements role.
func (r *relaying) left(sub *subscription) {
	l := r.locals[sub.member]
	if l == nil || l.sub != sub {
		return
	}
	if r.apps.connected(sub.member) && (l.inside || l.held) { // an app holds the place
		l.inside, l.held = true, false
		r.stream.close(sub.member, nil)
		sub.end(nil)
		if r.apps.voice(sub.member) == nil {
			r.silent(sub.member)
		}
		return
	}
	if r.up != nil && l.inside {
		r.up.send(link.Gone{Member: sub.member})
	}
	r.dismiss(sub.member, nil)
}

// act implements role.
func (r *relaying) act(actor identity.PublicKey, action api.Action, _ *act) (<-chan error, error) {
	l := r.locals[actor]
	switch {
	case l == nil:
		return nil, reason.Reject(reason.RoomNotHere, "")
	case action.Act == "":
		return nil, reason.Reject(reason.RoomUnsigned, "")
	case r.up == nil || !l.inside:
		return nil, reason.Reject(reason.RoomHostLost, "")
	}
	later := make(chan error, 1)
	r.up.request(func(id int64) link.Message { return link.Act{ID: id, Act: action.Act, Reason: action.Reason} }, func(a link.Answer) {
		later <- a.Err()
		if a.Err() == nil && action.Type == api.ActLeave && r.locals[actor] == l {
			r.dropApps(actor)
			r.dismiss(actor, nil)
		}
	})
	return later, nil
}

// number implements role.
func (r *relaying) number(member identity.PublicKey) (uint32, error) {
	if l := r.locals[member]; l != nil && l.number != 0 {
		return l.number, nil
	}
	return 0, reason.Reject(reason.RoomNotHere, "")
}
