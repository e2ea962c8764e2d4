package invitestest

import (
	"slices"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/invites"
	"github.com/stoa-rooms/stoa/statement"
)

// heard is how much of another node's log is known.
type heard struct {
	from *Community
	size int64
}

// Sibling is another node of the same community, with a log of its own that is empty. Its delegate, of the given order,
// is logged here, and all that is known here it has heard.
func (c *Community) Sibling(name string, order int64) *Community {
	c.t.Helper()
	s := &Community{Founder: c.Founder, Node: c.Person(name), Now: c.Now, Rules: c.Rules, t: c.t, name: name + " "}
	c.Log(c.Sign(&statement.Delegate{
		Community: c.ID(), IssuedAt: c.Now, Expires: c.Now + 366*86400, Node: s.Node.Public(), Order: order,
	}, c.Founder))
	s.Hear(c)
	return s
}

// Hear tells this node all that others know: their logs, and the logs that they have heard. The State is merged anew.
func (c *Community) Hear(others ...*Community) {
	c.t.Helper()
	for _, from := range others {
		c.learn(from, int64(len(from.entries)))
		for _, h := range from.heard {
			c.learn(h.from, h.size)
		}
	}
	c.State = invites.Merge(c.ID(), c.Logs(), func(invites.Entry, error) {})
}

// HearLog tells this node the first entries of another's log, which is how logs travel. The State is merged anew.
func (c *Community) HearLog(from *Community, size int64) {
	c.t.Helper()
	c.learn(from, min(size, int64(len(from.entries))))
	c.State = invites.Merge(c.ID(), c.Logs(), func(invites.Entry, error) {})
}

func (c *Community) learn(from *Community, size int64) {
	if from == c {
		return
	}
	i := slices.IndexFunc(c.heard, func(h heard) bool { return h.from == from })
	if i < 0 {
		c.heard = append(c.heard, heard{from, size})
		return
	}
	c.heard[i].size = max(c.heard[i].size, size)
}

// Heard is how much of another node's log is known here.
func (c *Community) Heard(of *Community) int64 {
	for _, h := range c.heard {
		if h.from == of {
			return h.size
		}
	}
	return 0
}

// Logs are the node's own log and those that it has heard, as far as it has.
func (c *Community) Logs() []invites.Log {
	logs := []invites.Log{{Node: c.Node.Public(), Entries: slices.Values(c.entries)}}
	for _, h := range c.heard {
		logs = append(logs, invites.Log{Node: h.from.Node.Public(), Entries: slices.Values(h.from.entries[:h.size])})
	}
	return logs
}

// Redeem logs the join and the admit of a new member by an invite, and their grant, if this node takes them.
func (c *Community) Redeem(invite statement.Statement, key, member identity.PrivateKey) error {
	c.t.Helper()
	join := c.Join(invite, key, member)
	if err := c.State.CheckJoin(join, c.Now); err != nil {
		return err
	}
	c.Log(join, c.Accept(join), c.Grant(member.Public()))
	return nil
}
