package node

import (
	"context"
	"log/slog"
	"time"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/invites"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
	"github.com/stoa-rooms/stoa/storage"
)

// askEvery is how often what has expired is looked for.
const askEvery = 10 * time.Minute

// Ask implements server.Entry.
func (c *community) Ask(_ context.Context, req api.AskRequest) (api.Ask, error) {
	joinSt, profile, err := c.readAsk(req)
	if err != nil {
		return api.Ask{}, err
	}
	state, founded := c.journal.fold()
	if !founded {
		return api.Ask{}, reason.Reject(reason.FoundedNot, "")
	}
	if m, ok := state.Member(joinSt.Signer()); ok && m.Join == joinSt.ID() {
		return joined(joinSt), nil
	}
	if err := state.CheckAsk(joinSt); err != nil {
		return api.Ask{}, err
	}
	now := c.now()
	a := asking{
		ID: joinSt.ID(), Join: req.Join, Profile: req.Profile, Name: profile.Name, Message: req.Message,
		At: millis(now), Expires: millis(now.Add(askLife)),
	}
	if rules, _ := state.Rules(); rules.Entry == statement.EntryOpen {
		_, err := c.letIn(a, statement.Statement{})
		return joined(joinSt), err
	}
	a, err = c.queue.put(joinSt.Signer(), a)
	return asked(a, api.AskWaiting), err
}

// readAsk reads what somebody asks to join with.
func (c *community) readAsk(req api.AskRequest) (statement.Statement, *statement.Profile, error) {
	now := c.now()
	joinSt, join, err := submitted(req.Join, func(j *statement.Join) int64 { return j.IssuedAt }, now)
	if err != nil {
		return joinSt, nil, err
	}
	_, profile, err := c.profile(req.Profile, joinSt.Signer(), join.Community, now)
	return joinSt, profile, err
}

func asked(a asking, as api.AskState) api.Ask {
	return api.Ask{ID: a.ID, State: as, At: a.At, Expires: a.Expires}
}

// joined is how the request of a member stands. It does not expire: a membership is not forgotten.
func joined(join statement.Statement) api.Ask {
	return api.Ask{ID: join.ID(), State: api.AskJoined, At: join.Body().(*statement.Join).IssuedAt * 1000}
}

// letIn admits who asked, by an approval, or with the zero Statement by the open door.
func (c *community) letIn(a asking, approve statement.Statement) (api.Member, error) {
	now := seconds(c.now())
	joinSt, err := statement.ParseKind[*statement.Join](a.Join)
	if err != nil {
		return api.Member{}, err
	}
	profileSt, err := statement.ParseKind[*statement.Profile](a.Profile)
	if err != nil {
		return api.Member{}, err
	}
	member := joinSt.Signer()
	err = c.journal.append(func(state invites.State) (draft, error) {
		body := &statement.Admit{
			Community: state.Community(), IssuedAt: now, Member: member, Join: joinSt.ID(), Way: statement.EntryOpen,
		}
		d := draft{
			statements: []statement.Statement{joinSt},
			with: storage.Batch{
				Profiles: []statement.Statement{profileSt},
				Private:  []storage.Private{{Member: member, Name: askName}},
			},
		}
		if !approve.IsZero() {
			body.Way, body.Approve = statement.EntryAsk, approve.ID()
			d.statements = append(d.statements, approve)
		}
		admit, err := statement.Sign(body, c.journal.key)
		if err != nil {
			return draft{}, err
		}
		d.statements = append(d.statements, admit)
		if approve.IsZero() { // who came by the open door begins without slots
			return d, nil
		}
		rules, _ := state.Rules()
		return d, c.grantOnAdmission(&d, member, state.Community(), &rules, c.now())
	})
	if err != nil {
		return api.Member{}, err
	}
	c.queue.answered(member)
	c.names.set(member, profileSt.Body().(*statement.Profile))
	return c.names.member(member), nil
}

// Asked implements server.Entry.
func (c *community) Asked(_ context.Context, id statement.ID) (api.Ask, error) {
	c.queue.expire(millis(c.now()))
	c.openDoor()
	_, a, ok := c.queue.find(id) // before the fold, for when it has gone from here that says why
	state, founded := c.journal.fold()
	if !founded {
		return api.Ask{}, reason.Reject(reason.FoundedNot, "")
	}
	if st, err := c.journal.entry(id); err == nil {
		if m, member := state.Member(st.Signer()); member && m.Join == id {
			return joined(st), nil
		}
	}
	rules, _ := state.Rules()
	switch {
	case !ok:
		return api.Ask{}, reason.Reject(reason.AskUnknown, "")
	case a.Declined:
		return asked(a, api.AskDeclined), nil
	case rules.Entry == statement.EntryInvite:
		return asked(a, api.AskClosed), nil
	default:
		return asked(a, api.AskWaiting), nil
	}
}

// checkSteward refuses who may not answer requests.
func (c *community) checkSteward(key identity.PublicKey) error {
	state, founded := c.journal.fold()
	if !founded {
		return reason.Reject(reason.FoundedNot, "")
	}
	if !state.Steward(key) {
		return reason.Reject(reason.StatementAuthority, "only a steward answers those who ask")
	}
	return nil
}

// Asks implements server.Entry.
func (c *community) Asks(_ context.Context, steward identity.PublicKey) (api.Asks, error) {
	if err := c.checkSteward(steward); err != nil {
		return api.Asks{}, err
	}
	c.queue.expire(millis(c.now()))
	return api.Asks{Asks: c.queue.waiting()}, nil
}

// Approve implements server.Entry.
func (c *community) Approve(_ context.Context, steward identity.PublicKey, id statement.ID, req api.Approve) (api.Member, error) {
	if err := c.checkSteward(steward); err != nil {
		return api.Member{}, err
	}
	st, body, err := submitted(req.Approve, func(a *statement.Approve) int64 { return a.IssuedAt }, c.now())
	switch {
	case err != nil:
		return api.Member{}, err
	case st.Signer() != steward:
		return api.Member{}, reason.Reject(reason.StatementAuthority, "the approval is signed by somebody else")
	case body.Join != id:
		return api.Member{}, reason.Reject(reason.StatementAudience, "the approval names another request")
	}
	c.queue.expire(millis(c.now()))
	_, a, ok := c.queue.find(id)
	if !ok || a.Declined {
		return api.Member{}, reason.Reject(reason.AskUnknown, "%s", id)
	}
	return c.letIn(a, st)
}

// Decline implements server.Entry.
func (c *community) Decline(_ context.Context, steward identity.PublicKey, id statement.ID) error {
	if err := c.checkSteward(steward); err != nil {
		return err
	}
	return c.queue.decline(id)
}

// openDoor admits those who wait, once the rules leave the door open: each at the node where they asked.
func (c *community) openDoor() {
	state, founded := c.journal.fold()
	if rules, _ := state.Rules(); !founded || rules.Entry != statement.EntryOpen {
		return
	}
	for _, waits := range c.queue.waiting() {
		_, a, ok := c.queue.find(waits.ID)
		if !ok || a.Declined || !a.Node.IsZero() {
			continue
		}
		if _, err := c.letIn(a, statement.Statement{}); reason.Of(err) == reason.MemberAlready {
			c.settle() // by an invite, meanwhile
		} else if err != nil {
			c.log.Warn("somebody who waits cannot be let in", "who", waits.Member.Key, "error", err)
			return
		}
	}
}

// warnBefore is how long before its end the node says that its delegate runs out.
const warnBefore = 60 * 24 * time.Hour

// run keeps the queue, and what is earned, until ctx ends.
func (c *community) run(ctx context.Context) error {
	tick := time.NewTicker(askEvery)
	defer tick.Stop()
	var warned time.Time
	for {
		c.queue.expire(millis(c.now()))
		c.settle()
		c.openDoor()
		if c.now().Sub(warned) > 24*time.Hour {
			warned = c.now()
			warnOfExpiry(c.journal, c.now(), c.log)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// warnOfExpiry says in time that the founder has to come by, for their page renews the delegate.
func warnOfExpiry(j *journal, now time.Time, log *slog.Logger) {
	state, founded := j.fold()
	self, ok := state.Node(j.key.Public())
	if !founded || !ok {
		return
	}
	if ends := time.Unix(self.Expires, 0); ends.Sub(now) < warnBefore {
		log.Warn("the founder's delegate for this node runs out; after it nobody is admitted here and no room opens. "+
			"It is renewed when the founder opens the page", "on", ends.UTC().Format(time.DateOnly))
	}
}
