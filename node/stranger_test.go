package node_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/api/client"
	"github.com/stoa-rooms/stoa/api/link"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/invites/invitestest"
	"github.com/stoa-rooms/stoa/node/nodetest"
	"github.com/stoa-rooms/stoa/p2p"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

// stranger is a home node that says what it likes to a real host: its community and its member are in order, and
// everything that it sends is up to the test.
type stranger struct {
	t       *testing.T
	host    *p2p.Host
	home    *invitestest.Community // the stranger's key is its node's
	member  identity.PrivateKey    // of that community
	chain   []byte
	to      identity.PublicKey // the host node
	addrs   []string
	room    api.Room
	session *client.RoomSession // of the founder of the host's community, who opened the room
	stream  *p2p.Stream
	last    int64
}

func newStranger(t *testing.T) *stranger {
	t.Helper()
	ctx := t.Context()
	n := nodetest.New(t)
	founder := n.Found(ctx)
	room, err := founder.CreateRoom(ctx, "On the square", nil, "en")
	if err != nil {
		t.Fatal(err)
	}
	s := &stranger{session: n.Enter(ctx, founder, room.ID), t: t, home: invitestest.New(t), to: n.Key(ctx), addrs: []string{n.Addr()}, room: room}
	s.home.Now = time.Now().Unix() - 1000
	s.home.Found()
	s.member = s.home.Person("member")
	s.home.Admit(s.home.Founder, s.member)
	if s.chain, err = s.home.Export(s.member.Public()).Encode(); err != nil {
		t.Fatal(err)
	}
	if s.host, err = p2p.New(p2p.Config{Key: s.home.Node, Listen: []string{"/ip4/127.0.0.1/tcp/0"}}); err != nil {
		t.Fatal(err)
	}
	running, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.host.Run(running) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return s
}

// open begins a stream, and expects to be welcome.
func (s *stranger) open() {
	s.t.Helper()
	s.stream = s.dial()
	s.send(link.Hello{Room: s.room.ID, Epoch: 1})
	if m := s.receive(); m == nil {
		s.t.Fatal("not welcome")
	} else if _, ok := m.(link.Welcome); !ok {
		s.t.Fatalf("%T instead of a welcome", m)
	}
}

func (s *stranger) dial() *p2p.Stream {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 10*time.Second)
	defer cancel()
	stream, err := s.host.OpenRoom(ctx, s.to, s.addrs)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(stream.Reset)
	if err := stream.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		s.t.Fatal(err)
	}
	return stream
}

func (s *stranger) send(m link.Message) {
	s.t.Helper()
	frame, err := link.Encode(m)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := s.stream.Send(frame); err != nil {
		s.t.Fatal(err)
	}
}

// receive is the next message that is no event; nil when the host has closed the stream.
func (s *stranger) receive() link.Message {
	s.t.Helper()
	for {
		frame, err := s.stream.Receive()
		if err != nil {
			return nil
		}
		m, err := link.Decode(frame)
		if err != nil {
			s.t.Fatal(err)
		}
		switch m.(type) {
		case link.Event, link.Line, link.Record:
		default:
			return m
		}
	}
}

// ask sends a request and returns the reason why it is refused, "" if it is not.
func (s *stranger) ask(m link.Message, into any) reason.Reason {
	s.t.Helper()
	s.send(m)
	answer, ok := s.receive().(link.Answer)
	if !ok {
		s.t.Fatal("no answer")
	}
	if answer.Reason == "" && into != nil {
		if err := link.Into(answer.Body, into); err != nil {
			s.t.Fatal(err)
		}
	}
	return answer.Reason
}

func (s *stranger) id() int64 { s.last++; return s.last }

func (s *stranger) nonce() string {
	s.t.Helper()
	var n link.Nonce
	if r := s.ask(link.AskNonce{ID: s.id(), Member: s.member.Public()}, &n); r != "" {
		s.t.Fatal(r)
	}
	return n.Nonce
}

func (s *stranger) sign(body statement.Body, by identity.PrivateKey) statement.Statement {
	s.t.Helper()
	st, err := statement.Sign(body, by)
	if err != nil {
		s.t.Fatal(err)
	}
	return st
}

// papers are an entry in order, after change has made of it what it likes.
func (s *stranger) papers(change func(*statement.Enter, *statement.Ticket)) link.Enter {
	s.t.Helper()
	now := time.Now().Unix()
	e := &statement.Enter{
		Room: s.room.ID, IssuedAt: now, Epoch: 1, Home: s.home.Node.Public(), Host: s.to, Nonce: s.nonce(),
	}
	t := &statement.Ticket{
		Room: s.room.ID, IssuedAt: now, Expires: now + statement.MaxTicketLife, Host: s.to, Member: s.member.Public(),
	}
	change(e, t)
	enter := s.sign(e, s.member)
	if t.Enter.IsZero() {
		t.Enter = enter.ID()
	}
	profile := s.sign(&statement.Profile{Community: s.home.ID(), IssuedAt: now, Name: "Mina"}, s.member)
	return link.Enter{
		ID: s.id(), Enter: enter.Text(), Ticket: s.sign(t, s.home.Node).Text(), Profile: profile.Text(), Chain: s.chain,
	}
}

func asIs(*statement.Enter, *statement.Ticket) {}

func TestEntriesThatAreRefused(t *testing.T) {
	s := newStranger(t)
	s.open()
	other := identity.Generate()
	for name, c := range map[string]struct {
		change func(*statement.Enter, *statement.Ticket)
		then   func(*link.Enter)
		want   reason.Reason
	}{
		"an enter for another room": {func(e *statement.Enter, _ *statement.Ticket) { e.Room[0]++ }, nil, reason.StatementAudience},
		"to another host":           {func(e *statement.Enter, _ *statement.Ticket) { e.Host = other.Public() }, nil, reason.StatementAudience},
		"by way of another home":    {func(e *statement.Enter, _ *statement.Ticket) { e.Home = other.Public() }, nil, reason.StatementAudience},
		"of another epoch":          {func(e *statement.Enter, _ *statement.Ticket) { e.Epoch = 2 }, nil, reason.EnterStale},
		"with a nonce of one's own": {func(e *statement.Enter, _ *statement.Ticket) { e.Nonce = "AAAAAAAAAAAAAAAAAAAAAAAAAA" }, nil, reason.EnterStale},
		"signed an hour ago":        {func(e *statement.Enter, _ *statement.Ticket) { e.IssuedAt -= 3600 }, nil, reason.EnterStale},
		"signed in the future":      {func(e *statement.Enter, _ *statement.Ticket) { e.IssuedAt += 3600 }, nil, reason.StatementTime},
		"a ticket for another room": {func(_ *statement.Enter, k *statement.Ticket) { k.Room[0]++ }, nil, reason.TicketForged},
		"for another host":          {func(_ *statement.Enter, k *statement.Ticket) { k.Host = other.Public() }, nil, reason.TicketForged},
		"for another member":        {func(_ *statement.Enter, k *statement.Ticket) { k.Member = other.Public() }, nil, reason.TicketForged},
		"for another enter":         {func(_ *statement.Enter, k *statement.Ticket) { k.Enter[0] = 1 }, nil, reason.TicketForged},
		"expired":                   {func(_ *statement.Enter, k *statement.Ticket) { k.IssuedAt -= 3600; k.Expires -= 3600 }, nil, reason.TicketExpired},
		"no ticket":                 {asIs, func(m *link.Enter) { m.Ticket = "" }, reason.StatementSyntax},
		"no chain":                  {asIs, func(m *link.Enter) { m.Chain = []byte(`{}`) }, reason.ChainInvalid},
		"another's chain": {asIs, func(m *link.Enter) {
			m.Chain, _ = s.home.Export(s.home.Founder.Public()).Encode()
		}, reason.ChainInvalid},
		"a name that is none": {asIs, func(m *link.Enter) {
			m.Profile = s.sign(&statement.Profile{Community: s.home.ID(), IssuedAt: time.Now().Unix(), Name: "a\u202eb"}, s.member).Text()
		}, reason.TextInvalid},
		"another's profile": {asIs, func(m *link.Enter) {
			m.Profile = s.sign(&statement.Profile{Community: s.home.ID(), IssuedAt: time.Now().Unix(), Name: "Mina"}, other).Text()
		}, reason.StatementAuthority},
	} {
		papers := s.papers(c.change)
		if c.then != nil {
			c.then(&papers)
		}
		if got := s.ask(papers, nil); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}

	papers := s.papers(asIs)
	if got := s.ask(papers, nil); got != "" {
		t.Fatalf("an entry in order is refused: %s", got)
	}
	papers.ID = s.id()
	if got := s.ask(papers, nil); got != reason.EnterStale {
		t.Errorf("the same entry again: %q", got)
	}
}

func TestAHomeThatIsNoNodeOfItsMembersCommunity(t *testing.T) {
	s := newStranger(t)
	pretended := s.home
	s.home = invitestest.New(t)
	s.home.Node, s.home.Founder = pretended.Node, s.home.Person("another founder") // the same key on the wire
	s.open()
	proper := invitestest.New(t)
	proper.Now = time.Now().Unix() - 1000
	proper.Node = proper.Person("its own node")
	proper.Found()
	proper.Admit(proper.Founder, s.member)
	chain, err := proper.Export(s.member.Public()).Encode()
	if err != nil {
		t.Fatal(err)
	}
	papers := s.papers(asIs)
	papers.Chain = chain
	papers.Profile = s.sign(&statement.Profile{Community: proper.ID(), IssuedAt: time.Now().Unix(), Name: "Mina"}, s.member).Text()
	if got := s.ask(papers, nil); got != reason.ChainInvalid {
		t.Errorf("%q, want %q", got, reason.ChainInvalid)
	}
}

func TestActsAcrossNodes(t *testing.T) {
	s := newStranger(t)
	s.open()
	papers := s.papers(asIs)
	nonce := func() string {
		st, err := statement.ParseKind[*statement.Enter](papers.Enter)
		if err != nil {
			t.Fatal(err)
		}
		return st.Body().(*statement.Enter).Nonce
	}()
	if got := s.ask(papers, nil); got != "" {
		t.Fatal(got)
	}
	act := func(change func(*statement.Act), by identity.PrivateKey) reason.Reason {
		a := &statement.Act{
			Room: s.room.ID, IssuedAt: time.Now().Unix(), Nonce: nonce, Number: 10, Do: "raise_hand", Target: by.Public(),
		}
		change(a)
		return s.ask(link.Act{ID: s.id(), Act: s.sign(a, by).Text()}, nil)
	}
	for name, c := range map[string]struct {
		change func(*statement.Act)
		by     identity.PrivateKey
		want   reason.Reason
	}{
		"in another room":       {func(a *statement.Act) { a.Room[0]++ }, s.member, reason.StatementAudience},
		"with another nonce":    {func(a *statement.Act) { a.Nonce = "AAAAAAAAAAAAAAAAAAAAAAAAAA" }, s.member, reason.ActReplayed},
		"by somebody else":      {func(*statement.Act) {}, identity.Generate(), reason.RoomNotHere},
		"an hour old":           {func(a *statement.Act) { a.IssuedAt -= 3600 }, s.member, reason.ActReplayed},
		"something unknown":     {func(a *statement.Act) { a.Do = "sing" }, s.member, reason.RequestInvalid},
		"what needs moderation": {func(a *statement.Act) { a.Do = "end" }, s.member, reason.RoomRole},
	} {
		if got := act(c.change, c.by); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	if got := act(func(a *statement.Act) { a.Number = 20 }, s.member); got != "" {
		t.Fatalf("an act in order: %s", got)
	}
	for _, n := range []int64{20, 19, 1} {
		if got := act(func(a *statement.Act) { a.Number = n; a.Do = "lower_hand" }, s.member); got != reason.ActReplayed {
			t.Errorf("number %d after 20: %q", n, got)
		}
	}
}

func TestStreamsThatMakeNoSense(t *testing.T) {
	s := newStranger(t)
	s.stream = s.dial()
	s.send(link.Hello{Room: statement.ID{9}, Epoch: 1})
	if m, ok := s.receive().(link.Refused); !ok || m.Reason != reason.RoomUnknown {
		t.Errorf("an unknown room: %+v", m)
	}
	for name, frames := range map[string][][]byte{
		"garbage first":             {[]byte("hello?")},
		"an answer first":           {encode(t, link.Answer{ID: 1})},
		"garbage after the welcome": {encode(t, link.Hello{Room: s.room.ID, Epoch: 1}), {0xff, 0xfe}},
		"a welcome from a home":     {encode(t, link.Hello{Room: s.room.ID, Epoch: 1}), encode(t, link.Left{Member: s.to, Reason: "x"})},
	} {
		s.stream = s.dial()
		for _, frame := range frames {
			if err := s.stream.Send(frame); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		closed := false
		for range 10 {
			if _, err := s.stream.Receive(); err != nil {
				closed = !errors.Is(err, context.DeadlineExceeded)
				break
			}
		}
		if !closed {
			t.Errorf("%s: the stream goes on", name)
		}
	}
}

func encode(t *testing.T, m link.Message) []byte {
	t.Helper()
	frame, err := link.Encode(m)
	if err != nil {
		t.Fatal(err)
	}
	return frame
}
