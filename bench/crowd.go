package main

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"runtime"

	"golang.org/x/sync/errgroup"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/invites"
	"github.com/stoa-rooms/stoa/ledger"
	"github.com/stoa-rooms/stoa/statement"
	"github.com/stoa-rooms/stoa/storage"
)

// crowd makes a community of many people in a store: everybody was invited by somebody, and has made three invites
// and taken them back, which makes ten statements each. All are really signed, folded, hashed and written.
type crowd struct {
	store   *storage.Store
	founder identity.PrivateKey
	start   int64 // seconds since 1970
	people  int

	state   invites.State
	tree    ledger.Tree
	pending []statement.Statement
}

// batch is how many statements one commit takes.
const batch = 500

// person is somebody's key: the same in each run.
func person(kind string, n int) identity.PrivateKey {
	seed := sha256.Sum256(binary.BigEndian.AppendUint64([]byte("stoa bench "+kind), uint64(n)))
	key, err := identity.FromSeed(seed[:])
	if err != nil {
		panic(err) // a seed has 32 bytes
	}
	return key
}

// fill writes the crowd. told is called now and then with how many people are in.
func (c *crowd) fill(ctx context.Context, told func(people int)) error {
	c.founder = person("member", 0)
	c.state = invites.New(c.founder.Public())
	grants := make([]statement.ID, c.people)
	if err := c.found(&grants[0]); err != nil {
		return err
	}
	const chunk = 1000 // people signed for at a time
	for from := 1; from < c.people; from += chunk {
		to := min(from+chunk, c.people)
		signed, err := c.sign(ctx, from, to, grants)
		if err != nil {
			return err
		}
		for _, statements := range signed {
			if err := c.add(statements...); err != nil {
				return err
			}
		}
		told(to)
	}
	return c.flush()
}

// found writes what the founder says first.
func (c *crowd) found(grant *statement.ID) error {
	root := c.founder.Public()
	name := statement.Text{Text: "A large community"}
	bodies := []statement.Body{
		&statement.Rules{
			Community: root, IssuedAt: c.start, Order: 1, Name: name.Commitment(), Entry: statement.EntryInvite,
			AdmitSlots: 4, PeriodSlots: 3, Period: 7 * 86400, InviteLife: 14 * 86400,
			HostPeople: 3, HostTime: 600, SpeakTime: 600, Probation: 70 * 86400,
		},
		&statement.Delegate{Community: root, IssuedAt: c.start, Expires: c.start + 365*86400, Node: c.store.Key().Public(), Order: 1},
	}
	for _, body := range bodies {
		st, err := statement.Sign(body, c.founder)
		if err != nil {
			return err
		}
		if err := c.add(st); err != nil {
			return err
		}
	}
	st, err := statement.Sign(c.grant(root), c.store.Key())
	if err != nil {
		return err
	}
	*grant = st.ID()
	return c.add(st)
}

func (c *crowd) grant(member identity.PublicKey) *statement.Grant {
	return &statement.Grant{
		Community: c.founder.Public(), IssuedAt: c.start, Member: member, Slots: 4, Why: statement.WhyAdmission,
	}
}

// sign signs for the people from..to, on all processors. Who invites whom is a binary tree, so sponsors are in an earlier
// chunk or were signed for just before.
func (c *crowd) sign(ctx context.Context, from, to int, grants []statement.ID) ([][]statement.Statement, error) {
	for i := from; i < to; i++ { // grants first: guests in the same chunk refer to them
		st, err := statement.Sign(c.grant(person("member", i).Public()), c.store.Key())
		if err != nil {
			return nil, err
		}
		grants[i] = st.ID()
	}
	signed := make([][]statement.Statement, to-from)
	group, _ := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i := from; i < to; i++ {
		group.Go(func() (err error) {
			signed[i-from], err = c.one(i, grants)
			return err
		})
	}
	return signed, group.Wait()
}

// one is what one person adds.
func (c *crowd) one(i int, grants []statement.ID) ([]statement.Statement, error) {
	me, sponsor, node, root := person("member", i), (i-1)/2, c.store.Key(), c.founder.Public()
	once := person("invite", i)
	var out []statement.Statement
	var failed error
	sign := func(body statement.Body, by identity.PrivateKey) statement.Statement {
		st, err := statement.Sign(body, by)
		if err != nil {
			failed = err
		}
		return st
	}
	say := func(body statement.Body, by identity.PrivateKey) statement.ID {
		out = append(out, sign(body, by))
		return out[len(out)-1].ID()
	}
	invite := say(&statement.Invite{
		Community: root, IssuedAt: c.start, Expires: c.start + 86400, Key: once.Public(),
		Grant: grants[sponsor], Slot: int64((i - 1) % 2),
	}, person("member", sponsor))
	redeem := sign(&statement.Redeem{Community: root, Invite: invite, Member: me.Public()}, once)
	join := say(&statement.Join{Community: root, IssuedAt: c.start, Redeem: redeem.Text()}, me)
	say(&statement.Admit{Community: root, IssuedAt: c.start, Member: me.Public(), Join: join, Way: statement.EntryInvite}, node)
	say(c.grant(me.Public()), node)
	for n := range int64(3) {
		spare := say(&statement.Invite{
			Community: root, IssuedAt: c.start, Expires: c.start + 86400, Key: person("spare", 3*i+int(n)).Public(),
			Grant: grants[i], Slot: 2,
		}, me)
		say(&statement.Revoke{Community: root, IssuedAt: c.start, Statement: spare}, me)
	}
	return out, failed
}

// add puts statements into the log, in the next commit.
func (c *crowd) add(statements ...statement.Statement) error {
	c.pending = append(c.pending, statements...)
	if len(c.pending) < batch {
		return nil
	}
	return c.flush()
}

// flush commits what is pending.
func (c *crowd) flush() error {
	b := storage.Batch{}
	node := c.store.Key()
	ids := make([]statement.ID, 0, len(c.pending))
	for i, st := range c.pending {
		index := c.tree.Size + int64(i)
		next, err := c.state.Apply(invites.Entry{Log: node.Public(), Index: index, Statement: st})
		if err != nil {
			return fmt.Errorf("statement %d, a %s: %w", index, st.Kind(), err)
		}
		c.state = next
		ids = append(ids, st.ID())
		b.Entries = append(b.Entries, storage.Entry{Index: index, ID: st.ID(), Text: st.Text()})
	}
	var err error
	if c.tree, b.Hashes, err = ledger.Append(c.tree, c.store, ids); err != nil {
		return err
	}
	if b.Checkpoint, err = ledger.SignCheckpoint(ledger.Origin(c.founder.Public(), node.Public()), c.tree, node); err != nil {
		return err
	}
	c.pending = c.pending[:0]
	return c.store.Commit(b)
}

// save writes the snapshot of the fold, as a node that ends does.
func (c *crowd) save() error {
	return c.store.Commit(storage.Batch{Snapshot: &storage.Snapshot{Size: c.tree.Size, Fold: c.state.Encode()}})
}
