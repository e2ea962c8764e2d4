package server

import (
	"context"
	"sync"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

// fake stands for everything behind the server. Fields are set before the server runs, or under mu.
type fake struct {
	mu      sync.Mutex
	node    api.Node
	members map[identity.PublicKey]api.Member
	err     error      // what every call answers, when set
	panics  bool       // every call panics
	calls   []any      // the arguments of each call that was let through
	rooms   []api.Room // the hallway
	public  map[statement.ID]bool
	private map[identity.PublicKey][]api.Room
	changed chan struct{}    // closed at its next change
	entered chan *fakeVisit  // each subscription made
	buffer  int              // of a subscription's events
	told    chan api.Noticed // what whoever watches is told
}

var (
	testRoom   = statement.ID{1, 2, 3}
	testInvite = statement.ID{4, 5, 6}
)

func newFake(node identity.PublicKey) *fake {
	return &fake{
		node:    api.Node{Node: node, Peer: "12D3", Version: "test", Slots: 3, Community: &api.Community{Name: "Porch"}},
		members: map[identity.PublicKey]api.Member{},
		public:  map[statement.ID]bool{},
		private: map[identity.PublicKey][]api.Room{},
		changed: make(chan struct{}),
		entered: make(chan *fakeVisit, 100),
		buffer:  16,
		told:    make(chan api.Noticed),
	}
}

// call notes a call and answers what it is to answer.
func (f *fake) call(args any) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.panics {
		panic("the fake was told to")
	}
	if f.err != nil {
		return f.err
	}
	f.calls = append(f.calls, args)
	return nil
}

// last is the last call's arguments.
func (f *fake) last() any {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.calls) == 0 {
		return nil
	}
	return f.calls[len(f.calls)-1]
}

func (f *fake) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.calls)
}

func (f *fake) admit(who identity.PublicKey, name string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.members[who] = api.Member{Key: who, Name: name}
}

func (f *fake) expel(who identity.PublicKey) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.members, who)
}

func (f *fake) answer(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.err = err
}

// change replaces the hallway.
func (f *fake) change(rooms ...api.Room) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.rooms = rooms
	close(f.changed)
	f.changed = make(chan struct{})
}

func (f *fake) Node() api.Node {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.node
}

func (f *fake) Found(_ context.Context, req api.FoundRequest) (api.Member, error) {
	return api.Member{Name: "founder"}, f.call(req)
}

func (f *fake) Join(_ context.Context, req api.JoinRequest) (api.Member, error) {
	return api.Member{Name: "joined"}, f.call(req)
}

func (f *fake) AddNode(_ context.Context, member identity.PublicKey, req api.AddNode) error {
	return f.call(memberCall{Member: member, Arg: req})
}

func (f *fake) Withdrawal(_ context.Context, member, node identity.PublicKey) (api.Withdrawal, error) {
	w := api.Withdrawal{Delegates: []statement.ID{testInvite}, Upto: []statement.LogPrefix{{Log: node, Size: 7}}}
	return w, f.call(memberCall{Member: member, Arg: node})
}

func (f *fake) WithdrawNode(_ context.Context, member, _ identity.PublicKey, req api.WithdrawNode) error {
	return f.call(memberCall{Member: member, Arg: req})
}

func (f *fake) Adopt(_ context.Context, req api.AdoptRequest) (api.Node, error) {
	return f.Node(), f.call(req)
}

func (f *fake) Read(origin, path string) ([]byte, error) {
	return []byte("of " + path), f.call([2]string{origin, path})
}

func (f *fake) Member(key identity.PublicKey) (api.Member, error) {
	if f.Node().Community == nil {
		return api.Member{}, reason.Reject(reason.FoundedNot, "")
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	m, ok := f.members[key]
	if !ok {
		return m, reason.Reject(reason.MemberUnknown, "")
	}
	return m, nil
}

func (f *fake) Me(_ context.Context, member identity.PublicKey) (api.Me, error) {
	return api.Me{Member: api.Member{Key: member}}, f.call(member)
}

// memberCall is a call on behalf of a member.
type memberCall struct {
	ID     statement.ID
	Member identity.PublicKey
	Arg    any
}

func (f *fake) Invites(_ context.Context, member identity.PublicKey) (api.Invites, error) {
	return api.Invites{}, f.call(memberCall{Member: member})
}

func (f *fake) CreateInvite(_ context.Context, member identity.PublicKey, req api.CreateInvite) (api.Invite, error) {
	return api.Invite{ID: testInvite, State: api.InvitePending}, f.call(memberCall{Member: member, Arg: req})
}

func (f *fake) RevokeInvite(_ context.Context, member identity.PublicKey, id statement.ID, req api.RevokeInvite) (api.Invite, error) {
	return api.Invite{ID: id, State: api.InviteRevoked}, f.call(memberCall{id, member, req})
}

func (f *fake) Preview(_ context.Context, id statement.ID) (api.InvitePreview, error) {
	return api.InvitePreview{ID: id}, f.call(memberCall{ID: id})
}

func (f *fake) List() []api.Room {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.rooms
}

func (f *fake) Changed() <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.changed
}

func (f *fake) Create(_ context.Context, member identity.PublicKey, req api.CreateRoom) (api.Room, error) {
	return api.Room{ID: testRoom, Title: req.Title.Text}, f.call(memberCall{Member: member, Arg: req})
}

func (f *fake) Room(_ context.Context, id statement.ID, member identity.PublicKey) (api.Room, error) {
	return api.Room{ID: id}, f.call(memberCall{ID: id, Member: member})
}

func (f *fake) Audience(id statement.ID, member identity.PublicKey, page api.AudiencePage) (api.Audience, error) {
	return api.Audience{Count: 7}, f.call(memberCall{ID: id, Member: member, Arg: page})
}

// A room that is not in public is for members.
func (f *fake) Door(_ context.Context, id statement.ID) (api.Room, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.public[id] {
		return api.Room{}, reason.Reject(reason.RoomMembers, "")
	}
	return api.Room{ID: id, Title: "Public", Entry: statement.RoomPublic}, nil
}

func (f *fake) Listen(ctx context.Context, id statement.ID, guest identity.PublicKey, resume Resume) (Subscription, error) {
	return f.Enter(ctx, id, guest, resume)
}

func (f *fake) Chosen(_ context.Context, id statement.ID, member identity.PublicKey) (api.Chosen, error) {
	return api.Chosen{}, f.call(memberCall{ID: id, Member: member})
}

func (f *fake) Private(member identity.PublicKey) []api.Room {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.private[member]
}

func (f *fake) Log(_ context.Context, id statement.ID, member identity.PublicKey) (api.RoomLog, error) {
	return api.RoomLog{Create: "create", Orders: []api.Order{}, Removals: []api.Removal{}, People: []api.Member{}}, f.call(memberCall{ID: id, Member: member})
}

func (f *fake) Act(_ context.Context, id statement.ID, member identity.PublicKey, action api.Action) error {
	return f.call(memberCall{id, member, action})
}

func (f *fake) Enter(_ context.Context, id statement.ID, member identity.PublicKey, resume Resume) (Subscription, error) {
	if err := f.call(memberCall{id, member, resume}); err != nil {
		return nil, err
	}
	v := &fakeVisit{
		events: make(chan api.Event, f.buffer), closed: make(chan struct{}), answers: make(chan string, 100),
	}
	f.entered <- v
	return v, nil
}

func (f *fake) Offer(_ context.Context, room statement.ID, member identity.PublicKey, sdp string, compat bool) (answer, leg string, err error) {
	if err := f.call(memberCall{room, member, offered{sdp, compat}}); err != nil {
		return "", "", err
	}
	return "v=0 answer", "leg/1", nil
}

type offered struct {
	SDP    string
	Compat bool
}

func (f *fake) CloseLeg(_ context.Context, room statement.ID, member identity.PublicKey, leg string) error {
	if leg != "leg/1" {
		return reason.Reject(reason.MediaLegGone, "")
	}
	return f.call(memberCall{room, member, leg})
}

// fakeVisit is a presence in a room that a test plays.
type fakeVisit struct {
	events  chan api.Event
	closed  chan struct{} // closed by Close
	answers chan string   // what the client answered to entries
	once    sync.Once

	mu     sync.Mutex
	err    error
	answer func(ctx context.Context, enter string) error // what becomes of an answer; nil: it is taken
}

func (v *fakeVisit) Events() <-chan api.Event { return v.events }

func (v *fakeVisit) Err() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.err
}

func (v *fakeVisit) Answer(ctx context.Context, enter string) error {
	v.mu.Lock()
	answer := v.answer
	v.mu.Unlock()
	v.answers <- enter
	if answer != nil {
		return answer(ctx, enter)
	}
	return nil
}

// judge says what becomes of answers.
func (v *fakeVisit) judge(answer func(ctx context.Context, enter string) error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.answer = answer
}

func (v *fakeVisit) Close() { v.once.Do(func() { close(v.closed) }) }

// end ends the subscription from the room's side.
func (v *fakeVisit) end(err error) {
	v.mu.Lock()
	v.err = err
	v.mu.Unlock()
	close(v.events)
}
